import { createServer } from "node:http"
import { Effect, Layer, Redacted } from "effect"
import { ClerkEmulator } from "effect-clerk/testing"
import { HttpServer } from "#test/httpServer.js"
import { NodeHttpServer } from "#test/node.js"
import { assert, describe, it } from "#test/vitest.js"
import { runExample } from "../support/examples.js"
import { operations } from "../support/operations.js"

const quickstart = (args: ReadonlyArray<string>, env: { readonly [name: string]: string }) =>
  runExample("quickstart.ts", args, env)

const names = [...operations.map(({ name }) => name), "Sessions.stream"]

describe("the quickstart", () => {
  it.live(
    "runs every operation locally, even with a key in the environment, and ends",
    () =>
      Effect.gen(function* () {
        const { code, output } = yield* quickstart([], {
          CLERK_SECRET_KEY: "sk_live_notToBeUsed",
          CLERK_API_URL: "http://127.0.0.1:1"
        })
        assert.strictEqual(code, 0, output)
        for (const name of names) assert.include(output, `${name}(`)
        assert.include(output, "404 resource_not_found")
        assert.notInclude(output, "eyJ")
      }),
    30_000
  )

  it.live(
    "only reads an instance with --live",
    () =>
      Effect.gen(function* () {
        const clerk = yield* ClerkEmulator
        const user = yield* clerk.createUser()
        const { session } = yield* clerk.signIn(user.id)
        const before = yield* clerk.sessions
        const apiUrl = yield* HttpServer.addressFormattedWith(Effect.succeed)
        const { code, output } = yield* quickstart(["--live", "--user", user.id], {
          CLERK_SECRET_KEY: Redacted.value(clerk.secretKey),
          CLERK_API_URL: apiUrl
        })
        assert.strictEqual(code, 0, output)
        assert.include(output, "read-only")
        assert.include(output, session.id)
        assert.deepStrictEqual(yield* clerk.sessions, before)
      }).pipe(
        Effect.provide(
          ClerkEmulator.layerServer.pipe(
            Layer.provideMerge(ClerkEmulator.layer()),
            Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 }))
          )
        )
      ),
    30_000
  )

  const refusals: ReadonlyArray<readonly [args: ReadonlyArray<string>, sentence: RegExp]> = [
    [["--live", "--user", "user_1"], /^CLERK_SECRET_KEY \(secretKey\) is missing or empty: .*$/m],
    [["--live"], /^--live needs --user with .* Usage: npm run quickstart .*$/m],
    [["--help"], /^Unknown flag or argument\. Usage: npm run quickstart .*$/m]
  ]
  for (const [args, sentence] of refusals) {
    it.live(
      `explains in one sentence what is wrong with ${args.join(" ")}`,
      () =>
        Effect.gen(function* () {
          const { code, output } = yield* quickstart(args, {})
          assert.strictEqual(code, 1)
          assert.match(output, sentence)
          assert.notInclude(output, "    at ")
        }),
      30_000
    )
  }
})
