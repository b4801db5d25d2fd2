import * as Effect from "effect/Effect"
import { type RequestPolicy, Sessions } from "effect-clerk"
import { fork } from "#test/fiber.js"
import { interrupted, isInterrupted } from "../../support/exits.js"
import { type Case, expectMatch, expectThat } from "../support/check.js"
import { client, type Setting } from "../support/setting.js"

/** Waits until the server has seen a request, and a little longer. */
const underWay = (setting: Setting, url: string): Effect.Effect<void> =>
  setting
    .seen(url)
    .pipe(
      Effect.delay("20 millis"),
      Effect.repeat({ until: ({ requests }) => requests > 0 }),
      Effect.andThen(Effect.sleep("100 millis"))
    )

const read = Sessions.get("sess_1")
const once = Sessions.create({ userId: "user_1" })

const points: ReadonlyArray<
  readonly [name: string, scene: string, policy: RequestPolicy.Settings, call?: typeof once]
> = [
  ["while Clerk is silent", "silence", { maxAttempts: 3, timeout: "10 seconds" }],
  ["of a call with a body", "silence", { maxAttempts: 3, timeout: "10 seconds" }, once],
  ["without any time limit", "silence", { maxAttempts: 1 }],
  ["after the head of a response", "head", { maxAttempts: 3, timeout: "10 seconds" }],
  ["within the body of a response", "half", { maxAttempts: 3, timeout: "10 seconds" }],
  ["within chunks of a body", "chunks", { maxAttempts: 3, timeout: "10 seconds" }]
]

export const interruption = (setting: Setting): ReadonlyArray<Case> => [
  ...points.map(
    ([name, scene, policy, call = read], index): Case => ({
      name: `an interruption ${name} closes the connection`,
      run: Effect.gen(function* () {
        const url = setting.at(scene, `interrupted-${index}`)
        const fiber = yield* fork(call.pipe(Effect.provide(client(url, policy))))
        yield* underWay(setting, url)
        const exit = yield* Effect.timeout(interrupted(fiber), "1 second")
        yield* expectThat(isInterrupted(exit), `ended with ${exit}`)
        yield* expectThat(yield* setting.closed(url), "the server's connection stays open")
        yield* expectMatch(yield* setting.seen(url), { requests: 1 })
      })
    })
  ),
  {
    name: "an interruption between two attempts ends them",
    run: Effect.gen(function* () {
      const url = setting.at("ask-to-wait", "interrupted")
      const fiber = yield* fork(read.pipe(Effect.provide(client(url, { maxAttempts: 3 }))))
      yield* underWay(setting, url)
      const exit = yield* Effect.timeout(interrupted(fiber), "1 second")
      yield* expectThat(isInterrupted(exit), `ended with ${exit}`)
      yield* Effect.sleep("1500 millis")
      yield* expectMatch(yield* setting.seen(url), { requests: 1 })
    })
  }
]
