// Runs in a separate process with few file descriptors. Calls while none is left, and closes all on the retry.
import { closeSync, openSync } from "node:fs"
import { setTimeout } from "node:timers/promises"
import * as Effect from "effect/Effect"
import { transports } from "../../support/transports.js"
import { atOnce, create, get, outcome } from "./calls.js"

const [apiUrl = ""] = process.argv.slice(2)

const takeAll = (): ReadonlyArray<number> => {
  const taken: Array<number> = []
  try {
    for (;;) taken.push(openSync("/dev/null", "r"))
  } catch {
    return taken
  }
}

// Node 22 and newer close files of the loaded modules only now.
await setTimeout(200)

const results = await Effect.runPromise(
  Effect.forEach(transports, ({ layer, transport }) =>
    Effect.forEach([get, create], ({ name, run }) =>
      Effect.gen(function* () {
        const policy = { maxAttempts: 3, timeout: "10 seconds" } as const
        let taken = takeAll()
        const giveBack = () =>
          Effect.sync(() => {
            for (const descriptor of taken) closeSync(descriptor)
            taken = []
          })
        const error = yield* Effect.provide(atOnce(outcome(run)), layer({ apiUrl, policy }))
        const value = yield* Effect.provide(
          atOnce(outcome(run)),
          layer({ apiUrl, policy: { ...policy, onRetry: giveBack } })
        )
        yield* giveBack()
        return { transport, name, error, value }
      })
    )
  )
)
process.stdout.write(`${JSON.stringify(results.flat())}\n`, () => process.exit())
