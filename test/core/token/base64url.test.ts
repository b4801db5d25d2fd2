import { isUtf8 } from "node:buffer"
import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import {
  decodeBase64url,
  decodeBase64urlText,
  isCanonicalBase64url
} from "../../../src/core/token/base64url.js"

const anyText = FastCheck.oneof(FastCheck.string(), FastCheck.string({ unit: "grapheme" }))
const spelling = FastCheck.stringMatching(/^[A-Za-z0-9_-]{1,40}$/)

describe("base64url", () => {
  it.prop("decodes encoded bytes", [FastCheck.uint8Array()], ([bytes]) => {
    expect(decodeBase64url(Buffer.from(bytes).toString("base64url"))).toEqual(new Uint8Array(bytes))
  })

  it.prop("decodes encoded text, ASCII and other", [anyText], ([text]) => {
    expect(decodeBase64urlText(Buffer.from(text).toString("base64url"))).toBe(text)
  })

  it.prop("decodes UTF-8 to a text, and other bytes to nothing", [FastCheck.uint8Array()], ([bytes]) => {
    const encoded = Buffer.from(bytes).toString("base64url")
    if (isUtf8(bytes)) expect(Buffer.from(decodeBase64urlText(encoded))).toEqual(Buffer.from(bytes))
    else expect(() => decodeBase64urlText(encoded)).toThrow(TypeError)
  })

  it("keeps a byte order mark", () => {
    expect(decodeBase64urlText(Buffer.from("\ufeff{}").toString("base64url"))).toBe("\ufeff{}")
  })

  it.prop("is canonical only when it is the encoding of its bytes", [spelling], ([text]) => {
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
