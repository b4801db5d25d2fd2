import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import { RuleBreak } from "../input.js"
import { isLoopback } from "../wire/baseUrl.js"

/** What a publishable key tells: where the Frontend API is, and how the instance's cookies are called. */
export interface PublishableKey {
  readonly issuer: string
  readonly cookieSuffix: string
}

const broken = new RuleBreak(
  "publishableKey",
  "must be the key that starts with pk_test_ or pk_live_ in Clerk's dashboard"
)

/** The characters of a host name never need `+` or `/` in base64, and Clerk mostly leaves the padding out. */
const form = /^pk_(?:test|live)_([A-Za-z0-9]{1,400})={0,2}$/

/** A host as Clerk has them, or `localhost`; with a port. */
const hostForm = /^((?:(?:[a-z0-9-]+\.)+[a-z0-9-]+|localhost)(?::\d{1,5})?)\$$/

/** The address of the Frontend API that a publishable key names: http where the host is this machine, as an emulator. */
export const issuerOf = (key: unknown): Either.Either<string, RuleBreak> => {
  const encoded = typeof key === "string" ? form.exec(key)?.[1] : undefined
  if (encoded === undefined) return Either.left(broken)
  const text = Either.getOrUndefined(Encoding.decodeBase64UrlString(encoded))
  const host = text === undefined ? undefined : hostForm.exec(text)?.[1]
  if (host === undefined || !URL.canParse(`https://${host}`)) return Either.left(broken)
  const scheme = isLoopback(new URL(`https://${host}`).hostname) ? "http" : "https"
  return Either.right(new URL(`${scheme}://${host}`).origin)
}

/** The first characters of a digest of the key, which keep the cookies of two instances on one host apart. */
const suffixOf = (key: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-1", new TextEncoder().encode(key))),
    (digest) => Encoding.encodeBase64Url(new Uint8Array(digest)).slice(0, 8)
  )

export const readPublishableKey = (key: unknown): Effect.Effect<PublishableKey, RuleBreak> =>
  Effect.flatMap(issuerOf(key), (issuer) =>
    Effect.map(suffixOf(String(key)), (cookieSuffix) => ({ issuer, cookieSuffix }))
  )
