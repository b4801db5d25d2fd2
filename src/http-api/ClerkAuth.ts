/**
 * Middlewares for an `HttpApi`. They add 401 and 503, and their security schemes, to the API and to its OpenAPI document.
 *
 * @example
 * ```ts
 * import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "@effect/platform"
 * import { Effect, Layer, Schema } from "effect"
 * import { SigningKeys } from "effect-clerk"
 * import { ClerkAuth, CurrentSession } from "effect-clerk/http-api"
 *
 * class Account extends HttpApiGroup.make("account")
 *   .add(HttpApiEndpoint.get("me")`/me`.addSuccess(Schema.Struct({ userId: Schema.String })))
 *   .middleware(ClerkAuth) {}
 *
 * class Api extends HttpApi.make("api").add(Account) {}
 *
 * const AccountLive = HttpApiBuilder.group(Api, "account", (handlers) =>
 *   handlers.handle("me", () => Effect.map(CurrentSession, ({ userId }) => ({ userId })))
 * )
 *
 * export const ApiLive = HttpApiBuilder.api(Api).pipe(
 *   Layer.provide(AccountLive),
 *   Layer.provide(ClerkAuth.layer({ authorizedParties: ["https://app.example.com"] })),
 *   Layer.provide(SigningKeys.layerConfig)
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import * as HttpApiSecurity from "@effect/platform/HttpApiSecurity"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { checkRequirements } from "../core/server/requirements.js"
import { ClerkAccessDenied } from "../errors/ClerkAccessDenied.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { ClerkKeysUnavailable, ClerkTokenError } from "../errors/TokenErrors.js"
import type { SessionClaims } from "../schema/SessionClaims.js"
import * as Authorization from "../services/Authorization.js"
import type { SigningKeys } from "../services/SigningKeys.js"
import * as Authenticator from "./Authenticator.js"
import type { Refusal } from "./authResponse.js"
import { CurrentSession, OptionalSession } from "./CurrentSession.js"

const security = {
  clerkBearer: HttpApiSecurity.bearer.pipe(
    HttpApiSecurity.annotate(OpenApi.Format, "JWT"),
    HttpApiSecurity.annotate(OpenApi.Description, "A session token of Clerk.")
  ),
  clerkCookie: HttpApiSecurity.apiKey({ in: "cookie", key: "__session" }).pipe(
    HttpApiSecurity.annotate(
      OpenApi.Description,
      "Clerk's session cookie, also by its name with the suffix of the instance."
    )
  )
}

type Decision<E> = Effect.Effect<SessionClaims, E, HttpServerRequest.HttpServerRequest>

/**
 * A platform tries one scheme after the other, each with a function of its own. Which credential counts is one decision
 * though, so the first function makes it for both and the second repeats its refusal.
 */
const bySchemes = <E extends Refusal>(decide: Decision<E>) => {
  const refusals = new WeakMap<HttpServerRequest.HttpServerRequest, E>()
  const decideAndKeep = Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    decide.pipe(
      Authenticator.withResponseHeaders,
      Effect.tapError((error) => Effect.sync(() => refusals.set(request, error)))
    )
  )
  const repeat = Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    const refusal = refusals.get(request)
    return refusal === undefined ? Authenticator.withResponseHeaders(decide) : Effect.fail(refusal)
  })
  return { clerkBearer: () => decideAndKeep, clerkCookie: () => repeat }
}

/**
 * Lets signed-in users pass, and provides `CurrentSession`. Others get 401 (`ClerkTokenError`), everybody gets 503
 * (`ClerkKeysUnavailable`) while the keys cannot be had.
 *
 * @since 0.1.0
 * @category middleware
 */
export class ClerkAuth extends HttpApiMiddleware.Tag<ClerkAuth>()("effect-clerk/http-api/ClerkAuth", {
  failure: Schema.Union(ClerkTokenError, ClerkKeysUnavailable),
  provides: CurrentSession,
  security
}) {
  /**
   * Builds the middleware. Verifies tokens with the `SigningKeys` provided. Fails with `ClerkConfigError` when an
   * option is invalid.
   */
  static layer(
    options: Authenticator.CookieAuthOptions
  ): Layer.Layer<ClerkAuth, ClerkConfigError, SigningKeys>
  /**
   * Builds the middleware. Verifies tokens with the `SigningKeys` provided. Fails with `ClerkConfigError` when an
   * option is invalid.
   */
  static layer(options: Authenticator.AuthOptions): Layer.Layer<ClerkAuth, ClerkConfigError, SigningKeys>
  static layer(options: Authenticator.AuthOptions): Layer.Layer<ClerkAuth, ClerkConfigError, SigningKeys> {
    return Layer.effect(ClerkAuth, Effect.map(Authenticator.make(options), bySchemes))
  }
}

/**
 * Lets everybody pass, and provides `OptionalSession`: a request without a good token has none. Fails with 503 while the
 * keys cannot be had, because then nobody knows.
 *
 * @since 0.1.0
 * @category middleware
 */
export class ClerkAuthOptional extends HttpApiMiddleware.Tag<ClerkAuthOptional>()(
  "effect-clerk/http-api/ClerkAuthOptional",
  { failure: ClerkKeysUnavailable, provides: OptionalSession }
) {
  /**
   * Builds the middleware. Verifies tokens with the `SigningKeys` provided. Fails with `ClerkConfigError` when an
   * option is invalid.
   */
  static layer(
    options: Authenticator.CookieAuthOptions
  ): Layer.Layer<ClerkAuthOptional, ClerkConfigError, SigningKeys>
  /**
   * Builds the middleware. Verifies tokens with the `SigningKeys` provided. Fails with `ClerkConfigError` when an
   * option is invalid.
   */
  static layer(
    options: Authenticator.AuthOptions
  ): Layer.Layer<ClerkAuthOptional, ClerkConfigError, SigningKeys>
  static layer(
    options: Authenticator.AuthOptions
  ): Layer.Layer<ClerkAuthOptional, ClerkConfigError, SigningKeys> {
    return Layer.effect(
      ClerkAuthOptional,
      Effect.map(Authenticator.make(options), (authenticate) =>
        Authenticator.withResponseHeaders(Authenticator.optional(authenticate))
      )
    )
  }
}

const requiringFailure = Schema.Union(ClerkTokenError, ClerkKeysUnavailable, ClerkAccessDenied)

/**
 * What `ClerkAuthRequiring` gives: a class to extend, with the `layer` that makes it work.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequiringTag<Self, Id extends string>
  extends HttpApiMiddleware.TagClass<
    Self,
    Id,
    {
      readonly failure: typeof requiringFailure
      readonly provides: typeof CurrentSession
      readonly security: typeof security
    }
  > {
  /**
   * Builds the middleware. Verifies tokens with the `SigningKeys` provided. Fails with `ClerkConfigError` when an
   * option or a requirement is invalid.
   */
  layer(options: Authenticator.CookieAuthOptions): Layer.Layer<Self, ClerkConfigError, SigningKeys>
  /**
   * Builds the middleware. Verifies tokens with the `SigningKeys` provided. Fails with `ClerkConfigError` when an
   * option or a requirement is invalid.
   */
  layer(options: Authenticator.AuthOptions): Layer.Layer<Self, ClerkConfigError, SigningKeys>
}

/**
 * Makes a middleware that lets those signed-in users pass whose session meets the requirements; to the others it answers
 * 403 (`ClerkAccessDenied`). Stands in for `ClerkAuth`.
 *
 * @example
 * ```ts
 * import { ClerkAuthRequiring } from "effect-clerk/http-api"
 *
 * export class CanDeleteTeams extends ClerkAuthRequiring<CanDeleteTeams>()("CanDeleteTeams", {
 *   permission: "org:teams:delete",
 *   reverification: "strict"
 * }) {}
 *
 * export const layer = CanDeleteTeams.layer({ authorizedParties: ["https://app.example.com"] })
 * ```
 *
 * @since 0.1.0
 * @category middleware
 */
export const ClerkAuthRequiring =
  <Self>() =>
  <const Id extends string>(id: Id, requirements: Authorization.Requirements): RequiringTag<Self, Id> => {
    const tag = HttpApiMiddleware.Tag<Self>()(id, {
      failure: requiringFailure,
      provides: CurrentSession,
      security
    })
    return Object.assign(tag, {
      layer: (options: Authenticator.AuthOptions): Layer.Layer<Self, ClerkConfigError, SigningKeys> =>
        Layer.effect(
          tag,
          Effect.zipRight(
            checkRequirements(requirements),
            Effect.map(Authenticator.make(options), (authenticate) =>
              bySchemes(Effect.flatMap(authenticate, Authorization.protect(requirements)))
            )
          )
        )
    })
  }
