import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import { globalValue } from "effect/GlobalValue"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { CompactSign, compactVerify, exportJWK, exportSPKI } from "jose"
import type { Claims } from "./claims.js"

export interface SigningKey {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly n: string
  readonly e: string
  readonly pem: string
}

/** The class of a token, as its header tells it. */
export const category = { session: "cl_B7d4PD111AAA", template: "cl_B7d4PD222AAA" } as const

const generate = async (): Promise<SigningKey> => {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256"
    },
    true,
    ["sign", "verify"]
  )
  const { n = "", e = "" } = await exportJWK(publicKey)
  return { privateKey, publicKey, n, e, pem: await exportSPKI(publicKey) }
}

/** Making an RSA key takes a tenth of a second or more, so all emulators of a process share one. */
export const signingKey: Effect.Effect<SigningKey> = Effect.promise(() =>
  globalValue(Symbol.for("effect-clerk/testing/ClerkEmulator/signingKey"), generate)
)

export const sign = (
  key: SigningKey,
  header: Readonly<Record<string, unknown>>,
  claims: Claims
): Effect.Effect<string> =>
  Effect.promise(() =>
    new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
      .setProtectedHeader({ ...header, alg: "RS256" })
      .sign(key.privateKey)
  )

export interface Verified {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Claims
  /** What was signed: the same token has it whatever way its signature is spelled. */
  readonly signed: string
}

/** Looks at the signature and at whose it is, not at the times. */
export const verify = (key: SigningKey, kid: string, token: string): Effect.Effect<Option.Option<Verified>> =>
  Effect.tryPromise(() => compactVerify(token, key.publicKey, { algorithms: ["RS256"] })).pipe(
    Effect.flatMap(({ payload, protectedHeader }) =>
      Effect.try(() => {
        const claims: unknown = JSON.parse(new TextDecoder().decode(payload))
        return protectedHeader.kid === kid && Predicate.isRecord(claims)
          ? Option.some({ header: { ...protectedHeader }, claims, signed: token.replace(/\.[^.]*$/, "") })
          : Option.none()
      })
    ),
    Effect.orElseSucceed(() => Option.none())
  )

/** The suffix of Clerk's cookie names, which keeps two instances on one host apart. */
export const cookieSuffix = (publishableKey: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-1", new TextEncoder().encode(publishableKey))),
    (digest) => Encoding.encodeBase64Url(new Uint8Array(digest)).slice(0, 8)
  )
