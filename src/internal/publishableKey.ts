import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import type { RuleBreak } from "./ruleBreak.js"

/** What a publishable key tells: where the Frontend API is, and how the instance's cookies are called. */
export interface PublishableKey {
  readonly issuer: string
  readonly cookieSuffix: string
}

const broken: RuleBreak = {
  field: "publishableKey",
  rule: "must be the key that starts with pk_test_ or pk_live_ in Clerk's dashboard"
}

/** The characters of a host name never need `+` or `/` in base64, and Clerk mostly leaves the padding out. */
const form = /^pk_(?:test|live)_([A-Za-z0-9]{1,400})={0,2}$/

const hostOf = (key: unknown): string | undefined => {
  const encoded = typeof key === "string" ? form.exec(key)?.[1] : undefined
  if (encoded === undefined) return undefined
  const host = Either.getOrUndefined(Encoding.decodeBase64UrlString(encoded))
  return host === undefined ? undefined : /^((?:[a-z0-9-]+\.)+[a-z0-9-]+(?::\d{1,5})?)\$$/.exec(host)?.[1]
}

/** The first characters of a digest of the key, which keep the cookies of two instances on one host apart. */
const suffixOf = (key: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-1", new TextEncoder().encode(key))),
    (digest) => Encoding.encodeBase64Url(new Uint8Array(digest)).slice(0, 8)
  )

export const readPublishableKey = (key: unknown): Effect.Effect<PublishableKey, RuleBreak> => {
  const host = hostOf(key)
  if (typeof key !== "string" || host === undefined) return Effect.fail(broken)
  return Effect.map(suffixOf(key), (cookieSuffix) => ({ issuer: `https://${host}`, cookieSuffix }))
}
