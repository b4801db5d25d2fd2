import * as FastCheck from "fast-check"
import { describe, expect, it } from "#test/vitest.js"
import { makeRedactor } from "../../../src/core/redaction/redact.js"
import { plainProp } from "../../support/properties.js"

const hideSecrets = (text: string, secrets: ReadonlyArray<string>): string => makeRedactor(secrets).hide(text)

const key = "sk_live_CanaryKey7Qm2xVb9Tz4Lw8"

const base64 = (text: string) => Buffer.from(text).toString("base64")
const hex = (text: string) => Buffer.from(text).toString("hex")
const each = (text: string, write: (code: number) => string) =>
  [...text].map((letter) => write(letter.charCodeAt(0))).join("")
const hexOf = (code: number, digits: number) => code.toString(16).padStart(digits, "0")

const invisible = "split by what cannot be seen"

interface Encoding {
  readonly encode: (text: string) => string
  /** The number of characters that encode one character. */
  readonly expansion: number
  /** Whether it applies to the secret only, because other encodings depend on the case. */
  readonly isFirst?: boolean
}

const encodings: { readonly [name: string]: Encoding } = {
  "as it is": { encode: (text) => text, expansion: 1 },
  "in base64": { encode: base64, expansion: 4 / 3 },
  "in base64 without padding": { encode: (text) => base64(text).replaceAll("=", ""), expansion: 4 / 3 },
  "in base64url": { encode: (text) => Buffer.from(text).toString("base64url"), expansion: 4 / 3 },
  "in base64 behind one letter": { encode: (text) => base64(`:${text}`), expansion: 4 / 3 },
  "in base64 behind two letters": { encode: (text) => base64(`::${text}:`), expansion: 4 / 3 },
  "in base64 of UTF-16": {
    encode: (text) => Buffer.from(text, "utf16le").toString("base64"),
    expansion: 8 / 3
  },
  "in hex": { encode: hex, expansion: 2 },
  "in hex in capitals": { encode: (text) => hex(text).toUpperCase(), expansion: 2 },
  "in hex with colons": { encode: (text) => hex(text).replace(/..(?!$)/g, "$&:"), expansion: 2 },
  "in hex with 0x": { encode: (text) => each(text, (code) => `0x${hexOf(code, 2)} `), expansion: 2 },
  "percent-encoded": { encode: encodeURIComponent, expansion: 1 },
  "percent-encoded letter by letter": {
    encode: (text) => each(text, (code) => `%${hexOf(code, 2)}`),
    expansion: 3
  },
  "percent-encoded in part": {
    encode: (text) => text.replace(/[_a-k]/g, (letter) => `%${hex(letter).toUpperCase()}`),
    expansion: 1
  },
  "escaped as in JSON": { encode: (text) => each(text, (code) => `\\u${hexOf(code, 4)}`), expansion: 6 },
  "escaped as in JavaScript": {
    encode: (text) => each(text, (code) => `\\x${hexOf(code, 2)}`),
    expansion: 4
  },
  "in HTML's entities": { encode: (text) => each(text, (code) => `&#${code};`), expansion: 5 },
  "in HTML's hexadecimal entities": {
    encode: (text) => each(text, (code) => `&#x${hexOf(code, 2)};`),
    expansion: 6
  },
  "in capitals": { encode: (text) => text.toUpperCase(), expansion: 1, isFirst: true },
  "in small letters": { encode: (text) => text.toLowerCase(), expansion: 1, isFirst: true },
  "split by a space": { encode: (text) => `${text.slice(0, 5)} ${text.slice(5)}`, expansion: 1 },
  "split by line ends": { encode: (text) => text.replace(/.{7}/g, "$&\r\n"), expansion: 1.5 },
  "letter by letter": { encode: (text) => [...text].join(" "), expansion: 1 },
  [invisible]: {
    encode: (text) => text.replace(/.{3}/g, "$&\u200b\u00ad"),
    expansion: 1
  }
}

const reversed = (text: string) => [...text].reverse().join("")

/** The longest common text, without white space and invisible characters. */
const longestShared = (a: string, b: string): number => {
  const [text, other] = [a, b].map((each) => each.replaceAll(/[\s\u200b\u00ad]/g, "")) as [string, string]
  let longest = 0
  for (let from = 0; from < text.length; from++) {
    while (from + longest < text.length && other.includes(text.slice(from, from + longest + 1))) longest++
  }
  return longest
}

const sentence = (quoted: string) => `The gateway did not accept ${quoted} as a credential for /v1/sessions.`

describe("a secret in an error's text is masked", () => {
  for (const [name, { encode, expansion }] of Object.entries(encodings)) {
    it(`${name}, the whole of it or its last 16 characters`, () => {
      for (const part of [key, key.slice(-16), key.slice(5, 17)]) {
        const shown = hideSecrets(sentence(encode(part)), [key])
        expect(shown).toMatch(/^The gateway did not accept .*\*\*\*.* as a credential for \/v1\/sessions\.$/)
        expect(longestShared(shown, encode(part))).toBeLessThan(12 * expansion)
      }
    })
  }

  for (const [name, quoted] of [
    ["in a Basic header as the user", `Basic ${base64(`${key}:`)}`],
    ["in a Basic header as the password", `Basic ${base64(`api:${key}`)}`],
    ["in base64 that lost its case", base64(`user:${key}`).toLowerCase()],
    ["in base64 that lost its case, in capitals", base64(`a${key}`).toUpperCase()],
    ["backwards", reversed(key)],
    ["backwards in base64", base64(reversed(key))],
    ["in base64 backwards", reversed(base64(key))],
    ["in pieces between other characters", key.replace(/.{4}/g, '$&" + "')],
    ["in lines of base64", base64(`{"authorization":"Bearer ${key}"}`).replace(/.{10}/g, "$&\n")],
    ["in a query in a URL", new URLSearchParams({ key: base64(key) }).toString()],
    ["in base64, split by what cannot be seen", base64(encodings[invisible]?.encode(key) ?? "")],
    [
      "in entities, split by what cannot be seen",
      [...key].map((letter) => `&#${letter.charCodeAt(0)};&#8203;`).join("")
    ],
    ["in JSON in JSON", JSON.stringify(JSON.stringify({ [key]: key }))]
  ] as const) {
    it(name, () => {
      const shown = hideSecrets(sentence(quoted), [key])
      expect(shown).toContain("***")
      expect(shown).toMatch(/^The gateway did not accept .* as a credential for \/v1\/sessions\.$/s)
      expect(longestShared(shown, quoted)).toBeLessThan(60)
    })
  }

  const keys = FastCheck.tuple(
    FastCheck.constantFrom("sk_test_", "sk_live_", ""),
    FastCheck.stringMatching(/^[A-Za-z0-9]{20,48}$/)
  ).map(([prefix, rest]) => prefix + rest)
  const words = FastCheck.stringMatching(/^(?:[a-z]{1,9} ){0,8}$/)
  // In other encodings, invisible characters add common text without information.
  const composable = Object.keys(encodings).filter((name) => name !== invisible)
  const layers = FastCheck.array(FastCheck.constantFrom(...composable), { maxLength: 3 })

  plainProp(
    "for any key, in any composition of up to three encodings, for any part of it",
    [keys, words, words, layers, FastCheck.nat(), FastCheck.nat()],
    ([secret, before, after, names, start, length]) => {
      const from = start % (secret.length - 11)
      const run = secret.slice(from, from + 12 + (length % (secret.length - from - 11)))
      const chosen = names.flatMap((name) => encodings[name] ?? [])
      FastCheck.pre(chosen.every(({ isFirst }, at) => isFirst !== true || at === 0))
      const encoded = chosen.reduce((text, { encode }) => encode(text), run)
      const expansion = chosen.reduce((product, layer) => product * layer.expansion, 1)
      const shown = hideSecrets(`${before}${encoded} ${after}`, [secret])
      expect(shown).toContain("***")
      expect(longestShared(shown, encoded)).toBeLessThan(12 * expansion)
    },
    500
  )

  plainProp(
    "and a text without it is unchanged",
    [keys, FastCheck.string({ unit: "binary", maxLength: 400 }), words],
    ([secret, text, prose]) => {
      expect(hideSecrets(text, [secret])).toBe(text)
      expect(hideSecrets(prose, [secret])).toBe(prose)
      expect(hideSecrets(base64(text), [secret])).toBe(base64(text))
    }
  )

  it("while a message of Clerk without a secret stays unchanged", () => {
    for (const text of [
      "resource_not_found",
      "The secret key is invalid. Make sure it starts with sk_test_ or sk_live_",
      "authentication_invalid: Unable to authenticate the request, you need to supply an active session",
      "No session was found with id sess_2fGxGZ1fZVdYkTq0QmXq1l2n3o4",
      "0af7651916cd43dd8448eb211c80319c",
      "8f14e45fceea167a-FRA"
    ]) {
      expect(hideSecrets(text, [key, "sk_test_emulator"])).toBe(text)
    }
  })
})

describe("the search for secrets", () => {
  it("takes little time for a malicious text", () => {
    const secrets = [key, "x".repeat(40), `eyJ${"Token".repeat(300)}`]
    let nested = key
    for (let layer = 0; layer < 12 && nested.length < 32_768; layer++) nested = base64(`${nested} ${nested}`)
    const texts = [nested, "%2525", "VVVV", "\\u005c", "&#38;", "0x", "AAAA", " s k", "___", key.slice(0, 11)]
    const started = performance.now()
    for (const text of texts) {
      expect(hideSecrets(text.repeat(32_768 / text.length + 1).slice(0, 32_768), secrets)).toBeDefined()
    }
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  it("ends early and shows nothing when nested encodings take too long", () => {
    const nest = (text: string) => [text, `:${text}`, `::${text}`].map(base64).concat(hex(text)).join(" %41 ")
    expect(hideSecrets(`${nest(nest("harmless"))} ${key}`, [key])).not.toBe("***")
    // A text without the secret is hidden too, because the search cannot know that before its end.
    for (const text of [key, "harmless"]) {
      expect(hideSecrets(nest(nest(nest(text))), [key])).toBe("***")
    }
  })

  it("reads only the beginning of a long text", () => {
    const started = performance.now()
    const shown = makeRedactor([key]).text(`${key} ${"c2tf".repeat(2_000_000)}`)
    expect(shown.startsWith("*** ")).toBe(true)
    expect(performance.now() - started).toBeLessThan(500)
  })
})
