import { describe, expect, it } from "#test/vitest.js"
import {
  decide,
  decideAfter,
  type FetchInProgress,
  type KeyEvent,
  type KeyState,
  next,
  noKeys,
  unavailable
} from "../../../src/core/keys/cache.js"
import type { KeySet } from "../../../src/core/keys/keySet.js"
import { ourKey } from "../../support/tokens.js"

const second = 1_000_000_000n
const minute = 60n * second

const fetchAt = (startedAt: bigint): FetchInProgress => ({ startedAt })
const keys = (...ids: ReadonlyArray<string>): KeySet => new Map(ids.map((kid) => [kid, ourKey]))
const outage = unavailable("unreachable", "ClerkTransportError")

type State = KeyState<FetchInProgress>

/** Applies events at their times, in seconds. */
const stateAfter = (
  ...events: ReadonlyArray<readonly [at: bigint, event: KeyEvent<FetchInProgress>]>
): State => events.reduce<State>((state, [at, event]) => next(state, event, at * second), noKeys)

const stepOf = (state: State, kid: string, seconds: bigint) => decide(state, kid, seconds * second)._tag

const first = fetchAt(0n)
const started = [0n, { _tag: "Started", fetch: first }] as const
const received = [1n, { _tag: "Ended", fetch: first, result: keys("ins_1") }] as const

describe("a key cache without keys", () => {
  it("fetches, and lets other callers wait for the fetch", () => {
    expect(decide(noKeys, "ins_1", 0n)).toEqual({ _tag: "Fetch" })
    expect(decide(stateAfter(started), "ins_1", second)).toEqual({ _tag: "Wait", fetch: first })
  })

  it("does not fetch for a text that is no key id", () => {
    expect(decide(noKeys, "../ins_1", 0n)).toEqual({ _tag: "Found", key: undefined })
  })

  it("states the rest of the pause after a failure, which doubles with each failure in a row", () => {
    const failed = stateAfter(started, [1n, { _tag: "Ended", fetch: first, result: outage }])
    const step = decide(failed, "ins_1", second + 1n)
    expect(step).toEqual({
      _tag: "Unavailable",
      failure: { ...outage, fields: { ...outage.fields, retryAfterMillis: 1_000 } }
    })
    expect(decideAfter(failed, "ins_1", outage, second + 1n)).toEqual(step)
    expect(stepOf(failed, "ins_1", 2n)).toBe("Fetch")
    const retry = fetchAt(2n * second)
    const again = [
      { _tag: "Started", fetch: retry },
      { _tag: "Ended", fetch: retry, result: outage }
    ] as const
    const twice = again.reduce<State>((state, event) => next(state, event, 2n * second), failed)
    expect([stepOf(twice, "ins_1", 3n), stepOf(twice, "ins_1", 4n)]).toEqual(["Unavailable", "Fetch"])
  })

  it("fetches again at once after a fetch that was abandoned", () => {
    expect(stepOf(stateAfter(started, [1n, { _tag: "Abandoned", fetch: first }]), "ins_1", 1n)).toBe("Fetch")
  })

  it("uses the keys of a fetch that was abandoned before it ended", () => {
    const late = stateAfter(started, [1n, { _tag: "Abandoned", fetch: first }], [2n, received[1]])
    expect(stepOf(late, "ins_1", 2n)).toBe("Found")
  })

  it("counts a fetch as failed since its start when it outlasts its expiry", () => {
    const endless = { startedAt: 0n, expiresAt: 9n * second }
    const begun = next<FetchInProgress>(noKeys, { _tag: "Started", fetch: endless }, 0n)
    expect(stepOf(begun, "ins_1", 8n)).toBe("Wait")
    const replaced = next<FetchInProgress>(begun, { _tag: "Abandoned", fetch: first }, 9n * second)
    expect(replaced).toMatchObject({ fetch: undefined, endedAt: 0n, failures: 1 })
    expect(stepOf(replaced, "ins_1", 9n)).toBe("Fetch")
  })
})

describe("a key cache with keys", () => {
  const held = stateAfter(started, received)

  it("finds a key for 10 minutes, and no key for another id until 30 seconds after the fetch", () => {
    const freshUntilNanos = second + 10n * minute
    expect(decide(held, "ins_1", 10n * minute)).toEqual({
      _tag: "Found",
      key: { key: ourKey, freshUntilNanos }
    })
    expect(stepOf(held, "ins_1", 601n)).toBe("Fetch")
    expect(decide(held, "ins_2", 30n * second)).toEqual({ _tag: "Found", key: undefined })
    expect(stepOf(held, "ins_2", 31n)).toBe("Fetch")
  })

  it("lets a caller with a stale key wait for one second from the start of a fetch", () => {
    const refreshing = next(held, { _tag: "Started", fetch: fetchAt(700n * second) }, 700n * second)
    expect(decide(refreshing, "ins_1", 701n * second - 1n)._tag).toBe("Wait")
    expect(stepOf(refreshing, "ins_1", 701n)).toBe("Found")
    expect(stepOf(refreshing, "ins_2", 701n)).toBe("Wait")
  })

  it("keeps its keys for an hour of failures, and drops them when Clerk has none", () => {
    const fetch = fetchAt(700n * second)
    const endWith = (reason: "failing" | "empty", at: bigint) =>
      next(
        next(held, { _tag: "Started", fetch }, 700n * second),
        { _tag: "Ended", fetch, result: unavailable(reason) },
        at * second
      )
    expect(stepOf(endWith("failing", 701n), "ins_1", 702n)).toBe("Found")
    expect(endWith("failing", 3_600n).held).toBeDefined()
    expect(endWith("failing", 3_601n).held).toBeUndefined()
    expect(endWith("empty", 701n).held).toBeUndefined()
  })

  it("ignores the result of a fetch that is not its own", () => {
    const stray = fetchAt(5n * second)
    expect(next(held, { _tag: "Ended", fetch: stray, result: keys("ins_2") }, 6n * second)).toBe(held)
    expect(next(held, { _tag: "Ended", fetch: stray, result: outage }, 6n * second)).toBe(held)
    expect(next(held, { _tag: "Lost", fetch: stray }, 6n * second)).toBe(held)
  })

  it("replaces a fetch that was lost with its request once, and then pauses", () => {
    const lose = (state: State, seconds: bigint) => {
      const fetch = fetchAt(seconds * second)
      const begun = next(state, { _tag: "Started", fetch }, seconds * second)
      return next(begun, { _tag: "Lost", fetch }, seconds * second)
    }
    const once = lose(held, 40n)
    expect([once.failures, stepOf(once, "ins_2", 40n)]).toEqual([0, "Fetch"])
    const twice = lose(once, 40n)
    expect([twice.failures, stepOf(twice, "ins_2", 40n)]).toEqual([1, "Unavailable"])
    expect(stepOf(twice, "ins_1", 40n)).toBe("Found")
  })
})
