import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { compactVerify } from "jose"
import type { Claims } from "./claims.js"
import type { TokenSignature } from "./inputs.js"
import * as Keys from "./keys.js"

export type Header = Readonly<Record<string, unknown>>

/** The class of a token, as its header tells it. */
export const category = { session: "cl_B7d4PD111AAA", template: "cl_B7d4PD222AAA" } as const

const bytes = (text: string) => new TextEncoder().encode(text)

const unsigned = (header: Header, payload: string): string =>
  `${Encoding.encodeBase64Url(JSON.stringify(header))}.${Encoding.encodeBase64Url(payload)}`

const signWith = (algorithm: string, key: CryptoKey, text: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.sign(algorithm, key, bytes(text))),
    (signature) => `${text}.${Encoding.encodeBase64Url(new Uint8Array(signature))}`
  )

const rs256 = ({ privateKey }: Keys.KeyPair, text: string) => signWith("RSASSA-PKCS1-v1_5", privateKey, text)

const hs256 = (secret: string, text: string) =>
  Effect.flatMap(
    Effect.promise(() =>
      crypto.subtle.importKey("raw", bytes(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"])
    ),
    (key) => signWith("HMAC", key, text)
  )

/** Nothing but text is signed, so a header or a payload may be as wrong as a test wants it. */
export const sign = (key: Keys.SigningKey, header: Header, claims: Claims): Effect.Effect<string> =>
  rs256(key, unsigned({ alg: "RS256", ...header }, JSON.stringify(claims)))

export interface Forgery {
  readonly header: Header
  readonly payload: string
  /** What was signed where that is not what the token says. */
  readonly signedPayload: string
  readonly sign: TokenSignature
}

export const forge = (key: Keys.SigningKey, forgery: Forgery): Effect.Effect<string> => {
  const { header, payload, signedPayload } = forgery
  const text = (alg: string) => unsigned({ alg, ...header }, payload)
  switch (forgery.sign) {
    case "current-key":
      return rs256(key, text("RS256"))
    case "wrong-key":
      return Effect.flatMap(Keys.forger, (forger) => rs256(forger, text("RS256")))
    case "none":
      return Effect.succeed(`${text("none")}.`)
    case "hs256-with-public-key":
      return hs256(key.pem, text("HS256"))
    case "truncated":
      // What is left is whole bytes, so that it is spelled as it should be and only the signature is wrong.
      return Effect.map(rs256(key, text("RS256")), (token) => token.slice(0, -14))
    case "tampered":
      return Effect.map(
        rs256(key, unsigned({ alg: "RS256", ...header }, signedPayload)),
        (token) => `${text("RS256")}.${token.split(".")[2]}`
      )
  }
}

export interface Verified {
  readonly header: Header
  readonly claims: Claims
  /** A digest of the signed part: the same token has it whatever way its signature is spelled. */
  readonly digest: string
}

/** Looks at the signature and at whose it is, not at the times. */
export const verify = ({ published }: Keys.KeyRing, token: string): Effect.Effect<Option.Option<Verified>> =>
  Effect.tryPromise(() =>
    compactVerify(
      token,
      ({ kid }) => {
        const key = published.find((key) => key.kid === kid)
        if (key === undefined) throw new Error("there is no such key")
        return key.publicKey
      },
      { algorithms: ["RS256"] }
    )
  ).pipe(
    Effect.flatMap(({ payload, protectedHeader }) =>
      Effect.tryPromise(async () => {
        const claims: unknown = JSON.parse(new TextDecoder().decode(payload))
        if (!Predicate.isRecord(claims)) return Option.none()
        const signed = bytes(token.replace(/\.[^.]*$/, ""))
        const digest = Encoding.encodeBase64(new Uint8Array(await crypto.subtle.digest("SHA-256", signed)))
        return Option.some({ header: { ...protectedHeader }, claims, digest })
      })
    ),
    Effect.orElseSucceed(() => Option.none())
  )

/** The suffix of Clerk's cookie names, which keeps two instances on one host apart. */
export const cookieSuffix = (publishableKey: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-1", bytes(publishableKey))),
    (digest) => Encoding.encodeBase64Url(new Uint8Array(digest)).slice(0, 8)
  )
