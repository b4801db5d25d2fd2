import * as fc from "fast-check"
import { describe, expect, it } from "#test/vitest.js"
import { bucketOf, cooldownMillis, leaseOf, limitOfKey } from "../../../src/core/fleet/limit.js"

describe("the bucket of a limit", () => {
  it("takes ten tokens in 104 ms for the limit of a live instance", () => {
    expect(bucketOf(1_000, 0.035)).toEqual({ capacity: 10, refillMillis: 10.4 })
    expect(leaseOf(bucketOf(1_000, 0.035))).toBe(5)
  })

  it("stays below every limit in every window, and above nine tenths of it", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 1_000_000 }),
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        (limit, headroom) => {
          const { capacity, refillMillis } = bucketOf(limit, headroom)
          expect(capacity + 10_000 / refillMillis).toBeLessThanOrEqual(limit + 1e-6)
        }
      )
    )
    for (const limit of [100, 1_000]) {
      expect(10_000 / bucketOf(limit, 0.035).refillMillis).toBeGreaterThanOrEqual(limit * 0.95)
    }
  })
})

describe("the limit of a key", () => {
  it("is that of a development instance for a test key only", () => {
    expect([limitOfKey("sk_test_1"), limitOfKey("sk_live_1"), limitOfKey(undefined)]).toEqual([
      100, 1_000, 1_000
    ])
  })
})

describe("the pause after a 429", () => {
  it("is the time of Retry-After, at least a millisecond and at most a minute", () => {
    expect([undefined, 0, 2_500.4, 3_600_000].map(cooldownMillis)).toEqual([1_000, 1, 2_500, 60_000])
  })
})
