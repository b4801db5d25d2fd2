import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import { ClerkConfigError } from "../errors/ClerkConfigError.js"
import type { PublicKeysOptions, SigningKeysService } from "../services/SigningKeys.js"
import { type BaseUrl, readBaseUrl } from "./baseUrl.js"
import { executeAt } from "./exchange.js"
import { keysFrom } from "./jwksCache.js"
import { fetchPublicKeySet, maxSetLength } from "./jwksOperation.js"
import { ownProperties } from "./ownProperties.js"
import { issuerOf } from "./publishableKey.js"
import { type RuleBreak, unknownOption } from "./ruleBreak.js"
import type { Send } from "./send.js"

const optionNames = Object.keys({
  publishableKey: true,
  issuer: true
} satisfies Record<keyof PublicKeysOptions, true>)

const insecure = "must be https, except on a loopback address"

/** Where the instance's Frontend API is. */
const frontendApiOf = (options: unknown): Either.Either<BaseUrl, RuleBreak> => {
  const broken = (field: string, rule: string) => Either.left({ field, rule })
  if (typeof options !== "object" || options === null) return broken("options", "must be an object")
  const flaw = unknownOption(options, optionNames, "is not an option of public keys")
  if (flaw !== undefined) return Either.left(flaw)
  const { issuer, publishableKey }: { readonly [K in keyof PublicKeysOptions]?: unknown } =
    ownProperties(options)
  if (issuer !== undefined) {
    return publishableKey === undefined
      ? readBaseUrl("issuer", issuer, insecure)
      : broken("issuer", "must not be given together with publishableKey: each says where the keys are")
  }
  return publishableKey === undefined
    ? broken("publishableKey", "is missing: give the publishable key (pk_test_… or pk_live_…), or the issuer")
    : Either.flatMap(issuerOf(publishableKey), (url) => readBaseUrl("publishableKey", url, insecure))
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
            execute: executeAt(send, { baseUrl: url, origin, maxResponseBytes: maxSetLength }),
            address
          })
        )
      )
  })
