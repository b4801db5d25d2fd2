import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Session, SessionPage } from "effect-clerk"
import { describe, expect, it } from "#test/vitest.js"
import { page, session } from "../support/wire.js"

const decode = Schema.decodeUnknownSync(SessionPage)
const encode = Schema.encodeSync(SessionPage)
const decoded = Schema.decodeSync(Session)(session)
const encoded = Schema.encodeSync(Session)(decoded)

describe("SessionPage", () => {
  it("decodes the envelope, with the count of all", () => {
    expect(decode(page)).toStrictEqual({ data: [decoded], totalCount: 1 })
    expect(decode({ data: [], total_count: 0 })).toStrictEqual({ data: [], totalCount: 0 })
    expect(decode({ ...page, total_count: 12_345, next: "?" })).toStrictEqual({
      data: [decoded],
      totalCount: 12_345
    })
  })

  it("decodes a bare array, which has no count", () => {
    expect(decode([session, session])).toStrictEqual({ data: [decoded, decoded] })
    expect(decode([])).toStrictEqual({ data: [] })
  })

  it("decodes a count of null, or a missing count, as unknown", () => {
    expect(decode({ data: [], total_count: null })).toStrictEqual({ data: [] })
    expect(decode({ data: [] })).toStrictEqual({ data: [] })
  })

  it("rejects other values", () => {
    for (const value of [
      null,
      "sessions",
      {},
      session,
      { total_count: 1 },
      { data: null },
      { data: session },
      { data: [null], total_count: 1 },
      { data: [session, {}], total_count: 2 },
      { data: [], total_count: -1 },
      { data: [], total_count: 1.5 },
      { data: [], total_count: "1" },
      [session, null],
      [[session]]
    ]) {
      expect(Option.isNone(Schema.decodeUnknownOption(SessionPage)(value)), JSON.stringify(value)).toBe(true)
    }
  })

  it("encodes to the envelope, from the envelope and from the array", () => {
    expect(encode(decode(page))).toStrictEqual({ data: [encoded], total_count: 1 })
    expect(encode(decode([session]))).toStrictEqual({ data: [encoded] })
  })
})
