import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import { inField, optionsFlaw, ownProperties, RuleBreak } from "../core/input.js"
import { issuerOf } from "../core/keys/publishableKey.js"
import { type BaseUrl, readBaseUrl } from "../core/wire/baseUrl.js"
import { ClerkConfigError } from "../errors/ClerkConfigError.js"
import type { PublicKeysOptions, SigningKeysService } from "../services/SigningKeys.js"
import { makeExecute } from "./client.js"
import { fetchPublicKeySet, maxSetLength } from "./fetchKeys.js"
import { keysFrom } from "./keyCache.js"
import type { Send } from "./send.js"

const optionNames = Object.keys({
  publishableKey: true,
  issuer: true
} satisfies Record<keyof PublicKeysOptions, true>)

const insecure = "must be https, except on a loopback address"

const inIssuer = (read: BaseUrl | RuleBreak, field: string): Either.Either<BaseUrl, RuleBreak> =>
  read instanceof RuleBreak ? Either.left(inField(field, read)) : Either.right(read)

/** Where the instance's Frontend API is. */
const frontendApiOf = (options: unknown): Either.Either<BaseUrl, RuleBreak> => {
  const broken = (field: string, rule: string) => Either.left(new RuleBreak(field, rule))
  if (typeof options !== "object" || options === null) return broken("options", "must be an object")
  const flaw = optionsFlaw(options, { unknown: "is not an option of public keys" }, optionNames)
  if (flaw !== undefined) return Either.left(flaw)
  const { issuer, publishableKey }: { readonly [K in keyof PublicKeysOptions]?: unknown } =
    ownProperties(options)
  if (issuer !== undefined) {
    return publishableKey === undefined
      ? inIssuer(readBaseUrl(issuer, insecure), "issuer")
      : broken("issuer", "must not be given together with publishableKey: each says where the keys are")
  }
  return publishableKey === undefined
    ? broken("publishableKey", "is missing: give the publishable key (pk_test_… or pk_live_…), or the issuer")
    : Either.flatMap(issuerOf(publishableKey), (url) =>
        inIssuer(readBaseUrl(url, insecure), "publishableKey")
      )
}

/**
 * The keys that an instance publishes at its Frontend API, in a cache of their own. The requests carry nothing that
 * identifies the caller: the host is another one than that of the Backend API, and must not get the secret key.
 */
export const publicKeys = <R>(
  options: unknown,
  send: Effect.Effect<Send, never, R>
): Effect.Effect<SigningKeysService, ClerkConfigError, R | Scope.Scope> =>
  Either.match(frontendApiOf(options), {
    onLeft: ({ field, rule }) => Effect.fail(new ClerkConfigError({ setting: field, rule }, true)),
    onRight: ({ address, origin, url }) =>
      Effect.flatMap(send, (send) =>
        keysFrom(
          fetchPublicKeySet({
            execute: makeExecute(send, { baseUrl: url, origin, maxResponseBytes: maxSetLength }),
            address
          })
        )
      )
  })
