import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { transports } from "../support/transports.js"
import { missing, namespaces, type RouteLoss } from "./support/namespaces.js"

const obstacle = missing()
if (obstacle !== undefined)
  process.stdout.write(`skipped, connections that die in network namespaces: ${obstacle}\n`)

const file = (name: string) => fileURLToPath(new URL(`./support/${name}`, import.meta.url))
const port = "4000"

const ways: ReadonlyArray<readonly [RouteLoss, string]> = [
  ["unreachable", "read EHOSTUNREACH"],
  ["removed", "read ENETUNREACH"],
  ["prohibit", "read EACCES"],
  ["blackhole", "read EINVAL"]
]

describe.skipIf(obstacle !== undefined)(
  "a create that Clerk receives over a connection that then dies",
  () => {
    it.scopedLive.each(ways)(
      "is sent once when its route is %s, which Node reports as %s",
      ([loss]) =>
        Effect.gen(function* () {
          const { loseReplies, loseRoute, run, serverAddress } = yield* namespaces
          const server = yield* run("server", file("namespaceServer.ts"), [port])
          expect(yield* server.next).toBe("listening")
          const client = yield* run("client", file("namespaceClient.ts"), [serverAddress, port])
          expect(yield* client.next).toBe(transports.map(() => "a value").join())
          for (const _ of transports) expect(yield* server.next).toBe("GET")

          yield* loseReplies
          client.tell("create")
          for (const _ of transports) expect(yield* server.next).toBe("POST")
          yield* loseRoute(loss)

          const results: ReadonlyArray<{ transport: string; error: unknown }> = JSON.parse(yield* client.next)
          expect(results.map(({ transport }) => transport)).toEqual(
            transports.map(({ transport }) => transport)
          )
          for (const { error, transport } of results) {
            expect(error, transport).toMatchObject({
              _tag: "ClerkTransportError",
              reason: "unreachable",
              sent: "maybe",
              attempts: 1,
              retryable: false
            })
          }
          server.tell("end")
          expect(yield* server.next).toBe("no more requests")
        }),
      30_000
    )
  }
)
