import { describe, expect, it } from "#test/vitest.js"
import { didYouMean } from "../../src/core/input.js"

const known = ["secretKey", "apiUrl", "allowAnySecretKey", "maxResponseBytes", "userId"]

describe("the question about a misspelt name", () => {
  const meant: ReadonlyArray<readonly [name: string, known: string]> = [
    ["secret_key", "secretKey"],
    ["SECRET_KEY", "secretKey"],
    ["secret-key", "secretKey"],
    ["secretkey", "secretKey"],
    ["secretKye", "secretKey"],
    ["user_id", "userId"],
    ["api_url", "apiUrl"],
    ["allow_any_secret_key", "allowAnySecretKey"],
    ["max_response_bytes", "maxResponseBytes"],
    ["max_respons_byte", "maxResponseBytes"]
  ]
  for (const [name, expected] of meant) {
    it(`names ${expected} for ${name}`, () => {
      expect(didYouMean(name, known)).toBe(`; did you mean ${expected}?`)
    })
  }

  for (const name of ["retries", "", "_", "key", "x".repeat(10_000)]) {
    it(`is absent for ${name.slice(0, 20) || "an empty name"}`, () => {
      expect(didYouMean(name, known)).toBe("")
    })
  }
})
