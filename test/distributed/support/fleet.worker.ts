/** One process of a fleet that calls Clerk under a limit in Redis. */
import { parseArgs } from "node:util"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, type ClerkHttpService, RequestPolicy, Sessions } from "effect-clerk"
import { FleetLimit } from "effect-clerk/fleet"
import { layerRedisStore } from "#test/fleetStore.js"
import { parent } from "./parent.js"

/** Calls for a time, some at once, with a pause after each. */
export interface Work {
  readonly millis: number
  readonly priority: RequestPolicy.Priority
  readonly concurrency: number
  readonly pauseMillis?: number
  /** After this time a call gives up. Default: five minutes. */
  readonly deadlineMillis?: number
  /** Starts this many calls in all, at equal intervals, and waits for no call before it starts the next one. */
  readonly arrivals?: number
}

export type Answer =
  | { readonly _tag: "ready" }
  | {
      readonly _tag: "done"
      readonly calls: number
      /** The number of failed calls, by tag. */
      readonly failures: Readonly<Record<string, number>>
      /** The milliseconds that each request waited for its permit. */
      readonly waits: ReadonlyArray<number>
    }

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "" },
    redis: { type: "string", default: "" },
    ahead: { type: "string", default: "0" },
    limit: { type: "string", default: "1000" },
    storeTimeout: { type: "string", default: "100" },
    whenStoreDown: { type: "string", default: "local" }
  }
})

const ahead = Number(values.ahead)
if (ahead !== 0) {
  const { now } = Date
  Date.now = () => now() + ahead
}

const Clerk = FleetLimit.layer({
  limit: Number(values.limit),
  storeTimeout: Number(values.storeTimeout),
  whenStoreDown: values.whenStoreDown === "fail" ? "fail" : "local"
}).pipe(
  Layer.provide(
    ClerkHttp.layerFetch({
      secretKey: Redacted.make("sk_test_emulator"),
      apiUrl: values.url,
      policy: { ...RequestPolicy.standard, deadline: "5 minutes" }
    })
  ),
  Layer.provide(layerRedisStore(Number(values.redis)))
)

/** Notes how long each request waits for its permit. */
const timed = (http: ClerkHttpService, waits: Array<number>): ClerkHttpService => {
  const { admission } = http
  return admission === undefined
    ? http
    : {
        ...http,
        admission: {
          ...admission,
          acquire: (request, priority, millis) =>
            Effect.suspend(() => {
              const started = performance.now()
              return Effect.tap(admission.acquire(request, priority, millis), () =>
                Effect.sync(() => void waits.push(performance.now() - started))
              )
            })
        }
      }
}

const run = ({ arrivals, concurrency, deadlineMillis = 300_000, millis, pauseMillis = 0, priority }: Work) =>
  Effect.gen(function* () {
    const waits: Array<number> = []
    const failures: Record<string, number> = {}
    let calls = 0
    const http = timed(yield* ClerkHttp, waits)
    const end = (yield* Clock.currentTimeMillis) + millis
    const call = Sessions.get("sess_1").pipe(
      RequestPolicy.use({ priority, deadline: Duration.millis(deadlineMillis) }),
      Effect.provideService(ClerkHttp, http),
      Effect.match({
        onFailure: ({ _tag }) => {
          failures[_tag] = (failures[_tag] ?? 0) + 1
        },
        onSuccess: () => {
          calls++
        }
      })
    )
    const loop: Effect.Effect<void> = Effect.flatMap(Clock.currentTimeMillis, (now) =>
      now >= end
        ? Effect.void
        : Effect.flatMap(call, () =>
            Effect.flatMap(
              pauseMillis === 0 ? Effect.void : Effect.sleep(Duration.millis(pauseMillis)),
              () => loop
            )
          )
    )
    const started =
      arrivals === undefined
        ? Array.from({ length: concurrency }, () => loop)
        : Array.from({ length: arrivals }, (_, index) => Effect.delay(call, (index * millis) / arrivals))
    yield* Effect.all(started, { concurrency: "unbounded", discard: true })
    return { calls, failures, waits }
  })

const { onMessage, send } = parent<Work, Answer>()

const program = Effect.gen(function* () {
  const http = yield* ClerkHttp
  onMessage(
    (work) =>
      void Effect.runPromise(Effect.provideService(run(work), ClerkHttp, http)).then((result) =>
        send({ _tag: "done", ...result })
      )
  )
  send({ _tag: "ready" })
  return yield* Effect.never
})

Effect.runFork(Effect.provide(program, Clerk))
