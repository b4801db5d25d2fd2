/**
 * The one decision on a request: whose token it carries, and whether it is good.
 *
 * The middlewares are made of it; use it by itself where they do not fit, for example to decode claims of your own.
 *
 * @since 0.1.0
 */
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { type ClerkKeysUnavailable, ClerkTokenError } from "../errors/TokenErrors.js"
import { ownProperties } from "../internal/ownProperties.js"
import { readPublishableKey } from "../internal/publishableKey.js"
import { tokenOf } from "../internal/requestToken.js"
import type { SessionClaims } from "../schema/SessionClaims.js"
import * as SessionTokens from "../services/SessionTokens.js"
import type { SigningKeys } from "../services/SigningKeys.js"

/**
 * What holds whether or not cookies are read.
 *
 * @since 0.1.0
 * @category models
 */
export interface CommonOptions extends Omit<SessionTokens.VerifierOptions, "category" | "claims"> {
  /**
   * The instance's publishable key, `pk_test_…` or `pk_live_…`. It tells the exact `issuer`, unless that is given, and
   * the name of the instance's own cookie (`__session_<suffix>`), which is then preferred to `__session`.
   */
  readonly publishableKey?: string | undefined
}

/**
 * The options of everything that protects a server. Where tokens may come in cookies, which browsers send by
 * themselves, `authorizedParties` has to be given.
 *
 * @since 0.1.0
 * @category models
 */
export type AuthOptions =
  | (CommonOptions & {
      /** Whether a token may come in the session cookie. Default true. */
      readonly cookies?: true | undefined
      readonly authorizedParties: ReadonlyArray<string>
    })
  | (CommonOptions & { readonly cookies: false })

/**
 * Looks at the request being served.
 *
 * @since 0.1.0
 * @category models
 */
export type Authenticator<Claims> = Effect.Effect<
  Claims,
  ClerkTokenError | ClerkKeysUnavailable,
  HttpServerRequest.HttpServerRequest
>

const broken = (setting: string, rule: string) => new ClerkConfigError({ setting, rule }, true)

const readIdentity = (publishableKey: unknown) =>
  publishableKey === undefined
    ? Effect.succeed(undefined)
    : Effect.mapError(readPublishableKey(publishableKey), ({ field, rule }) => broken(field, rule))

/**
 * Makes the decision function of a server. A bearer token in `Authorization` is taken first; only a request without one
 * is looked at for a session cookie. A request with a cookie that changes something must not come from an origin that
 * is not among the authorized parties.
 *
 * What a refusal compared (origins, issuers, audiences) is logged at debug level and left out of the error, which
 * leaves the server.
 *
 * @example
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { Authenticator } from "effect-clerk/http-api"
 *
 * const Custom = Schema.Struct({ tenant: Schema.String })
 *
 * // Effect<Authenticator<SessionClaims<{ tenant: string }>>, ClerkConfigError, SigningKeys>
 * export const authenticator = Authenticator.make({
 *   authorizedParties: ["https://app.example.com"],
 *   claims: Custom
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <Custom = undefined, Encoded = unknown>(
  options: AuthOptions & { readonly claims?: Schema.Schema<Custom, Encoded> | undefined }
): Effect.Effect<Authenticator<SessionClaims<Custom>>, ClerkConfigError, SigningKeys> =>
  Effect.gen(function* () {
    const { cookies = true, publishableKey, ...rest } = ownProperties<AuthOptions>(options)
    if (typeof cookies !== "boolean") return yield* broken("cookies", "must be true or false")
    if (cookies && rest.authorizedParties === undefined) {
      return yield* broken(
        "authorizedParties",
        "must be given where cookies are read, or set cookies to false"
      )
    }
    if (Object.hasOwn(rest, "category")) {
      return yield* broken("category", "cannot be chosen: only session tokens sign somebody in to a server")
    }
    const identity = yield* readIdentity(publishableKey)
    const issuer = rest.issuer ?? identity?.issuer
    const { claims } = options
    const verify = yield* SessionTokens.verifier<Custom, Encoded>({ ...rest, issuer, claims })
    const cookieNames = cookies
      ? [...(identity === undefined ? [] : [`__session_${identity.cookieSuffix}`]), "__session"]
      : []
    const parties = rest.authorizedParties ?? []
    return HttpServerRequest.HttpServerRequest.pipe(
      Effect.flatMap((request) => {
        const token = tokenOf(request, cookieNames, parties)
        return token instanceof ClerkTokenError ? Effect.fail(token) : verify(token)
      }),
      Effect.catchTag("ClerkTokenError", (error) =>
        Effect.zipRight(Effect.logDebug(error.message), Effect.fail(withoutParties(error)))
      )
    )
  })

const withoutParties = ({ checkedAt, clockSkew, expiresAt, issuedAt, notBefore, reason }: ClerkTokenError) =>
  new ClerkTokenError({ reason, checkedAt, clockSkew, expiresAt, issuedAt, notBefore }, true)

/**
 * The same decision where nobody has to be signed in: a request without a good token has no session. That the keys cannot
 * be had remains a failure, because then nobody knows.
 *
 * @since 0.1.0
 * @category combinators
 */
export const optional = <Claims>(
  self: Authenticator<Claims>
): Effect.Effect<Option.Option<Claims>, ClerkKeysUnavailable, HttpServerRequest.HttpServerRequest> =>
  self.pipe(
    Effect.map(Option.some),
    Effect.catchTag("ClerkTokenError", () => Effect.succeed(Option.none<Claims>()))
  )
