import { describe, expect, it } from "#test/vitest.js"
import { sourceFailure } from "../../src/core/sourceFailure.js"

describe("the failure of a source", () => {
  const cases: ReadonlyArray<
    readonly [title: string, error: unknown, name: string | undefined, isPermanent: boolean]
  > = [
    ["a text", "sk_test_secret", undefined, false],
    ["nothing", undefined, undefined, false],
    ["a plain error", new Error("postgres://user:secret@db"), undefined, false],
    ["an error with a code", Object.assign(new Error("x"), { code: "ENOENT" }), "ENOENT", false],
    ["a tagged error", { _tag: "SqlError", message: "secret" }, "SqlError", false],
    ["a tag that is a sentence", { _tag: "the secret is 123" }, undefined, false],
    ["a tag that is a key", { _tag: "sk_test_a2V5" }, undefined, false],
    ["a 404", { _tag: "VaultError", statusCode: 404 }, "VaultError 404", true],
    ["a 408", { status: 408 }, "408", false],
    ["a 500", { status: 500 }, "500", false],
    ["a status that is no number", { status: "403" }, undefined, false],
    ["the response of an Effect 4 client", { reason: { response: { status: 401 } } }, "401", true],
    [
      "a throttled request",
      { name: "ThrottlingException", $metadata: { httpStatusCode: 400 } },
      "ThrottlingException 400",
      false
    ],
    ["an error that says it is retryable", { status: 400, retryable: true }, "400", false]
  ]
  for (const [title, error, name, isPermanent] of cases) {
    it(`has ${name ?? "no name"}, and is ${isPermanent ? "permanent" : "transient"} for ${title}`, () => {
      expect(sourceFailure(error)).toEqual({ name, isPermanent })
    })
  }

  it("is described although a getter throws", () => {
    const error = Object.defineProperty({ _tag: "SqlError" }, "status", {
      get: () => {
        throw new Error("secret")
      }
    })
    expect(sourceFailure(error)).toEqual({ name: "SqlError", isPermanent: false })
  })
})
