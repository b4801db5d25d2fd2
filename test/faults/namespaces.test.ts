import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "#test/vitest.js"
import { temporaryFolder } from "../../scripts/support/commands.js"
import { bundle } from "../../scripts/support/conformance.js"
import { typescriptFlags } from "../../scripts/support/major.js"
import { transports } from "../support/transports.js"
import { missing, namespaces, type RouteLoss } from "./support/namespaces.js"

const say = (line: string) => process.stdout.write(`${line}\n`)

const obstacle = missing()
if (obstacle !== undefined) say(`skipped, connections that die in network namespaces: ${obstacle}`)

const root = fileURLToPath(new URL("../..", import.meta.url))
const installed = (path: string) => join(root, "test/runtimes/node_modules", path)
const program = (name: string) => [
  process.execPath,
  ...typescriptFlags,
  join(root, "test/faults/support", name)
]
const port = "4000"

/** A client connects, and creates a session. The server receives that, but the client loses its route to it. */
const createOverDyingConnection = (
  loss: RouteLoss,
  calls: number,
  command: ReadonlyArray<string>
): Effect.Effect<string> =>
  Effect.gen(function* () {
    const { loseReplies, loseRoute, run, serverAddress } = yield* namespaces
    const server = yield* run("server", [...program("namespaceServer.ts"), port])
    expect(yield* server.next).toBe("listening")
    const client = yield* run("client", [...command, serverAddress, port])
    yield* client.next
    for (let call = 0; call < calls; call++) expect(yield* server.next).toBe("GET")

    yield* loseReplies
    client.tell("create")
    for (let call = 0; call < calls; call++) expect(yield* server.next).toBe("POST")
    yield* loseRoute(loss)

    const results = yield* client.next
    server.tell("end")
    expect(yield* server.next).toBe("no more requests")
    return results
  }).pipe(Effect.scoped)

const perhapsSent = { _tag: "ClerkTransportError", sent: "maybe", attempts: 1, retryable: false }

describe.skipIf(obstacle !== undefined)(
  "a create that Clerk receives over a connection that then dies",
  () => {
    const ways: ReadonlyArray<readonly [RouteLoss, string]> = [
      ["unreachable", "read EHOSTUNREACH"],
      ["removed", "read ENETUNREACH"],
      ["prohibit", "read EACCES"],
      ["blackhole", "read EINVAL"]
    ]

    it.live.each(ways)(
      "is sent once when its route is %s, which Node reports as %s",
      ([loss]) =>
        Effect.gen(function* () {
          const printed = yield* createOverDyingConnection(
            loss,
            transports.length,
            program("namespaceClient.ts")
          )
          const results: ReadonlyArray<{ transport: string; error: unknown }> = JSON.parse(printed)
          expect(results.map(({ transport }) => transport)).toEqual(
            transports.map(({ transport }) => transport)
          )
          for (const { error, transport } of results)
            expect(error, transport).toMatchObject({ ...perhapsSent, reason: "unreachable" })
        }),
      60_000
    )

    const runtimes: ReadonlyArray<readonly [string, string, ReadonlyArray<string>, string]> = [
      ...["20", "22", "24", "26"].map(
        (version) => [`Node ${version}`, `node-${version}/bin/node`, [], "unreachable"] as const
      ),
      // Bun does not report why a connection failed.
      ["Bun", "@oven/bun-linux-x64/bin/bun", ["run"], "reset"],
      ["Deno", "@deno/linux-x64-glibc/deno", ["run", "--no-prompt", "--allow-net"], "unreachable"]
    ]
    const there = runtimes.filter(([, path]) => existsSync(installed(path)))
    if (there.length < runtimes.length)
      say("skipped, connections that die on other runtimes: `npm run test:runtimes` installs them")

    it.live.skipIf(there.length === 0)(
      "is sent once on each runtime that is installed",
      () =>
        Effect.gen(function* () {
          const file = join(yield* temporaryFolder, "client.js")
          yield* bundle(root, "test/faults/support/namespaceRuntime.ts", {
            outfile: file,
            platform: "neutral",
            mainFields: ["module", "main"]
          })
          yield* Effect.forEach(
            there,
            ([name, path, args, reason]) =>
              Effect.map(
                createOverDyingConnection("unreachable", 1, [installed(path), ...args, file]),
                (printed) => expect(JSON.parse(printed), name).toMatchObject({ ...perhapsSent, reason })
              ),
            { concurrency: 3 }
          )
        }).pipe(Effect.scoped),
      120_000
    )
  }
)
