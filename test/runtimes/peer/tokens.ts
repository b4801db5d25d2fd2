import {
  constants,
  createHmac,
  generateKeyPairSync,
  type KeyObject,
  type SignKeyObjectInput,
  sign
} from "node:crypto"
import * as Effect from "effect/Effect"
import { ClerkEmulator } from "effect-clerk/testing"
import type { Tokens } from "../support/manifest.js"
import type { Family } from "./expectations.js"

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")
const decode = (part = ""): Record<string, unknown> => JSON.parse(Buffer.from(part, "base64url").toString())

const signed = (
  header: object,
  claims: object,
  key: KeyObject | SignKeyObjectInput,
  digest = "sha256"
): string => {
  const text = `${encode(header)}.${encode(claims)}`
  return `${text}.${sign(digest, Buffer.from(text), key).toString("base64url")}`
}

const pair = generateKeyPairSync("rsa", { modulusLength: 2048 })

const pemOf = (key: KeyObject): string => key.export({ type: "spki", format: "pem" }).toString()

/** Tokens with invalid signatures of the key `pair`, and a valid one. */
const oddSignatures = (header: object, claims: object): Tokens["oddSignatures"] => {
  const good = signed(header, claims, pair.privateKey)
  const at = good.lastIndexOf(".") + 1
  const signature = Buffer.from(good.slice(at), "base64url")
  const withSignature = (...parts: ReadonlyArray<Uint8Array>) =>
    good.slice(0, at) + Buffer.concat(parts).toString("base64url")
  const { n = "" } = pair.publicKey.export({ format: "jwk" })
  const pss = { key: pair.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING }
  const invalid: ReadonlyArray<readonly [string, string]> = [
    ["zeros", withSignature(Buffer.alloc(256))],
    ["ones", withSignature(Buffer.alloc(256, 0xff))],
    ["the modulus", withSignature(Buffer.from(n, "base64url"))],
    ["one byte", withSignature(Buffer.of(1))],
    ["255 bytes", withSignature(signature.subarray(0, -1))],
    ["257 bytes, with a zero before", withSignature(Buffer.alloc(1), signature)],
    ["257 bytes, with a zero after", withSignature(signature, Buffer.alloc(1))],
    ["8,000 bytes", withSignature(Buffer.alloc(8_000 - 256), signature)],
    ["SHA-1", signed(header, claims, pair.privateKey, "sha1")],
    ["SHA-512", signed(header, claims, pair.privateKey, "sha512")],
    ["PSS", signed(header, claims, { ...pss, saltLength: 32 })],
    ["PSS without a salt", signed(header, claims, { ...pss, saltLength: 0 })]
  ]
  return { pem: pemOf(pair.publicKey), good, invalid: invalid.map(([name, token]) => ({ name, token })) }
}

/** Keys that `SigningKeys.layerPem` rejects. */
const unfitKeys = (): Tokens["unfitKeys"] => [
  { name: "for PSS", pem: pemOf(generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).publicKey) },
  { name: "on an elliptic curve", pem: pemOf(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey) },
  { name: "that is private", pem: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString() },
  { name: "of 1024 bits", pem: pemOf(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey) }
]

/** Invalid tokens, made from a valid one. */
const forgeries = (good: string, pem: string): ReadonlyArray<readonly [string, string, string]> => {
  const [head = "", payload = "", signature = ""] = good.split(".")
  const header = decode(head)
  const claims = decode(payload)
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const hmac = `${encode({ ...header, alg: "HS256" })}.${payload}`
  return [
    ["a token signed by another key", signed(header, claims, privateKey), "signature"],
    [
      "a token with other claims",
      `${head}.${encode({ ...claims, sub: "user_other" })}.${signature}`,
      "signature"
    ],
    ["an unsigned token", `${encode({ ...header, alg: "none" })}.${payload}.${signature}`, "alg"],
    [
      "a token signed with the public key as a secret",
      `${hmac}.${createHmac("sha256", pem).update(hmac).digest("base64url")}`,
      "alg"
    ],
    ["a token with a padded signature", `${good}=`, "format"],
    ["a token with an extra part", `${good}.`, "format"],
    ["a malformed token", "abc", "format"]
  ]
}

/** A signed-in user with a valid token, one that expires soon, and many invalid ones. */
export const makeTokens = (family: Family): Effect.Effect<Tokens, never, ClerkEmulator> =>
  Effect.gen(function* () {
    const clerk = yield* ClerkEmulator
    const { id: userId } = yield* clerk.createUser()
    const { id: organizationId } = yield* clerk.createOrganization({
      features: ["teams"],
      members: [{ userId, role: "org:admin", permissions: ["org:teams:delete"] }]
    })
    const {
      origin,
      session,
      sessionToken: good
    } = yield* clerk.signIn(userId, { organizationId, expiresIn: "10 minutes" })
    const mint = (options: Parameters<typeof clerk.mintSessionToken>[1]) =>
      clerk.mintSessionToken(session.id, { origin, ...options })
    const refused = [
      ...forgeries(good, clerk.publicKeyPem),
      ["a token that has expired", yield* mint({ age: "1 hour" }), "exp"],
      [
        "a token from the future",
        yield* mint({ claims: { nbf: Math.floor(Date.now() / 1000) + 600 } }),
        "nbf"
      ],
      ["a token for another site", yield* mint({ origin: "https://evil.example.com" }), "azp"],
      ["a token of a template", yield* mint({ header: { cat: "cl_B7d4PD222AAA" } }), "category"],
      ["a token of a pending session", yield* mint({ claims: { sts: "pending" } }), "session-pending"]
    ] as const
    const [head, payload] = good.split(".")
    return {
      pem: clerk.publicKeyPem,
      issuer: clerk.issuer,
      publishableKey: clerk.publishableKey,
      sessionCookie: `__session_${clerk.cookieSuffix}`,
      origin,
      userId,
      sessionId: session.id,
      good,
      brief: yield* mint({ expiresIn: "5 seconds" }),
      oddSignatures: oddSignatures(decode(head), decode(payload)),
      unfitKeys: unfitKeys(),
      hasNodeCrypto: family !== "workerd",
      strange: yield* mint({ header: { kid: "ins_another" } }),
      refused: refused.map(([name, token, reason]) => ({ name, token, reason }))
    }
  })
