import fc from "fast-check"
import { describe, expect, it } from "#test/vitest.js"
import {
  type Change,
  fromFields,
  isLater,
  maxIds,
  parts,
  readEntries,
  readStream,
  readTime,
  toFields
} from "../../../src/core/revocations/change.js"

const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/)
const ids = fc.array(id, { minLength: 1, maxLength: maxIds })
const millis = fc.integer({ min: 0, max: 999_999_999_999_999 })

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ type: fc.constant("revoke" as const), ids, ttl: millis }),
  fc.record({ type: fc.constant("hold" as const), ids, ttl: millis, cutoff: millis }),
  fc.record({ type: fc.constant("release" as const), ids })
)

describe("the entries of the stream", () => {
  it("are read as they were written", () => {
    fc.assert(
      fc.property(change, (change) => {
        expect(fromFields(toFields(change))).toEqual(change)
      }),
      { numRuns: 100 }
    )
  })

  it("of another version may have more fields", () => {
    const fields = ["by", "job_1", ...toFields({ type: "release", ids: ["user_1"] })]
    expect(fromFields(fields)).toEqual({ type: "release", ids: ["user_1"] })
  })

  it("of anybody else are skipped", () => {
    const foreign: ReadonlyArray<unknown> = [
      undefined,
      null,
      {},
      "type",
      [],
      ["type", "revoke"],
      ["type", "revoke", "ids", "sess_1"],
      ["type", "revoke", "ids", "sess_1", "ttl", "-1"],
      ["type", "revoke", "ids", "sess_1", "ttl", "1e3"],
      ["type", "revoke", "ids", "sess_1", "ttl", "9".repeat(16)],
      ["type", "revoke", "ids", "sess_1  sess_2", "ttl", "1"],
      ["type", "revoke", "ids", "sess_1\n", "ttl", "1"],
      ["type", "revoke", "ids", "x".repeat(129), "ttl", "1"],
      [
        "type",
        "revoke",
        "ids",
        Array(maxIds + 1)
          .fill("sess_1")
          .join(" "),
        "ttl",
        "1"
      ],
      ["type", "revoke", "ids", "sess_1", "ttl", 1],
      ["type", "hold", "ids", "user_1", "ttl", "1"],
      ["type", "__proto__", "ids", "user_1", "ttl", "1"],
      [...toFields({ type: "release", ids: ["user_1"] }), ...Array(30).fill("x")]
    ]
    for (const fields of foreign) expect(fromFields(fields)).toBeUndefined()
  })

  it("are never a reason to throw", () => {
    fc.assert(
      fc.property(fc.anything(), (anything) => {
        fromFields(anything)
        readEntries(anything)
        readStream(anything)
        readTime(anything)
        readEntries([["1-0", anything]])
        readStream([["stream", anything]])
      }),
      { numRuns: 500 }
    )
  })

  it("are split where they have many ids", () => {
    const ids = Array.from({ length: 1201 }, (_, at) => `sess_${at}`)
    const split = parts({ type: "revoke", ids, ttl: 5 })
    expect(split.map((part) => part.ids.length)).toEqual([500, 500, 201])
    expect(split.flatMap((part) => part.ids)).toEqual(ids)
  })
})

describe("the replies of Redis", () => {
  const entries = [
    ["1700000000000-0", ["type", "release", "ids", "user_1"]],
    ["1700000000001-7", ["hello", "world"]]
  ]
  const read = [
    { id: "1700000000000-0", receivedAt: 1_700_000_000_000, change: { type: "release", ids: ["user_1"] } },
    { id: "1700000000001-7", receivedAt: 1_700_000_000_001, change: undefined }
  ]

  it("have one stream, in each form that clients return", () => {
    expect(readStream([["key", entries]])).toEqual(read)
    expect(readStream({ key: entries })).toEqual(read)
    expect(readStream(new Map([["key", entries]]))).toEqual(read)
    expect(readStream(null)).toEqual([])
  })

  it("are rejected as a whole if an id is no id of an entry", () => {
    for (const id of ["1", "1-x", "-", "", 5, null]) {
      expect(readEntries([...entries, [id, []]])).toBeUndefined()
    }
    expect(readStream("OK")).toBeUndefined()
    expect(readStream([])).toBeUndefined()
  })

  it("tell the time in seconds and microseconds", () => {
    expect(readTime(["1700000000", "123456"])).toBe(1_700_000_000_123)
    expect(readTime([1_700_000_000, 999_999])).toBe(1_700_000_000_999)
    expect(readTime(["x", "1"])).toBeUndefined()
    expect(readTime("1700000000")).toBeUndefined()
  })

  it("order entries by both numbers of their ids", () => {
    expect(isLater("1000-0", "999-5")).toBe(true)
    expect(isLater("999-10", "999-9")).toBe(true)
    expect(isLater("999-9", "999-9")).toBe(false)
    expect(isLater("999-9", "1000-0")).toBe(false)
  })
})
