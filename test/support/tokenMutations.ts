/** Makes invalid tokens from valid ones, deterministically for the random numbers. */
import type { SeededRandom } from "./random.js"
import { encode } from "./tokens.js"

export interface Mutation {
  /** The name of the mutation. */
  readonly name: string
  readonly token: string
}

type Parts = readonly [header: string, payload: string, signature: string]
type Member = readonly [name: string, value: unknown]

const alphabet = Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
const strange = Array.from('.=+/ \n\t\0%"{é．\uFEFF\u200b\ud800')

const headerEdits: ReadonlyArray<Member> = [
  ["alg", "none"],
  ["alg", "HS256"],
  ["alg", "RS512"],
  ["alg", undefined],
  ["kid", "ins_attacker"],
  ["kid", undefined],
  ["kid", "../../etc/passwd"],
  ["typ", undefined],
  ["typ", "at+jwt"],
  ["cat", undefined],
  ["cat", "cl_B7d4PD222AAA"],
  ["crit", ["exp"]],
  ["b64", false],
  ["jku", "https://evil.example/jwks"],
  ["jwk", { kty: "RSA", n: "AQAB", e: "AQAB" }],
  ["x5c", ["AAAA"]],
  ["zip", "DEF"]
]

const claimEdits: ReadonlyArray<Member> = [
  ["sub", "user_attacker"],
  ["sid", "sess_attacker"],
  ["exp", 9_999_999_999],
  ["exp", undefined],
  ["iat", 0],
  ["nbf", undefined],
  ["iss", "https://evil.example"],
  ["azp", "https://evil.example"],
  ["azp", undefined],
  ["aud", "everything"],
  ["sts", "active"],
  ["v", 1],
  ["act", undefined],
  ["o", { id: "org_attacker", rol: "admin" }],
  ["org_id", "org_attacker"],
  ["org_permissions", ["org:everything:manage"]],
  ["isAdmin", true],
  ["__proto__", { isAdmin: true }]
]

const textIn = (part: string) => Buffer.from(part, "base64url").toString()

const edited = (part: string, member: Member): string => {
  const members = Object.entries(JSON.parse(textIn(part))).filter(([name]) => name !== member[0])
  return encode(Object.fromEntries([...members, member]))
}

const splice = (text: string, from: number, length: number, by: string) =>
  text.slice(0, from) + by + text.slice(from + length)

/** Every way to damage a token. The other token is another valid one. */
const damagesBy = (
  random: Pick<SeededRandom, "integer">
): ReadonlyArray<readonly [name: string, damage: (token: string, other: string) => string]> => {
  const below = (limit: number) => random.integer(limit)
  const among = <A>(values: ReadonlyArray<A>): A => values[below(values.length)] as A // never empty
  const partsOf = (token: string) => token.split(".") as ReadonlyArray<string> as Parts // a valid token has three
  const inPart = (token: string, place: number, edit: (part: string) => string) =>
    partsOf(token)
      .map((part, at) => (at === place ? edit(part) : part))
      .join(".")
  const flipped = (part: string) => {
    const bytes = Buffer.from(part, "base64url")
    const place = below(bytes.length)
    bytes[place] = (bytes[place] ?? 0) ^ (1 << below(8))
    return bytes.toString("base64url")
  }
  // When the last character has unused bits, those are changed.
  const respelled = (part: string) =>
    part.slice(0, -1) + alphabet[(alphabet.indexOf(part.slice(-1)) ^ 1) % 64]
  const damageText: Readonly<Record<string, (text: string, at: number) => string>> = {
    "one character changed": (text, at) => splice(text, at, 1, among(alphabet)),
    "one character replaced by an invalid one": (text, at) => splice(text, at, 1, among(strange)),
    "one character added": (text, at) => splice(text, at, 0, among(alphabet)),
    "an invalid character added": (text, at) => splice(text, at, 0, among(strange)),
    "one character left out": (text, at) => splice(text, at, 1, ""),
    "two neighbours exchanged": (text, at) => splice(text, at, 2, `${text.charAt(at + 1)}${text.charAt(at)}`),
    "a stretch left out": (text, at) => splice(text, at, 1 + below(40), ""),
    "a stretch twice": (text, at) => splice(text, at, 0, text.slice(at, at + 1 + below(40))),
    "cut short": (text, at) => text.slice(0, at),
    "the beginning lost": (text, at) => text.slice(at + 1),
    "the other case": (text, at) =>
      splice(text, at, 1, among([text.charAt(at).toUpperCase(), text.charAt(at).toLowerCase()])),
    "several changes": (text) =>
      Array.from({ length: 2 + below(6) }).reduce<string>(
        (changed) => splice(changed, below(changed.length), below(2), among(alphabet)),
        text
      )
  }
  return [
    ...Object.entries(damageText).map(
      ([name, damage]) => [name, (token: string) => damage(token, below(token.length))] as const
    ),
    ["a bit changed", (token) => inPart(token, below(3), flipped)],
    ["a last character changed", (token) => inPart(token, below(3), respelled)],
    [
      "a part of the other",
      (token, other) => {
        const place = below(3)
        return inPart(token, place, () => partsOf(other)[place] ?? "")
      }
    ],
    [
      "parts in another order",
      (token) => {
        const [header, payload, signature] = partsOf(token)
        return among([
          [payload, header, signature],
          [signature, payload, header],
          [header, signature, payload],
          [header, payload, payload]
        ]).join(".")
      }
    ],
    ["both in a row", (token, other) => `${token}${among([".", "", ",", " "])}${other}`],
    ["a header edited", (token) => inPart(token, 0, (part) => edited(part, among(headerEdits)))],
    ["a claim edited", (token) => inPart(token, 1, (part) => edited(part, among(claimEdits)))],
    [
      "JSON with a blank more",
      (token) => inPart(token, below(2), (part) => encode(textIn(part).replace(":", ": ")))
    ],
    ["no signature", (token) => inPart(token, 2, () => among(["", "AA", "AAAA"]))]
  ]
}

/** Endless invalid tokens, each different from all valid ones. */
export const mutationsOf = (
  tokens: ReadonlyArray<string>,
  random: Pick<SeededRandom, "integer">
): (() => Mutation) => {
  const damages = damagesBy(random)
  const good = new Set(tokens)
  const among = () => tokens[random.integer(tokens.length)] ?? ""
  return () => {
    for (;;) {
      const [name = "", damage] = damages[random.integer(damages.length)] ?? []
      const token = damage?.(among(), among()) ?? ""
      if (!good.has(token)) return { name, token }
    }
  }
}
