import * as Effect from "effect/Effect"
import { type ClerkHttp, type Operation, type RequestPolicy, Sessions } from "effect-clerk"
import { type Case, expectMatch, expectThat, outcomeOf } from "../support/check.js"
import type { FaultCase, Unreachable } from "../support/manifest.js"
import { atOnce, client, expectNoSecret, type Setting, secretive } from "../support/setting.js"

const read = Sessions.get("sess_1")

/** Never retried once Clerk may have received it. */
const once = Sessions.create({ userId: "user_1" })

interface Call {
  readonly kind: "read" | "once"
  readonly call: Effect.Effect<unknown, Operation.ErrorOf<404 | 409 | 422>, ClerkHttp>
}

const kinds: ReadonlyArray<Call> = [
  { kind: "read", call: read },
  { kind: "once", call: once }
]

const policyFor = ({ isSlow }: FaultCase): RequestPolicy.Settings => ({
  maxAttempts: 2,
  timeout: isSlow ? "400 millis" : "5 seconds"
})

const repeats = (fault: FaultCase, kind: Call["kind"]) =>
  fault.again === "always" || (fault.again === "unless once" && kind === "read")

const onEvery = (setting: Setting, fault: FaultCase, { call, kind }: Call) =>
  Effect.gen(function* () {
    const url = setting.at("every", fault.index, kind)
    const error = yield* outcomeOf(atOnce(call).pipe(Effect.provide(client(url, policyFor(fault)))))
    const retryable = repeats(fault, kind)
    const attempts = retryable ? 2 : 1
    yield* expectMatch(error, { ...fault.outcome, attempts, retryable }, kind)
    const { requests } = yield* setting.seen(url)
    const isSentAgain = kind === "read" && fault.resends.includes(kind) && requests > attempts
    const isUnsent = fault.mayStayUnsent && requests < attempts
    yield* expectThat(
      requests === attempts || isSentAgain || isUnsent,
      `${kind}: the server saw ${requests} requests`
    )
    if (fault.closes) yield* expectThat(yield* setting.closed(url), `${kind}: the connection stays open`)
  })

const isDiscreet = (url: string, policy: RequestPolicy.Settings) =>
  Effect.flatMap(outcomeOf(secretive.pipe(Effect.provide(client(url, policy)))), expectNoSecret)

const onFirst = (setting: Setting, fault: FaultCase, { call, kind }: Call) =>
  Effect.gen(function* () {
    const url = setting.at("first", fault.index, kind)
    const value = yield* outcomeOf(atOnce(call).pipe(Effect.provide(client(url, policyFor(fault)))))
    yield* expectMatch(value, { id: "sess_1", status: "active" }, `${kind}, after the first attempt`)
    yield* expectMatch(yield* setting.seen(url), { requests: 2 }, `${kind}, at the server`)
  })

export const faultCase =
  (setting: Setting) =>
  (fault: FaultCase): Case => ({
    name: `the outcome of ${fault.name}`,
    run: Effect.gen(function* () {
      for (const each of kinds) yield* onEvery(setting, fault, each)
      for (const each of kinds) if (repeats(fault, each.kind)) yield* onFirst(setting, fault, each)
      yield* isDiscreet(setting.at("every", fault.index, "secretive"), policyFor(fault))
    })
  })

const unreachableCase = ({ name, outcome, url }: Unreachable): Case => ({
  name: `the outcome of ${name}`,
  run: Effect.gen(function* () {
    for (const { call } of kinds) {
      const error = yield* outcomeOf(atOnce(call).pipe(Effect.provide(client(url))))
      yield* expectMatch(error, { ...outcome, attempts: 1 })
    }
    yield* isDiscreet(url, { maxAttempts: 1 })
  })
})

export const faults = (setting: Setting): ReadonlyArray<Case> => [
  ...setting.faults.map(faultCase(setting)),
  ...setting.unreachable.map(unreachableCase)
]
