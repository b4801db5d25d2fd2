import { createHmac } from "node:crypto"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "#test/vitest.js"
import { ours } from "../support/tokenKeys.js"
import {
  category,
  claims,
  encode,
  header,
  keysOf,
  kid,
  ourKey,
  ourPrivateKey,
  pemOf,
  publicJwk,
  sessionToken,
  signatureOf,
  tokenOf
} from "../support/tokens.js"
import { claimsOf, reasonOf, untouchedKeys, verifyAt } from "../support/verification.js"

const good = sessionToken()
const [head = "", payload = "", signature = ""] = good.split(".")

/** A valid token with a changed header. It is signed, so that only the header is invalid. */
const headed = (changes: { readonly [name: string]: unknown }) => sessionToken({}, changes)

/** Signed with a text as the secret, as by an attacker who knows only public values. */
const hmac = (secret: string | Buffer, changes: { readonly [name: string]: unknown } = { alg: "HS256" }) => {
  const signed = `${encode(header(changes))}.${payload}`
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`
}

const pem = pemOf(ours)
const jwk = publicJwk(ours, kid)

type Cases = ReadonlyArray<readonly [name: string, token: unknown]>

/** Each is rejected before any key is requested. */
const refuses = (reason: string, cases: Cases) => {
  for (const [name, token] of cases) {
    it.effect(name, () =>
      Effect.gen(function* () {
        expect(yield* reasonOf(token, undefined, { keys: untouchedKeys })).toBe(reason)
      })
    )
  }
}

it.effect("the token that all of these are made from is valid", () =>
  Effect.gen(function* () {
    expect((yield* claimsOf(good)).userId).toBe(claims().sub)
  })
)

describe("another algorithm than RS256 is rejected:", () => {
  const signedAs = (alg: string, digest: string | null, key: Parameters<typeof signatureOf>[1]) => {
    const signed = `${encode(header({ alg }))}.${payload}`
    return `${signed}.${signatureOf(signed, key, digest)}`
  }
  const pss = { key: ourPrivateKey, padding: 6, saltLength: 32 } // RSA_PKCS1_PSS_PADDING
  refuses("alg", [
    ...["none", "nOnE", "NONE", "None", "", "rs256", "Rs256", "RS256 ", "RS25", "RS2560"].map(
      (alg) => [`called ${JSON.stringify(alg)}`, headed({ alg })] as const
    ),
    ["missing", headed({ alg: undefined })],
    ["null", headed({ alg: null })],
    ["a number", headed({ alg: 256 })],
    ["a list with the right one", headed({ alg: ["RS256"] })],
    ["an object", headed({ alg: { toString: "RS256" } })],
    ["HS256 with the PEM as its secret", hmac(pem)],
    ["HS256 with the PEM and a space before it", hmac(` ${pem}`)],
    ["HS256 with the PEM without its line end", hmac(pem.trim())],
    [
      "HS256 with the DER",
      hmac(Buffer.from(pem.replace(/-----[^-]+-----/g, "").replace(/\s/g, ""), "base64"))
    ],
    ["HS256 with the modulus", hmac(jwk.n ?? "")],
    ["HS256 with the bytes of the modulus", hmac(Buffer.from(jwk.n ?? "", "base64url"))],
    ["HS256 with the key as JSON", hmac(JSON.stringify(jwk))],
    ["HS256 with the key set as JSON", hmac(JSON.stringify({ keys: [jwk] }))],
    ["RS384, rightly signed", signedAs("RS384", "sha384", ourPrivateKey)],
    ["RS512, rightly signed", signedAs("RS512", "sha512", ourPrivateKey)],
    ["PS256, rightly signed", signedAs("PS256", "sha256", pss)],
    ...["ES256", "EdDSA", "Ed25519"].map(
      (alg) => [`${alg} over an RS256 signature`, headed({ alg })] as const
    ),
    [
      "ES256 with a signature of zeros",
      `${encode(header({ alg: "ES256" }))}.${payload}.${encode(Buffer.alloc(64))}`
    ],
    [
      "EdDSA with a small-order point",
      `${encode(header({ alg: "EdDSA" }))}.${payload}.${encode(Buffer.alloc(64, 1))}`
    ]
  ])
})

describe("a header with an extension is rejected:", () => {
  refuses("header", [
    ["crit with an unknown name", headed({ crit: ["exp2"], exp2: 1 })],
    ["crit without names", headed({ crit: [] })],
    ["crit with one name twice", headed({ crit: ["kid", "kid"] })],
    ["crit with a name of the standard", headed({ crit: ["alg"] })],
    ["crit that is no list", headed({ crit: "b64" })],
    ["crit that is null", headed({ crit: null })],
    ["b64 under crit", headed({ crit: ["b64"], b64: false })],
    ["b64 alone", headed({ b64: false })],
    ["b64 that is true", headed({ b64: true })]
  ])
  refuses("format", [
    ["compression", headed({ zip: "DEF" })],
    ["encryption", headed({ enc: "A256GCM" })],
    ["the count of a key derivation", headed({ p2c: 2_147_483_647 })],
    ["the salt of a key derivation", headed({ p2s: "AAAA" })],
    ["a token within", headed({ cty: "JWT" })]
  ])
})

describe("another type than JWT is rejected:", () => {
  refuses(
    "typ",
    ["at+jwt", "application/at+jwt", "jwt", "JWT ", "application/jwt", "", "JWE", null, 1, ["JWT"]].map(
      (typ) => [JSON.stringify(typ), headed({ typ })] as const
    )
  )
  it.effect("a missing type is accepted, as in Clerk's own SDK", () =>
    Effect.gen(function* () {
      expect((yield* claimsOf(headed({ typ: undefined }))).userId).toBe(claims().sub)
    })
  )
})

describe("another category than that of sessions is rejected:", () => {
  refuses("category", [
    ["templates", headed({ cat: category.template })],
    ["machines", headed({ cat: category.machine })],
    ["an unknown one", headed({ cat: "cl_B7d4PD444AAA" })],
    ["an empty one", headed({ cat: "" })],
    ["a list with the right one", headed({ cat: [category.session] })],
    ["a number", headed({ cat: 111 })],
    ["null", headed({ cat: null })],
    ...["__proto__", "constructor", "toString", "hasOwnProperty"].map(
      (cat) => [`${cat}, which is an inherited property name`, headed({ cat })] as const
    )
  ])
  for (const [name, cat] of [
    ["none, as before there were any", undefined],
    ["the ignored one", category.ignored]
  ] as const) {
    it.effect(`${name} is accepted`, () =>
      Effect.gen(function* () {
        expect((yield* claimsOf(headed({ cat }))).sessionId).toBe(claims().sid)
      })
    )
  }
})

describe("an invalid key id is rejected without a request for the key:", () => {
  refuses("unknown-key", [
    ["empty", headed({ kid: "" })],
    ["a number", headed({ kid: 1 })],
    ["null", headed({ kid: null })],
    ["a list with the right one", headed({ kid: [kid] })],
    ["a path", headed({ kid: "../../dev/null" })],
    ["SQL", headed({ kid: "x' UNION SELECT 'key' --" })],
    ["a line end", headed({ kid: "ins_1\r\nx-evil: 1" })],
    ["a URL", headed({ kid: "https://evil.example/jwks" })],
    ["NUL", headed({ kid: `${kid}\0` })],
    ["a look-alike letter", headed({ kid: kid.replace("o", "о") })],
    ["longer than any key id", headed({ kid: "a".repeat(129) })]
  ])
  refuses("format", [["longer than any header", headed({ kid: "a".repeat(10_000) })]])
})

describe("a token is verified by the key whose id is", () => {
  for (const id of ["ins_1.2", "signing@example.com", "2026-01-15T12:00:00Z", "bm9+dXJs=", "__proto__"]) {
    it.effect(id, () =>
      Effect.gen(function* () {
        // An own member, also where the id is `__proto__`.
        const keys = keysOf(Object.fromEntries([[id, ourKey]]))
        expect((yield* Effect.provide(verifyAt(headed({ kid: id })), keys)).userId).toBe(claims().sub)
        expect(yield* reasonOf(headed({ kid: id }))).toBe("unknown-key")
      })
    )
  }
})

describe("a value that is not a compact token is rejected:", () => {
  const json = { payload, signatures: [{ protected: head, signature }] }
  refuses("format", [
    ["nothing", ""],
    ["one dot", "."],
    ["two dots", ".."],
    ["one part", head],
    ["two parts", `${head}.${payload}`],
    ["two parts and a dot", `${head}.${payload}.`],
    ["no header", `.${payload}.${signature}`],
    ["no payload", `${head}..${signature}`],
    ["a dot after the end", `${good}.`],
    ["a dot before the beginning", `.${good}`],
    ["four parts", `${good}.${signature}`],
    ["five parts, as when encrypted", `${head}.${payload}.${signature}.${payload}.${signature}`],
    ["100,000 dots", ".".repeat(100_000)],
    ["16,000 dots", ".".repeat(16_000)],
    ["JSON serialization", JSON.stringify(json)],
    ["flattened JSON serialization", JSON.stringify({ payload, protected: head, signature })],
    ["a JSON array", JSON.stringify([good])],
    ["JSON with the token in it", `{"a":"${good}"}`],
    ["the token with JSON after it", `${good}{}`],
    ["undefined", undefined],
    ["null", null],
    ["a number", 1],
    ["an array with the token", [good]],
    ["an object that converts to the token", { toString: () => good }],
    ["a String object", new String(good)],
    ["the bytes of the token", Buffer.from(good)]
  ])
})

describe("a token in a non-canonical form is rejected:", () => {
  const places = [head, payload, signature]
  const with_ = (edit: (part: string) => string): Cases =>
    (["header", "payload", "signature"] as const).map((name, at) => [
      name,
      places.map((part, place) => (place === at ? edit(part) : part)).join(".")
    ])
  const inEachPart = (name: string, edit: (part: string) => string) =>
    refuses(
      "format",
      with_(edit).map(([part, token]) => [`${name} in the ${part}`, token])
    )
  refuses("format", [
    ["a space before", ` ${good}`],
    ["a space after", `${good} `],
    ["a line end after", `${good}\n`],
    ["a carriage return after", `${good}\r\n`],
    ["a tab before", `\t${good}`],
    ["Bearer before", `Bearer ${good}`],
    ["a byte order mark before", `\uFEFF${good}`],
    ["quotes around", `"${good}"`],
    ["a full-width dot", good.replace(".", "．")],
    ["percent encoding", good.replace(".", "%2E")]
  ])
  const inside = (part: string, text: string) => `${part.slice(0, 5)}${text}${part.slice(5)}`
  inEachPart("a space", (part) => inside(part, " "))
  inEachPart("a line end", (part) => inside(part, "\n"))
  inEachPart("NUL", (part) => inside(part, "\0"))
  inEachPart("a letter outside of ASCII", (part) => inside(part, "é"))
  inEachPart("one =", (part) => `${part}=`)
  inEachPart("==", (part) => `${part}==`)
  inEachPart("+", (part) => `+${part.slice(1)}`)
  inEachPart("/", (part) => `/${part.slice(1)}`)
  inEachPart("an impossible length", (part) => part.padEnd(part.length + ((5 - (part.length % 4)) % 4), "A"))

  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
  it.effect("every other spelling of the last character", () =>
    Effect.gen(function* () {
      const bytes = Buffer.from(signature, "base64url")
      const spellings = Array.from(alphabet, (last) => `${signature.slice(0, -1)}${last}`).filter(
        (text) => text !== signature && Buffer.from(text, "base64url").equals(bytes)
      )
      expect(spellings).toHaveLength(15)
      for (const spelling of spellings) {
        expect(yield* reasonOf(`${head}.${payload}.${spelling}`, undefined, { keys: untouchedKeys })).toBe(
          "format"
        )
      }
    })
  )
})

describe("a part that is not a JSON object is rejected:", () => {
  const bytes = (...parts: ReadonlyArray<string | Uint8Array>) =>
    Buffer.concat(parts.map((part) => Buffer.from(part)))
  const text = JSON.stringify(header())
  const shapes: ReadonlyArray<readonly [name: string, part: (json: string) => unknown]> = [
    ["null", () => "null"],
    ["true", () => "true"],
    ["a number", () => "1"],
    ["a string", (json) => JSON.stringify(json)],
    ["an array", (json) => `[${json}]`],
    ["an empty array", () => "[]"],
    ["no JSON", () => "alg: RS256"],
    ["JSON with a character after it", (json) => `${json}x`],
    ["two objects", (json) => `${json}${json}`],
    ["JSON cut short", (json) => json.slice(0, -1)],
    ["a byte order mark before it", (json) => bytes(new Uint8Array([0xef, 0xbb, 0xbf]), json)],
    ["UTF-16", (json) => Buffer.from(json, "utf16le")],
    ["a byte that is not UTF-8", (json) => bytes(json.slice(0, -1), ',"x":"', new Uint8Array([0xff]), '"}')],
    [
      "an overlong encoding of a quote",
      (json) => bytes(json.slice(0, -1), ',"x":"', new Uint8Array([0xc0, 0xa2]), '"}')
    ],
    [
      "a surrogate in UTF-8",
      (json) => bytes(json.slice(0, -1), ',"x":"', new Uint8Array([0xed, 0xa0, 0x80]), '"}')
    ],
    ["a member twice", (json) => json.replace("{", '{"x":1,"x":1,')],
    ["a member twice, once in escapes", (json) => json.replace("{", '{"x":1,"\\u0078":1,')],
    ["arrays 65 deep", (json) => json.replace("{", `{"x":${"[".repeat(64)}${"]".repeat(64)},`)]
  ]
  refuses(
    "format",
    shapes.map(([name, part]) => [`${name} for a header`, tokenOf(part(text), claims())] as const)
  )
  refuses("format", [
    [
      "the algorithm twice in a header, the right one last",
      tokenOf(text.replace("{", '{"alg":"none",'), claims())
    ],
    [
      "the algorithm twice in a header, the right one first",
      tokenOf(text.replace("}", ',"alg":"none"}'), claims())
    ],
    ["a header over 2 KiB", headed({ x: "a".repeat(2_000) })],
    ["a token over 16 KiB", sessionToken({ x: "a".repeat(12_000) })]
  ])
  for (const [name, part] of [
    ...shapes,
    ["the expiry twice", (json: string) => json.replace("}", ',"exp":9999999999}')]
  ] as const) {
    it.effect(`${name} for a payload, even when it is signed`, () =>
      Effect.gen(function* () {
        expect(yield* reasonOf(tokenOf(header(), part(JSON.stringify(claims()))))).toBe("format")
      })
    )
  }
})
