import { createPrivateKey, createPublicKey, type KeyObject, type SignKeyObjectInput, sign } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SigningKeys } from "effect-clerk"
import { importRsaKey } from "../../src/core/token/signature.js"
import { ours, theirs } from "./tokenKeys.js"

/** The time of the tests, in epoch seconds. */
export const now = 1_768_478_400

export const app = "https://app.example.com"
export const issuer = "https://clerk.example.com"

/** The ids of the fixture keys, which are those of two instances. */
export const kid = "ins_ours"
export const otherKid = "ins_theirs"

/** A key as the library imports it. */
const importPublic = ({ n = "", e = "" }: JsonWebKey) => importRsaKey({ n, e })

export const ourKey = await importPublic(ours)
export const theirKey = await importPublic(theirs)

const privateKeyOf = (jwk: JsonWebKey) => createPrivateKey({ key: { ...jwk }, format: "jwk" })

export const ourPrivateKey = privateKeyOf(ours)
export const theirPrivateKey = privateKeyOf(theirs)

export const publicJwk = ({ n, e }: JsonWebKey, id: string) => ({
  kid: id,
  kty: "RSA",
  use: "sig",
  alg: "RS256",
  n,
  e
})

export const pemOf = (jwk: JsonWebKey) =>
  String(createPublicKey({ key: { ...jwk }, format: "jwk" }).export({ type: "spki", format: "pem" }))

/** A part of a token. Text and bytes are used unchanged, other values as JSON. */
export const encode = (part: unknown): string =>
  Buffer.from(
    typeof part === "string" ? part : part instanceof Uint8Array ? part : JSON.stringify(part)
  ).toString("base64url")

/** The signature over two encoded parts; RS256 by default. */
export const signatureOf = (
  signed: string,
  key: KeyObject | SignKeyObjectInput = ourPrivateKey,
  digest: string | null = "sha256"
): string => sign(digest, Buffer.from(signed), key).toString("base64url")

/** A signed token of any two parts. */
export const tokenOf = (header: unknown, payload: unknown, key: KeyObject = ourPrivateKey): string => {
  const signed = `${encode(header)}.${encode(payload)}`
  return `${signed}.${signatureOf(signed, key)}`
}

export const category = {
  session: "cl_B7d4PD111AAA",
  template: "cl_B7d4PD222AAA",
  machine: "cl_B7d4PD333AAA",
  ignored: "cl_I7d4PD111III"
} as const

type Changes = { readonly [name: string]: unknown }

/** The header of a session token; `undefined` leaves a member out. */
export const header = (changes: Changes = {}) => ({
  alg: "RS256",
  cat: category.session,
  kid,
  typ: "JWT",
  ...changes
})

/** The claims of a session token, version 2, without an organization. */
export const claims = (changes: Changes = {}) => ({
  azp: app,
  exp: now + 60,
  fva: [3, -1],
  iat: now,
  iss: issuer,
  jti: "d3b07384d113edec49ea",
  nbf: now - 10,
  sid: "sess_2g7np7Hrk0SN6kj5EDMLDaKNL0S",
  sts: "active",
  sub: "user_2g7np7Hrk0SN6kj5EDMLDaKNL0S",
  v: 2,
  ...changes
})

export const sessionToken = (changes?: Changes, headerChanges?: Changes, key?: KeyObject): string =>
  tokenOf(header(headerChanges), claims(changes), key)

/** The claims that every token of a template has, and some custom ones. */
export const templateClaims = (changes: Changes = {}) => ({
  azp: app,
  exp: now + 3600,
  iat: now,
  iss: issuer,
  jti: "6bb61e3b7bce0931da57",
  nbf: now - 10,
  sub: "user_2g7np7Hrk0SN6kj5EDMLDaKNL0S",
  ...changes
})

export const templateToken = (changes?: Changes, headerChanges?: Changes): string =>
  tokenOf(header({ cat: category.template, ...headerChanges }), templateClaims(changes))

/** The keys of an instance by id. */
export const keysOf = (keys: { readonly [id: string]: CryptoKey }): Layer.Layer<SigningKeys> =>
  Layer.succeed(SigningKeys, {
    find: (id) =>
      Effect.succeed(id !== undefined && Object.hasOwn(keys, id) ? { key: keys[id] as CryptoKey } : undefined) // its own
  })

export const ourKeys = keysOf({ [kid]: ourKey })
