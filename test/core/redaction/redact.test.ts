import { inspect } from "node:util"
import * as FastCheck from "fast-check"
import { describe, expect, it } from "#test/vitest.js"
import { makeRedactor, noSecrets, textsIn, visibleText } from "../../../src/core/redaction/redact.js"
import { plainProp } from "../../support/properties.js"

const scrubText = (text: string, secrets: ReadonlyArray<string>): string => makeRedactor(secrets).text(text)
const scrubJson = (value: unknown, secrets: ReadonlyArray<string>): unknown =>
  makeRedactor(secrets).json(value)

const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyXzEifQ.c2lnbmF0dXJl-_"

describe("Redactor.text", () => {
  for (const [name, text, clean] of [
    ["keeps a harmless text", "No session was found with id sess_1", "No session was found with id sess_1"],
    ["masks a secret key", "key sk_live_abc123 is wrong", "key *** is wrong"],
    ["masks a test key in quotes", 'the key "sk_test_a/b+c=" is wrong', 'the key "***" is wrong'],
    ["masks a signing secret", "whsec_QUJD+/x= is wrong", "*** is wrong"],
    ["masks a publishable key", "pk_test_Y2xlcms$", "***"],
    ["masks a token", `token ${jwt}, expired`, "token ***, expired"],
    ["masks the half of a token", jwt.slice(0, 30), "***"],
    ["masks an authorization header", "authorization: bearer abc.def", "authorization: ***"],
    ["masks cookies by their names", "__session=abc; __client_uat=1; __refresh_MqCv=x", "***; ***; ***"],
    ["replaces line ends", "first\r\nsecond\u2028third\u0000\u001b[31mred", "first second third [31mred"],
    ["does not take an ordinary word for a key", "ask_testing the_sk_test", "ask_testing the_sk_test"]
  ] as const) {
    it(name, () => expect(scrubText(text, [])).toBe(clean))
  }

  it("masks every occurrence of the given secrets, also of those that look like patterns", () => {
    expect(scrubText("a$&b and a$&b, not .*", ["a$&b"])).toBe("*** and ***, not .*")
    expect(scrubText("anything at all", [".*", "[a-z]+"])).toBe("anything at all")
  })

  it("masks a secret that contains another one", () => {
    const inner = "inner-secret"
    const outer = `before=${inner}; after=hidden`
    for (const secrets of [
      [inner, outer],
      [outer, inner]
    ]) {
      expect(scrubText(`header ${outer} refused`, secrets)).toBe("header *** refused")
    }
  })

  it("cuts a long text, and shows that it is cut", () => {
    expect(scrubText("a".repeat(300), [])).toBe("a".repeat(300))
    expect(scrubText("a".repeat(301), [])).toBe(`${"a".repeat(300)}…`)
    expect(scrubText("a".repeat(10_000_000), [])).toBe(`${"a".repeat(300)}…`)
  })

  it("does not cut a secret into a part that it would not recognise", () => {
    const secret = "s3cr3t-".repeat(70)
    for (const prefix of [0, 1, 250, 290, 299, 300, 700, 1_199]) {
      expect(scrubText("x".repeat(prefix) + secret.repeat(3), [secret])).not.toContain("s3cr3t")
    }
  })

  it("takes little time for any long text", () => {
    const texts = ["eyJ", "sk_live_", "Bearer ", "__session=", "eyJ.", " \t", "\u0000"]
    const started = performance.now()
    for (const text of texts) {
      expect(scrubText(text.repeat(200_000), ["a secret"]).length).toBeLessThanOrEqual(301)
    }
    expect(performance.now() - started).toBeLessThan(1_000)
  })

  plainProp(
    "never shows a secret, at any place in a text",
    [
      FastCheck.string({ maxLength: 400 }),
      FastCheck.stringMatching(/^[!-~]{8,64}$/),
      FastCheck.string({ maxLength: 400 })
    ],
    // A secret that is a part of the mask cannot be masked.
    ([before, secret, after]) => {
      FastCheck.pre(!/^\*+$/.test(secret))
      expect(scrubText(before + secret + after, [secret])).not.toContain(secret)
    }
  )

  plainProp(
    "always returns one short line",
    [FastCheck.string({ unit: "binary", maxLength: 2_000 })],
    ([text]) => {
      const clean = scrubText(text, [])
      expect(clean.length).toBeLessThanOrEqual(301)
      expect(clean).not.toMatch(/[\r\n\u2028\u2029]/)
    }
  )
})

describe("Redactor.json", () => {
  it("masks every text, including keys, and keeps the rest", () => {
    const value = {
      param_name: "user_id",
      count: 3,
      ok: true,
      none: null,
      list: ["a-secret", 1, { [jwt]: "sk_live_abc" }],
      "a-secret": "x"
    }
    expect(scrubJson(value, ["a-secret"])).toEqual({
      param_name: "user_id",
      count: 3,
      ok: true,
      none: null,
      list: ["***", 1, { "***": "***" }],
      "***": "x"
    })
  })

  it("limits the depth of a value", () => {
    const nested = (depth: number): unknown => (depth === 0 ? "end" : [nested(depth - 1)])
    expect(JSON.stringify(scrubJson(nested(8), []))).toBe('[[[[[[[["end"]]]]]]]]')
    expect(JSON.stringify(scrubJson(nested(9), []))).toBe('[[[[[[[["***"]]]]]]]]')
    const deep: unknown = JSON.parse("[".repeat(100_000) + "]".repeat(100_000))
    expect(JSON.stringify(scrubJson(deep, []))).toBe('[[[[[[[["***"]]]]]]]]')
  })

  it("limits the width of a value", () => {
    expect(scrubJson(Array.from({ length: 1_000 }, String), [])).toHaveLength(64)
    const wide = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`key${index}`, index]))
    expect(Object.keys(Object(scrubJson(wide, [])))).toHaveLength(64)
  })

  it("does not change prototypes", () => {
    const clean = scrubJson(JSON.parse('{"__proto__":{"polluted":true}}'), [])
    expect(Object.getPrototypeOf(clean)).toBe(Object.prototype)
    expect(Reflect.get({}, "polluted")).toBeUndefined()
  })
})

describe("Redactor.with", () => {
  it("returns a redactor that hides the secrets of both", () => {
    const redactor = makeRedactor(["a-first-secret"]).with(["another-secret"])
    expect(redactor.hide("a-first-secret, another-secret.")).toBe("***, ***.")
    expect(noSecrets.with(["another-secret"]).hide("a-first-secret, another-secret.")).toBe(
      "a-first-secret, ***."
    )
  })

  it("returns the same redactor for no further secrets", () => {
    const redactor = makeRedactor(["a-first-secret"])
    expect(redactor.with([])).toBe(redactor)
    expect(noSecrets.with([])).toBe(noSecrets)
  })
})

describe("makeRedactor", () => {
  it("returns a value that does not show the secrets when it is printed", () => {
    const redactor = makeRedactor(["a-first-secret"])
    expect(inspect(redactor, { depth: 10, showHidden: true })).not.toContain("a-first-secret")
  })

  it("does not change a text without credentials when there are no secrets", () => {
    expect(makeRedactor([])).toBe(noSecrets)
    expect(noSecrets.hide("sk_live_abc")).toBe("sk_live_abc")
    expect(noSecrets.text("key sk_live_abc")).toBe(visibleText("key sk_live_abc"))
  })
})

describe("textsIn", () => {
  it("finds every text of eight characters or more, at any depth", () => {
    expect(
      textsIn({ a: "12345678", b: ["short", ["a longer one"], { c: "and another" }], d: 5, e: null })
    ).toEqual(["12345678", "a longer one", "and another"])
    expect(textsIn("1234567")).toEqual([])
    expect(textsIn(undefined)).toEqual([])
  })

  it("finds each cookie of a header, so that a short one is masked where it stands alone", () => {
    const header = "sid=4f9a81c2; theme=dark; other=b7d05e13a"
    expect(textsIn({ cookie: header })).toEqual([header, "4f9a81c2", "b7d05e13a"])
    expect(scrubText("the cookie 4f9a81c2 is unknown", textsIn({ cookie: header }))).toBe(
      "the cookie *** is unknown"
    )
  })
})
