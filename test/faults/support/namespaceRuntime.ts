// Runs on any runtime, in a separate namespace. Does the same as namespaceClient.ts, over the runtime's `fetch`.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, Sessions } from "effect-clerk"
import { callback } from "#test/fiber.js"
import { FetchHttpClient } from "#test/http.js"

const [address = "", port = ""] = process.argv.slice(2)

const say = (line: string, done?: () => void) => process.stdout.write(`${line}\n`, done)

// http is allowed for loopback names only, so the server has one.
const fetchFromServer: typeof fetch = (input, init) =>
  fetch(String(input).replace("localhost", address), init)

const client = Layer.provide(
  ClerkHttp.layerFetch({
    secretKey: Redacted.make("sk_test_faults"),
    apiUrl: `http://localhost:${port}`,
    policy: { maxAttempts: 3, timeout: "30 seconds" }
  }),
  Layer.succeed(FetchHttpClient.Fetch, fetchFromServer)
)

const program = Effect.gen(function* () {
  const first = yield* Sessions.get("sess_1")
  say(first.id)
  yield* callback<void>((resume) => {
    process.stdin.once("data", () => resume(Effect.void))
  })
  return yield* Effect.match(Sessions.create({ userId: "user_1" }), {
    onFailure: (error): unknown => error,
    onSuccess: (session): unknown => session
  })
})

say(JSON.stringify(await Effect.runPromise(Effect.provide(program, client))), () => process.exit())
