// Runs in a separate namespace. Makes a connection over each transport, and creates a session on a command.
import dns from "node:dns"
import { once } from "node:events"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, type ClerkHttpOptions } from "effect-clerk"
import { layerKeepAlive } from "#test/nodeAgent.js"
import { transports } from "../../support/transports.js"
import { atOnce, create, get, outcome, tagOf } from "./calls.js"

const [address = "", port = ""] = process.argv.slice(2)

// http is allowed for loopback names only, so the server has one.
Object.assign(dns, {
  lookup: (_: string, options: dns.LookupOptions, callback: (...args: ReadonlyArray<unknown>) => void) => {
    if (options.all === true) callback(null, [{ address, family: 4 }])
    else callback(null, address, 4)
  }
})

const options: ClerkHttpOptions = {
  secretKey: Redacted.make("sk_test_faults"),
  apiUrl: `http://localhost:${port}`,
  policy: { maxAttempts: 3, timeout: "30 seconds" }
}

const program = Effect.gen(function* () {
  const clients = yield* Effect.forEach(transports, ({ layer, transport }) =>
    Effect.map(
      Layer.build(
        // The platform's own layer for node:http keeps no connection.
        transport === "node:http" ? Layer.provide(ClerkHttp.layer(options), layerKeepAlive) : layer(options)
      ),
      (client) => ({ client, transport })
    )
  )
  const first = yield* Effect.forEach(clients, ({ client }) => Effect.provide(outcome(get.run), client))
  process.stdout.write(`${first.map(tagOf).join()}\n`)
  yield* Effect.promise(() => once(process.stdin, "data"))
  return yield* Effect.forEach(
    clients,
    ({ client, transport }) =>
      Effect.map(atOnce(outcome(create.run)).pipe(Effect.provide(client)), (error) => ({ transport, error })),
    { concurrency: "unbounded" }
  )
})

const results = await Effect.runPromise(Effect.scoped(program))
process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit())
