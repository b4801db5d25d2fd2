import { isUtf8 } from "node:buffer"
import * as FastCheck from "fast-check"
import { describe, expect, it } from "#test/vitest.js"
import {
  decodeBase64url,
  decodeBase64urlText,
  isCanonicalBase64url,
  isKeyId,
  readCompact,
  readPart
} from "../../../src/core/token/compact.js"
import { plainProp } from "../../support/properties.js"
import { claims, encode, header, kid, sessionToken } from "../../support/tokens.js"

const depthOf = (value: unknown): number =>
  typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0

/** JSON with quotes, braces, colons and backslashes in its keys and values. */
const awkward = FastCheck.stringMatching(/^["\\{}[\]:,u0-9a\n ]{0,12}$/)
const anyObject = FastCheck.dictionary(
  FastCheck.oneof(awkward, FastCheck.string()),
  FastCheck.oneof(awkward, FastCheck.jsonValue(), FastCheck.dictionary(awkward, awkward))
)

describe("a part of a token", () => {
  plainProp("is read as JSON", [anyObject, FastCheck.nat(3)], ([object, blanks]) => {
    const json = JSON.stringify(object, null, blanks)
    expect(readPart(encode(json))).toEqual(JSON.parse(json))
  })

  plainProp("is not read when it has a member twice", [anyObject, awkward], ([object, name]) => {
    const { [name]: _, ...rest } = object
    const twice = Object.entries(rest).map(
      ([each, value]) => `${JSON.stringify(each)}:${JSON.stringify(value)}`
    )
    const member = `${JSON.stringify(name)}:1`
    expect(readPart(encode(`{${[member, ...twice].join()}}`))).toBeDefined()
    expect(readPart(encode(`{${[member, ...twice, member].join()}}`))).toBeUndefined()
  })

  it("has at most 64 levels", () => {
    const nested = (levels: number) => `{"x":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`
    expect(depthOf(JSON.parse(nested(64)))).toBe(64)
    expect(readPart(encode(nested(64)))).toBeDefined()
    expect(readPart(encode(nested(65)))).toBeUndefined()
  })

  it("may have a member twice in a nested object, where the last one counts", () => {
    expect(readPart(encode('{"o":{"rol":"admin","rol":"member"}}'))).toEqual({ o: { rol: "member" } })
  })
})

describe("a token", () => {
  it("is split into its key id, its signed text, its payload and its signature", () => {
    const token = sessionToken()
    const [head, payload, signature] = token.split(".")
    expect(readCompact(token, "session")).toEqual({
      text: token,
      kid,
      signed: `${head}.${payload}`,
      payload,
      signature
    })
  })

  it("of the maximum length is split, and one character more is too long", () => {
    const head = `${encode(header())}.`
    const filled = (length: number) => {
      const signature = `.${"A".repeat(340)}`
      return `${head}${"A".repeat(length - head.length - signature.length)}${signature}`
    }
    expect(readCompact(filled(16_384), "session")).toMatchObject({ kid })
    expect(readCompact(filled(16_388), "session")).toBe("format")
  })

  it("may have a header of 2,048 characters at most", () => {
    const padded = (length: number) => {
      const shortest = encode(header({ x: "" })).length
      const head = encode(header({ x: "a".repeat(Math.floor(((length - shortest) * 3) / 4)) }))
      return [head.length, readCompact(`${head}.${encode(claims())}.AAAA`, "session")] as const
    }
    const [length, read] = padded(2_048)
    expect([length, typeof read]).toEqual([2_048, "object"])
    expect(padded(2_052)[1]).toBe("format")
  })

  it("that is far too long is rejected without being read", () => {
    const hostile = [
      "a".repeat(10_000_000),
      ".".repeat(10_000_000),
      `${sessionToken()}${" ".repeat(10_000_000)}`,
      "\ud83d".repeat(5_000_000)
    ]
    const started = performance.now()
    for (let round = 0; round < 250; round++) {
      for (const token of hostile) expect(readCompact(token, "session")).toBe("format")
    }
    // A thousand of them take less time than reading one.
    expect(performance.now() - started).toBeLessThan(250)
  })

  it("of the maximum length and the slowest form is rejected in a few milliseconds", () => {
    const fill = (text: string, length = 11_700) => text.repeat(Math.floor(length / text.length))
    const dots = fill(".", 16_384)
    const payloads = [
      fill("["),
      `${fill("[", 5_800)}${fill("]", 5_800)}`,
      `{"a":${fill('{"a":')}`,
      `{${Array.from({ length: 1_200 }, (_, at) => `"${at}":1`).join()}}`,
      `{"x":"${fill("\\u0000")}"}`,
      `{"x":${fill("9")}}`,
      fill("\\"),
      fill('"'),
      fill(" ")
    ].map(encode)
    const tokens = [
      dots,
      fill("a.", 16_384),
      fill("a", 16_384),
      `${encode(header())}.${payloads[0]}.${"A".repeat(300)}`
    ]
    const times = [
      ...payloads.map((payload) => () => readPart(payload)),
      ...tokens.map((token) => () => readCompact(token, "session"))
    ].map((attempt) => {
      const rounds = Array.from({ length: 20 }, () => {
        const started = performance.now()
        attempt()
        return performance.now() - started
      })
      // The fastest run counts, because other programs may have slowed down the others.
      return Math.min(...rounds)
    })
    expect(Math.max(...times)).toBeLessThan(3)
  })
})

describe("a header in the cache", () => {
  const compact = (header: object) => `${encode(header)}.${encode({ sub: "user_1" })}.AAAA`
  const session = { alg: "RS256", kid: "ins_1", cat: "cl_B7d4PD111AAA" }

  it("is checked again for tokens of the other category", () => {
    const token = compact(session)
    expect(readCompact(token, "session")).toMatchObject({ kid: "ins_1" })
    expect(readCompact(token, "template")).toBe("category")
    expect(readCompact(token, "session")).toMatchObject({ kid: "ins_1" })
  })

  it("does not affect another one, nor does a rejected one", () => {
    expect(readCompact(compact(session), "session")).toMatchObject({ kid: "ins_1" })
    expect(readCompact(compact({ ...session, alg: "none" }), "session")).toBe("alg")
    expect(readCompact(compact({ ...session, alg: "none" }), "session")).toBe("alg")
    expect(readCompact(compact({ ...session, kid: "ins_2" }), "session")).toMatchObject({ kid: "ins_2" })
    expect(readCompact(compact(session), "session")).toMatchObject({ kid: "ins_1" })
  })
})

describe("a key id", () => {
  it.each([
    "ins_2g7np7Hrk0SN6kj5EDMLDaKNL0S",
    "a",
    "-",
    "_",
    "i".repeat(128),
    "ins_1.2",
    "2026.01",
    "signing@example.com",
    "2026-01-15T12:00:00Z",
    "urn:uuid:2c127fa4-62c7-7e4f-90e5-472b45eecfdc",
    "bm9+dXJs=",
    "~key",
    "__proto__"
  ])("may be %s", (kid) => expect(isKeyId(kid)).toBe(true))
  it.each([
    ["nothing", ""],
    ["a line end", "ins_1\n"],
    ["a dot", "."],
    ["two dots", ".."],
    ["a hidden file", ".ins_1"],
    ["two dots within", "ins_1..2"],
    ["a path", "keys/ins_1"],
    ["a path with backslashes", "keys\\ins_1"],
    ["a climb", "../ins_1"],
    ["an escape", "%2e%2e"],
    ["a URL", "https://evil.example"],
    ["SQL", "x' OR '1'='1"],
    ["quotes", 'ins"1'],
    ["a space", "ins 1"],
    ["a tab", "ins\t1"],
    ["NUL", "ins_1\0"],
    ["DEL", "ins_1\u007f"],
    ["a letter of another alphabet", "іns_1"],
    ["a character of no width", "ins\u200b1"],
    ["a lone surrogate", "ins\ud800"],
    ["a semicolon", "ins_1;x"],
    ["one character too long", "i".repeat(129)],
    ["undefined", undefined],
    ["text in a box", Object("ins_1")]
  ])("is not %s", (_, kid) => expect(isKeyId(kid)).toBe(false))
})

const anyText = FastCheck.oneof(FastCheck.string(), FastCheck.string({ unit: "grapheme" }))
const spelling = FastCheck.stringMatching(/^[A-Za-z0-9_-]{1,40}$/)

describe("base64url", () => {
  plainProp("decodes encoded bytes", [FastCheck.uint8Array()], ([bytes]) => {
    expect(decodeBase64url(Buffer.from(bytes).toString("base64url"))).toEqual(new Uint8Array(bytes))
  })

  plainProp("decodes encoded text, ASCII and other", [anyText], ([text]) => {
    expect(decodeBase64urlText(Buffer.from(text).toString("base64url"))).toBe(text)
  })

  plainProp("decodes UTF-8 to a text, and other bytes to nothing", [FastCheck.uint8Array()], ([bytes]) => {
    const encoded = Buffer.from(bytes).toString("base64url")
    if (isUtf8(bytes)) expect(Buffer.from(decodeBase64urlText(encoded))).toEqual(Buffer.from(bytes))
    else expect(() => decodeBase64urlText(encoded)).toThrow(TypeError)
  })

  it("keeps a byte order mark", () => {
    expect(decodeBase64urlText(Buffer.from("\ufeff{}").toString("base64url"))).toBe("\ufeff{}")
  })

  plainProp("is canonical only when it is the encoding of its bytes", [spelling], ([text]) => {
    expect(isCanonicalBase64url(text)).toBe(Buffer.from(text, "base64url").toString("base64url") === text)
  })

  it("is canonical in one of the 16 or 4 spellings of a last character", () => {
    const alphabet = Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    const canonical = (start: string) => alphabet.filter((last) => isCanonicalBase64url(`${start}${last}`))
    expect(canonical("A")).toEqual(["A", "Q", "g", "w"])
    expect(canonical("AA")).toEqual(alphabet.filter((_, at) => at % 4 === 0))
    expect(canonical("AAA")).toEqual(alphabet)
    // No number of bytes has this length.
    expect(canonical("")).toEqual([])
    expect(canonical("AAAA")).toEqual([])
  })
})
