import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto"
import * as Effect from "effect/Effect"
import { ClerkEmulator } from "effect-clerk/testing"
import type { Tokens } from "../support/manifest.js"

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")
const decode = (part = ""): Record<string, unknown> => JSON.parse(Buffer.from(part, "base64url").toString())

const signed = (header: object, claims: object, key: KeyObject): string => {
  const text = `${encode(header)}.${encode(claims)}`
  return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`
}

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
export const makeTokens: Effect.Effect<Tokens, never, ClerkEmulator> = Effect.gen(function* () {
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
    ["a token from the future", yield* mint({ claims: { nbf: Math.floor(Date.now() / 1000) + 600 } }), "nbf"],
    ["a token for another site", yield* mint({ origin: "https://evil.example.com" }), "azp"],
    ["a token of a template", yield* mint({ header: { cat: "cl_B7d4PD222AAA" } }), "category"],
    ["a token of a pending session", yield* mint({ claims: { sts: "pending" } }), "session-pending"]
  ] as const
  return {
    pem: clerk.publicKeyPem,
    issuer: clerk.issuer,
    publishableKey: clerk.publishableKey,
    sessionCookie: `__session_${createHash("sha1").update(clerk.publishableKey).digest("base64url").slice(0, 8)}`,
    origin,
    userId,
    sessionId: session.id,
    good,
    brief: yield* mint({ expiresIn: "5 seconds" }),
    strange: yield* mint({ header: { kid: "ins_another" } }),
    refused: refused.map(([name, token, reason]) => ({ name, token, reason }))
  }
})
