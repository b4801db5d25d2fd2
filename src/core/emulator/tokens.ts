import * as base64url from "jose/base64url"
import { compactVerify } from "jose/jws/compact/verify"
import { isRecord, parseJson } from "../input.js"
import { baseClaims, type Claims, sessionClaims, templateClaims } from "./claims.js"
import { type Moment, randomHex } from "./ids.js"
import type { Instance } from "./instance.js"
import { forgerPair, type KeyPair, type KeyRing, type SigningKey } from "./keys.js"
import type { EmulatedTemplate, TokenSignature } from "./model.js"
import type { SessionRecord } from "./state.js"

type Header = Readonly<Record<string, unknown>>

/** The `cat` of a token's header. */
export const category = { session: "cl_B7d4PD111AAA", template: "cl_B7d4PD222AAA" } as const

const bytes = (text: string) => new TextEncoder().encode(text)

const unsigned = (header: Header, payload: string): string =>
  `${base64url.encode(JSON.stringify(header))}.${base64url.encode(payload)}`

const signWith = async (algorithm: string, key: CryptoKey, text: string): Promise<string> =>
  `${text}.${base64url.encode(new Uint8Array(await crypto.subtle.sign(algorithm, key, bytes(text))))}`

const rs256 = ({ privateKey }: KeyPair, text: string) => signWith("RSASSA-PKCS1-v1_5", privateKey, text)

const hs256 = async (secret: string, text: string): Promise<string> => {
  const algorithm = { name: "HMAC", hash: "SHA-256" }
  return signWith(
    "HMAC",
    await crypto.subtle.importKey("raw", bytes(secret), algorithm, false, ["sign"]),
    text
  )
}

interface Forgery {
  readonly header: Header
  readonly payload: string
  /** The payload that is signed. A `tampered` token has another one. */
  readonly signedPayload: string
  readonly sign: TokenSignature
}

const forge = async (key: SigningKey, { header, payload, sign, signedPayload }: Forgery): Promise<string> => {
  const text = (alg: string) => unsigned({ alg, ...header }, payload)
  switch (sign) {
    case "current-key":
      return rs256(key, text("RS256"))
    case "wrong-key":
      return rs256(await forgerPair(), text("RS256"))
    case "none":
      return `${text("none")}.`
    case "hs256-with-public-key":
      return hs256(key.pem, text("HS256"))
    case "truncated":
      // Removes whole bytes, so that the rest is valid base64url and only the signature is wrong.
      return (await rs256(key, text("RS256"))).slice(0, -14)
    case "tampered": {
      const token = await rs256(key, unsigned({ alg: "RS256", ...header }, signedPayload))
      return `${text("RS256")}.${token.split(".")[2]}`
    }
  }
}

/** What a token states, in place of the defaults. */
export interface TokenOptions {
  readonly origin?: string | undefined
  readonly ageMillis?: number | undefined
  readonly lifetimeSeconds?: number | undefined
  readonly version?: 1 | 2 | undefined
  readonly claims?: Claims | undefined
  readonly header?: Header | undefined
}

const baseOf = (
  { issuer }: Instance,
  { now, random }: Moment,
  { ageMillis = 0, lifetimeSeconds }: TokenOptions,
  defaultLifetime: number
) => ({
  issuer,
  jti: randomHex(5, random),
  issuedAt: now - ageMillis,
  lifetimeSeconds: lifetimeSeconds ?? defaultLifetime
})

/** Issues any token, valid or not. A template needs a session. */
export const issueToken = (
  instance: Instance,
  moment: Moment,
  session: SessionRecord | undefined,
  template: EmulatedTemplate | undefined,
  {
    sign = "current-key",
    payload,
    ...options
  }: TokenOptions & { readonly sign?: TokenSignature | undefined; readonly payload?: string | undefined }
): Promise<string> => {
  const { keys, state, tokenLifetimeSeconds } = instance
  const base = baseOf(instance, moment, options, template?.lifetimeSeconds ?? tokenLifetimeSeconds)
  const claims =
    session === undefined
      ? baseClaims(base)
      : template === undefined
        ? sessionClaims(state, base, session, options.version ?? 2, options.origin)
        : templateClaims(base, session, template.claims)
  const [key] = keys.published
  const cat = template === undefined ? category.session : category.template
  const changes = options.claims ?? (sign === "tampered" ? { sub: "user_tampered" } : {})
  return forge(key, {
    header: { cat, kid: key.kid, typ: "JWT", ...options.header },
    payload: payload ?? JSON.stringify({ ...claims, ...changes }),
    signedPayload: JSON.stringify(claims),
    sign
  })
}

/** Signs a payload as the token of a category. */
export const signPayload = ({ keys }: Instance, payload: string, cat: string): Promise<string> => {
  const [key] = keys.published
  return rs256(key, unsigned({ alg: "RS256", cat, kid: key.kid, typ: "JWT" }, payload))
}

/** Issues a session token. Without an origin it has no `azp`, as over the Backend API. */
export const issueSessionToken = (
  instance: Instance,
  moment: Moment,
  session: SessionRecord,
  options: TokenOptions
): Promise<string> => issueToken(instance, moment, session, undefined, options)

export interface VerifiedToken {
  readonly header: Header
  readonly claims: Claims
  /** A digest of the signed part, which does not depend on the spelling of the signature. */
  readonly digest: string
}

/** Verifies the signature of a token, not its times. Returns `undefined` for an invalid token. */
export const verifyToken = async (
  { published }: KeyRing,
  token: string
): Promise<VerifiedToken | undefined> => {
  try {
    const { payload, protectedHeader } = await compactVerify(
      token,
      ({ kid }) => {
        const key = published.find((key) => key.kid === kid)
        if (key === undefined) throw new Error("there is no such key")
        return key.publicKey
      },
      { algorithms: ["RS256"] }
    )
    const claims = parseJson(new TextDecoder().decode(payload))
    if (!isRecord(claims)) return undefined
    const digest = await crypto.subtle.digest("SHA-256", bytes(token.replace(/\.[^.]*$/, "")))
    return { header: { ...protectedHeader }, claims, digest: base64url.encode(new Uint8Array(digest)) }
  } catch {
    return undefined
  }
}
