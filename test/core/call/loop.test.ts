import { describe, expect, it } from "#test/vitest.js"
import {
  type Call,
  type Event,
  type Now,
  next,
  type State,
  type Step,
  start
} from "../../../src/core/call/loop.js"
import { makeOperation } from "../../../src/core/call/operation.js"
import { RuleBreak } from "../../../src/core/input.js"
import type { Kind, Sent } from "../../../src/core/model.js"
import { noSecrets } from "../../../src/core/redaction/redact.js"
import { fromClerkResponse } from "../../../src/core/wire/body.js"

interface Thing {
  readonly id: string
  readonly done: boolean
}

const operation = (kind: Kind) =>
  makeOperation<Thing>({
    name: "Things.end",
    method: "POST",
    path: "/things/{id}/end",
    kind,
    errors: [404],
    apiVersion: undefined,
    responseId: "id",
    confirm: { path: "/things/{id}", isDone: ({ done }) => done },
    secrets: [],
    query: undefined,
    body: undefined,
    hasBody: true,
    // Sound here, because every body of these tests is a thing.
    decode: (json) => ({ _tag: "Success", value: json as Thing })
  })

const callOf = (kind: Kind, limits: Partial<Call<Thing>["limits"]> = {}): Call<Thing> => {
  const made = operation(kind)
  const prepared = made.prepare({ path: { id: "thing_1" } })
  if (prepared instanceof RuleBreak) throw new Error(prepared.rule)
  return {
    operation: made,
    prepared,
    limits: { maxAttempts: 3, timeoutMillis: 1_000, deadlineMillis: 5_000, onRetry: undefined, ...limits },
    startedNanos: 0n,
    endsAtNanos: undefined,
    redactor: noSecrets
  }
}

const at = (millis: number, budget = 500): Now => ({ nanos: BigInt(millis) * 1_000_000n, millis, budget })

const response = (status: number, json: unknown, headers: Record<string, string> = {}): Event => ({
  _tag: "Response",
  response: fromClerkResponse({ status, headers, body: JSON.stringify(json) })
})

const failed = (sent: Sent): Event => ({
  _tag: "Failed",
  failure: { _tag: "ClerkTransportError", fields: { reason: "reset", sent } }
})

const stateOf = (step: Step<Thing>): State => {
  if ("state" in step) return step.state
  throw new Error(`The step ${step._tag} ends the call`)
}

/** The last step of a call after events, each at its time. */
const play = (call: Call<Thing>, ...events: ReadonlyArray<readonly [Event, Now]>): Step<Thing> =>
  events.reduce((step, [event, now]) => next(call, stateOf(step), event, now), start(call, at(0)))

const chance: Event = { _tag: "Chance", value: 0.5 }
const hooked: Event = { _tag: "Hooked" }
const waited: Event = { _tag: "Waited" }

describe("the call loop", () => {
  it("starts with a request, within the smaller of both limits", () => {
    expect(start(callOf("read"), at(0))).toMatchObject({
      _tag: "Send",
      millis: 1_000,
      state: { attempts: 1 }
    })
    expect(start(callOf("read", { timeoutMillis: 9_000 }), at(2_000))).toMatchObject({
      millis: 3_000,
      state: { phase: "deadline" }
    })
  })

  it("fails without a request when no time is left", () => {
    expect(start(callOf("read"), at(5_000))).toMatchObject({
      _tag: "Fail",
      failure: { _tag: "ClerkTimeout", fields: { attempts: 0, phase: "deadline", sent: "no" } }
    })
  })

  it("ends with the value of a success, and names what the last retry cost", () => {
    const thing = { id: "thing_1", done: true }
    expect(play(callOf("read"), [response(200, thing), at(1)])).toEqual({
      _tag: "Succeed",
      value: thing,
      cost: undefined
    })
    expect(
      play(
        callOf("read"),
        [failed("maybe"), at(1)],
        [chance, at(1)],
        [hooked, at(1)],
        [waited, at(51)],
        [response(200, thing), at(52)]
      )
    ).toMatchObject({ _tag: "Succeed", cost: 14 })
  })

  it("draws, announces the retry, waits, and sends the second request", () => {
    const call = callOf("read")
    const events: ReadonlyArray<readonly [Event, Now]> = [
      [response(503, {}), at(10)],
      [chance, at(10)],
      [hooked, at(20)],
      [waited, at(70)]
    ]
    expect(events.map((_, count) => play(call, ...events.slice(0, count + 1))._tag)).toEqual([
      "Draw",
      "Retry",
      "Wait",
      "Send"
    ])
    expect(play(call, ...events.slice(0, 2))).toMatchObject({
      cost: 14,
      millis: 4_990,
      retry: { attempt: 1, failure: "ClerkServerError", delayMillis: 50 }
    })
    expect(play(call, ...events)).toMatchObject({ state: { attempts: 2, retry: { mayHaveActed: true } } })
  })

  it("fails with the first failure when the caller's own code took the time", () => {
    const step = play(callOf("read"), [response(503, {}), at(10)], [chance, at(10)], [hooked, at(4_990)])
    expect(step).toMatchObject({ _tag: "Fail", failure: { _tag: "ClerkServerError" } })
  })

  it("fails when the budget is smaller than the cost of a retry, and says so", () => {
    const step = play(callOf("read"), [response(503, {}), at(10)], [chance, at(10, 13)])
    expect(step).toMatchObject({
      _tag: "Fail",
      failure: { _tag: "ClerkServerError", fields: { retryBudgetExhausted: true, retryable: true } }
    })
  })

  it("fails when the server wants a longer wait than the deadline allows", () => {
    const step = play(callOf("read"), [response(429, {}, { "retry-after": "10" }), at(10)], [chance, at(10)])
    expect(step).toMatchObject({ _tag: "Fail", failure: { fields: { retryAfterMillis: 10_000 } } })
  })

  it("retries a `once` operation after an unsent request only", () => {
    expect(play(callOf("once"), [failed("no"), at(1)])._tag).toBe("Draw")
    expect(play(callOf("once"), [failed("maybe"), at(1)])).toMatchObject({
      _tag: "Fail",
      failure: { fields: { retryable: false, sent: "maybe" } }
    })
  })

  it("says that Clerk may have received the call if an earlier attempt may have been received", () => {
    const step = play(
      callOf("idempotent", { maxAttempts: 2 }),
      [failed("maybe"), at(1)],
      [chance, at(1)],
      [hooked, at(1)],
      [waited, at(51)],
      [failed("no"), at(52)]
    )
    expect(step).toMatchObject({ _tag: "Fail", failure: { fields: { attempts: 2, sent: "maybe" } } })
  })

  it("says that Clerk may have received the call, also after a later attempt was throttled", () => {
    const retried = [
      [chance, at(1)],
      [hooked, at(1)],
      [waited, at(1)]
    ] as const
    const step = play(
      callOf("idempotent"),
      [failed("maybe"), at(1)],
      ...retried,
      [response(429, {}), at(1)],
      ...retried,
      [failed("no"), at(1)]
    )
    expect(step).toMatchObject({ _tag: "Fail", failure: { fields: { attempts: 3, sent: "maybe" } } })
  })

  describe("confirms a rejected retry", () => {
    const rejected = [
      [failed("maybe"), at(1)],
      [chance, at(1)],
      [hooked, at(1)],
      [waited, at(51)],
      [response(404, { errors: [{ code: "resource_not_found" }] }), at(52)]
    ] as const

    it("with one request", () => {
      expect(play(callOf("idempotent"), ...rejected)).toMatchObject({
        _tag: "Send",
        request: { method: "GET", path: ["things", "thing_1"] },
        state: { attempts: 2, phase: "confirm" }
      })
    })

    it("within the time that is left, or not at all", () => {
      expect(play(callOf("idempotent", { deadlineMillis: 152 }), ...rejected)).toMatchObject({ millis: 100 })
      const [late, ...before] = [[rejected[4][0], at(152)] as const, ...rejected.slice(0, 4)]
      expect(play(callOf("idempotent", { deadlineMillis: 152 }), ...before, late)).toMatchObject({
        _tag: "Fail",
        failure: { _tag: "ClerkNotFound", fields: { attempts: 2 } }
      })
    })

    it("and succeeds when the operation is done", () => {
      const thing = { id: "thing_1", done: true }
      const step = play(callOf("idempotent"), ...rejected, [response(200, thing), at(60)])
      expect(step).toMatchObject({ _tag: "Succeed", value: thing, cost: 14 })
    })

    it.each<readonly [string, Event]>([
      ["is not done", response(200, { id: "thing_1", done: false })],
      ["is another resource", response(200, { id: "thing_2", done: true })],
      ["cannot be read", response(500, {})],
      ["does not arrive", failed("maybe")],
      ["takes too long", { _tag: "TimedOut", sent: "maybe" }]
    ])("and fails with the rejection when the state %s", (_, event) => {
      expect(play(callOf("idempotent"), ...rejected, [event, at(60)])).toMatchObject({
        _tag: "Fail",
        failure: { _tag: "ClerkNotFound", fields: { attempts: 2 } }
      })
    })
  })

  describe("without a permit of the rate limiter", () => {
    const notAdmitted: Event = { _tag: "NotAdmitted" }

    it("fails with the phase admission, and counts no attempt", () => {
      expect(play(callOf("once"), [notAdmitted, at(5_000)])).toMatchObject({
        _tag: "Fail",
        failure: {
          _tag: "ClerkTimeout",
          fields: { phase: "admission", sent: "no", attempts: 0, retryable: true, limitMillis: 5_000 }
        }
      })
    })

    it("says that Clerk may have received the call if an earlier attempt may have been received", () => {
      const step = play(
        callOf("idempotent"),
        [failed("maybe"), at(1)],
        [chance, at(1)],
        [hooked, at(1)],
        [waited, at(51)],
        [notAdmitted, at(5_000)]
      )
      expect(step).toMatchObject({
        _tag: "Fail",
        failure: {
          fields: { phase: "admission", sent: "maybe", attempts: 1, lastFailure: "ClerkTransportError" }
        }
      })
    })

    it("leaves out a confirmation", () => {
      const step = play(
        callOf("idempotent"),
        [failed("maybe"), at(1)],
        [chance, at(1)],
        [hooked, at(1)],
        [waited, at(51)],
        [response(404, { errors: [{ code: "resource_not_found" }] }), at(52)],
        [notAdmitted, at(5_000)]
      )
      expect(step).toMatchObject({ _tag: "Fail", failure: { _tag: "ClerkNotFound" } })
    })

    it("retries also a `once` operation when the store of the rate limiter is down", () => {
      const storeDown: Event = {
        _tag: "Failed",
        failure: { _tag: "ClerkTransportError", fields: { reason: "admission", sent: "no" } }
      }
      expect(play(callOf("once"), [storeDown, at(1)])._tag).toBe("Draw")
      expect(play(callOf("once", { maxAttempts: 1 }), [storeDown, at(1)])).toMatchObject({
        _tag: "Fail",
        failure: { _tag: "ClerkTransportError", fields: { reason: "admission", sent: "no", attempts: 1 } }
      })
    })
  })
})
