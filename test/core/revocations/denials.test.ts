import fc from "fast-check"
import { describe, expect, it } from "#test/vitest.js"
import type { Change } from "../../../src/core/revocations/change.js"
import { Denials, type Lifetimes } from "../../../src/core/revocations/denials.js"

const lifetimes: Lifetimes = { entry: 10_000, hold: 15_000 }

const claims = (sessionId: string, userId = "user_1", issuedAt = 0) => ({ sessionId, userId, issuedAt })

const identity = (millis: number) => millis

const has = (denials: Denials, now: number, token = claims("sess_1")) => denials.has(token, identity, now)

interface Received {
  readonly change: Change
  readonly at: number
  readonly age: number
}

/** Decides by all changes ever received. */
const naive = (received: ReadonlyArray<Received>, token: ReturnType<typeof claims>, now: number): boolean => {
  let heldUntil = 0
  let cutoff: { until: number; time: number } | undefined
  let sessionUntil = 0
  for (const { age, at, change } of received) {
    if (change.type === "revoke" && change.ids.includes(token.sessionId)) {
      sessionUntil = Math.max(sessionUntil, at + Math.min(Math.max(change.ttl, 10_000), 15_000))
    }
    if (change.type !== "revoke" && change.ids.includes(token.userId)) {
      if (change.type === "release") heldUntil = 0
      else {
        heldUntil = Math.max(heldUntil, at + Math.min(change.ttl, 15_000) - age)
        const before = cutoff !== undefined && cutoff.until > at ? cutoff.time : Number.NEGATIVE_INFINITY
        cutoff = { until: at + 10_000, time: Math.max(before, Math.min(change.cutoff, at + 300_000)) }
      }
    }
  }
  const isCut = cutoff !== undefined && cutoff.until > now && token.issuedAt <= cutoff.time
  return sessionUntil > now || heldUntil > now || isCut
}

const sessionIds = fc.subarray(["sess_1", "sess_2", "sess_3"], { minLength: 1 })
const userIds = fc.subarray(["user_1", "user_2"], { minLength: 1 })
const span = fc.integer({ min: 0, max: 20_000 })

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ type: fc.constant("revoke" as const), ids: sessionIds, ttl: span }),
  fc.record({
    type: fc.constant("hold" as const),
    ids: userIds,
    ttl: span,
    cutoff: fc.integer({ min: 0, max: 1_000_000 })
  }),
  fc.record({ type: fc.constant("release" as const), ids: userIds })
)

describe("the denials of a process", () => {
  it("deny the same tokens as a list of all changes does", () => {
    const step = fc.record({
      change,
      wait: fc.integer({ min: 0, max: 6000 }),
      age: fc.integer({ min: -100, max: 20_000 })
    })
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 30 }),
        fc.integer({ min: 0, max: 400_000 }),
        (steps, issuedAt) => {
          const denials = new Denials(lifetimes)
          const received: Array<Received> = []
          let now = 1000
          for (const { age, change, wait } of steps) {
            now += wait
            denials.apply(change, now, age)
            received.push({ change, at: now, age: Math.max(0, age) })
            for (const sessionId of ["sess_1", "sess_2", "sess_3", "sess_4"]) {
              for (const userId of ["user_1", "user_2", "user_3"]) {
                const token = claims(sessionId, userId, issuedAt)
                for (const later of [now, now + 9999, now + 10_000, now + 15_000]) {
                  expect(has(denials, later, token)).toBe(naive(received, token, later))
                }
              }
            }
          }
        }
      ),
      { numRuns: 200 }
    )
  })

  it("tell another process all that they deny", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        const denials = new Denials(lifetimes)
        for (const each of changes) denials.apply(each, 1000)
        const copy = new Denials(lifetimes)
        for (const each of denials.changes(1000, () => false)) copy.apply(each, 1000)
        for (const sessionId of ["sess_1", "sess_2", "sess_4"]) {
          for (const userId of ["user_1", "user_2"]) {
            // Late enough for no cutoff.
            const token = claims(sessionId, userId, 9_999_999)
            expect(has(copy, 2000, token)).toBe(has(denials, 2000, token))
          }
        }
      }),
      { numRuns: 200 }
    )
  })

  it("leave out the ids that the other process knows", () => {
    const denials = new Denials(lifetimes)
    denials.apply({ type: "revoke", ids: ["sess_1", "sess_2"], ttl: 0 }, 0)
    denials.apply({ type: "hold", ids: ["user_1", "user_2"], ttl: 5000, cutoff: 7 }, 0)
    expect(denials.changes(1000, (id) => id.endsWith("1"))).toEqual([
      { type: "revoke", ids: ["sess_2"], ttl: 9000 },
      { type: "hold", ids: ["user_2"], ttl: 4000, cutoff: 7 }
    ])
  })

  it("remove what has ended, without an end to the time that entries come", () => {
    const denials = new Denials(lifetimes)
    for (let second = 0; second < 5000; second++) {
      denials.apply({ type: "revoke", ids: [`sess_${second}`], ttl: 0 }, second * 1000)
      denials.apply({ type: "hold", ids: [`user_${second}`], ttl: 1000, cutoff: 0 }, second * 1000)
      expect(denials.size).toBeLessThan(30)
    }
    denials.sweep(6_000_000)
    expect(denials.size).toBe(0)
  })

  it("remove what has ended after the clock was set back", () => {
    const denials = new Denials(lifetimes)
    denials.apply({ type: "revoke", ids: ["sess_1"], ttl: 0 }, 10_000_000)
    denials.apply({ type: "revoke", ids: ["sess_2"], ttl: 0 }, 1_000_000)
    denials.sweep(1_020_000)
    expect(denials.size).toBe(1)
    expect(has(denials, 1_020_000)).toBe(true)
  })

  it("deny every token of a held user, because no token says when its session was created", () => {
    const denials = new Denials(lifetimes)
    denials.apply({ type: "hold", ids: ["user_1"], ttl: 15_000, cutoff: 5000 }, 5000)
    expect(has(denials, 6000, claims("sess_new", "user_1", 6000))).toBe(true)
    denials.apply({ type: "release", ids: ["user_1"] }, 7000)
    expect(has(denials, 7000, claims("sess_new", "user_1", 6000))).toBe(false)
    // Its session was created before the cutoff too, and another release changes nothing.
    denials.apply({ type: "release", ids: ["user_1"] }, 7000)
    expect(has(denials, 7000, claims("sess_old", "user_1", 5000))).toBe(true)
    expect(has(denials, 15_000, claims("sess_old", "user_1", 5000))).toBe(false)
  })

  it("end a hold that nobody releases, also in a process that starts later", () => {
    const hold = { type: "hold", ids: ["user_1"], ttl: 99_999_999, cutoff: 0 } as const
    const late = new Denials(lifetimes)
    late.apply(hold, 0, 14_000)
    const token = claims("sess_1", "user_1", 1)
    expect(has(late, 999, token)).toBe(true)
    expect(has(late, 1000, token)).toBe(false)
  })

  it("ignore how far in the future a cutoff is", () => {
    const denials = new Denials(lifetimes)
    denials.apply({ type: "hold", ids: ["user_1"], ttl: 1, cutoff: 999_999_999_999 }, 0)
    expect(has(denials, 1000, claims("sess_1", "user_1", 300_000))).toBe(true)
    expect(has(denials, 1000, claims("sess_1", "user_1", 300_001))).toBe(false)
  })
})
