/**
 * Protects the endpoints of an `HttpApi` with middlewares. They add their errors (401, 403, 503) and two security schemes
 * to the API and to its OpenAPI document.
 *
 * @example
 * Effect 4:
 *
 * ```ts effect4
 * import { Effect, Layer, Schema } from "effect"
 * import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
 * import { SigningKeys } from "effect-clerk"
 * import { ClerkAuth, CurrentSession } from "effect-clerk/http-api"
 *
 * class Account extends HttpApiGroup.make("account")
 *   .add(HttpApiEndpoint.get("me", "/me", { success: Schema.Struct({ userId: Schema.String }) }))
 *   .middleware(ClerkAuth) {}
 *
 * class Api extends HttpApi.make("api").add(Account) {}
 *
 * const AccountLive = HttpApiBuilder.group(Api, "account", (handlers) =>
 *   handlers.handle("me", () => Effect.map(CurrentSession, ({ userId }) => ({ userId })))
 * )
 *
 * export const ApiLive = HttpApiBuilder.layer(Api).pipe(
 *   Layer.provide(AccountLive),
 *   Layer.provide(ClerkAuth.layer({ authorizedParties: ["https://app.example.com"] })),
 *   Layer.provide(SigningKeys.layerConfig)
 * )
 * ```
 *
 * Effect 3:
 *
 * ```ts effect3
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
 * @since 4.0.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import {
  handler,
  Middleware,
  SecurityMiddleware,
  type SecurityMiddlewareClass,
  schemeHandler
} from "#major/httpApi.js"
import * as HttpApiSecurity from "#major/httpApiSecurity.js"
import * as HttpServerRequest from "#major/httpServerRequest.js"
import * as OpenApi from "#major/openApi.js"
import { ClerkAccessDenied } from "../errors/ClerkAccessDenied.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { ClerkKeysUnavailable, ClerkTokenError } from "../errors/TokenErrors.js"
import { checkRequirements } from "../runtime/access.js"
import type { SessionClaims } from "../schema/SessionClaims.js"
import * as Authorization from "../services/Authorization.js"
import type { Revocations } from "../services/Revocations.js"
import type * as SessionTokens from "../services/SessionTokens.js"
import type { SigningKeys } from "../services/SigningKeys.js"
import * as Authenticator from "./Authenticator.js"
import { type AnyOptions, makeAuthenticator } from "./anyOptions.js"
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

/**
 * Makes the functions of the two schemes. An `HttpApi` tries one scheme after the other, each with its own function. One
 * decision covers both credentials, so the function of the second scheme fails with the error of the first.
 */
const bySchemes = <E extends ClerkTokenError | ClerkKeysUnavailable | ClerkAccessDenied>(
  authenticate: Effect.Effect<SessionClaims, E, HttpServerRequest.HttpServerRequest>
) => {
  const errors = new WeakMap<HttpServerRequest.HttpServerRequest, E>()
  const first = Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    authenticate.pipe(
      Authenticator.withResponseHeaders,
      // A middleware around the API can serve a request twice: the later error replaces the earlier one.
      Effect.tapError((error) => Effect.sync(() => errors.set(request, error)))
    )
  )
  const second = Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    const error = errors.get(request)
    return error === undefined ? Authenticator.withResponseHeaders(authenticate) : Effect.fail(error)
  })
  return {
    clerkBearer: schemeHandler(CurrentSession, first),
    clerkCookie: schemeHandler(CurrentSession, second)
  }
}

/**
 * Admits signed-in users and provides `CurrentSession`. Rejects a request without a valid token with 401
 * (`ClerkTokenError`). While the keys are unavailable, a request with a token is rejected with 503
 * (`ClerkKeysUnavailable`).
 *
 * Put `.middleware(ClerkAuth)` after the last `.add(…)`: in Effect 4, an endpoint that is added later is public.
 *
 * @since 4.0.0
 * @category middleware
 */
export class ClerkAuth extends SecurityMiddleware<ClerkAuth>()("effect-clerk/http-api/ClerkAuth", {
  errors: [ClerkTokenError, ClerkKeysUnavailable],
  provides: CurrentSession,
  security
}) {
  /**
   * Builds the middleware, which verifies tokens with the `SigningKeys` provided. Fails with `ClerkConfigError` if an
   * option is invalid.
   */
  static layer(
    options: Authenticator.CookieAuthOptions
  ): Layer.Layer<ClerkAuth, ClerkConfigError, SigningKeys>
  /**
   * Builds the middleware, which rejects the tokens of revoked sessions. Verifies tokens with the `SigningKeys` and the
   * `Revocations` provided. Fails with `ClerkConfigError` if an option is invalid.
   */
  static layer(
    options: SessionTokens.WithRevocations<Authenticator.AuthOptions>
  ): Layer.Layer<ClerkAuth, ClerkConfigError, SigningKeys | Revocations>
  /**
   * Builds the middleware, which verifies tokens with the `SigningKeys` provided. Fails with `ClerkConfigError` if an
   * option is invalid.
   */
  static layer(options: Authenticator.AuthOptions): Layer.Layer<ClerkAuth, ClerkConfigError, SigningKeys>
  static layer(options: AnyOptions): Layer.Layer<ClerkAuth, ClerkConfigError, SigningKeys | Revocations> {
    return Layer.effect(ClerkAuth, Effect.map(makeAuthenticator(options), bySchemes))
  }
}

/**
 * Admits every request and provides `OptionalSession`, which is `None` without a valid token. While the keys are
 * unavailable, a request with a token is rejected with 503 (`ClerkKeysUnavailable`), because it cannot be verified.
 *
 * @since 4.0.0
 * @category middleware
 */
export class ClerkAuthOptional extends Middleware<ClerkAuthOptional>()(
  "effect-clerk/http-api/ClerkAuthOptional",
  {
    errors: [ClerkKeysUnavailable],
    provides: OptionalSession
  }
) {
  /**
   * Builds the middleware, which verifies tokens with the `SigningKeys` provided. Fails with `ClerkConfigError` if an
   * option is invalid.
   */
  static layer(
    options: Authenticator.CookieAuthOptions
  ): Layer.Layer<ClerkAuthOptional, ClerkConfigError, SigningKeys>
  /**
   * Builds the middleware, which rejects the tokens of revoked sessions. Verifies tokens with the `SigningKeys` and the
   * `Revocations` provided. Fails with `ClerkConfigError` if an option is invalid.
   */
  static layer(
    options: SessionTokens.WithRevocations<Authenticator.AuthOptions>
  ): Layer.Layer<ClerkAuthOptional, ClerkConfigError, SigningKeys | Revocations>
  /**
   * Builds the middleware, which verifies tokens with the `SigningKeys` provided. Fails with `ClerkConfigError` if an
   * option is invalid.
   */
  static layer(
    options: Authenticator.AuthOptions
  ): Layer.Layer<ClerkAuthOptional, ClerkConfigError, SigningKeys>
  static layer(
    options: AnyOptions
  ): Layer.Layer<ClerkAuthOptional, ClerkConfigError, SigningKeys | Revocations> {
    return Layer.effect(
      ClerkAuthOptional,
      Effect.map(makeAuthenticator(options), (authenticate) =>
        handler(OptionalSession, Authenticator.withResponseHeaders(Authenticator.optional(authenticate)))
      )
    )
  }
}

const requiringErrors = [ClerkTokenError, ClerkKeysUnavailable, ClerkAccessDenied] as const

/**
 * Describes the class that `ClerkAuthRequiring` makes: extend it, and build the middleware with its `layer`.
 *
 * @since 4.0.0
 * @category models
 */
export interface RequiringTag<Self, Id extends string>
  extends SecurityMiddlewareClass<Self, Id, typeof requiringErrors, typeof CurrentSession, typeof security> {
  /**
   * Builds the middleware, which verifies tokens with the `SigningKeys` provided. Fails with `ClerkConfigError` if an
   * option or a requirement is invalid.
   */
  layer(options: Authenticator.CookieAuthOptions): Layer.Layer<Self, ClerkConfigError, SigningKeys>
  /**
   * Builds the middleware, which rejects the tokens of revoked sessions. Verifies tokens with the `SigningKeys` and the
   * `Revocations` provided. Fails with `ClerkConfigError` if an option or a requirement is invalid.
   */
  layer(
    options: SessionTokens.WithRevocations<Authenticator.AuthOptions>
  ): Layer.Layer<Self, ClerkConfigError, SigningKeys | Revocations>
  /**
   * Builds the middleware, which verifies tokens with the `SigningKeys` provided. Fails with `ClerkConfigError` if an
   * option or a requirement is invalid.
   */
  layer(options: Authenticator.AuthOptions): Layer.Layer<Self, ClerkConfigError, SigningKeys>
}

/**
 * Makes a middleware that admits signed-in users whose session meets the requirements, and provides `CurrentSession`.
 * Rejects other signed-in users with 403 (`ClerkAccessDenied`). Use it in place of `ClerkAuth`.
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
 * @since 4.0.0
 * @category middleware
 */
export const ClerkAuthRequiring =
  <Self>() =>
  <const Id extends string>(id: Id, requirements: Authorization.Requirements): RequiringTag<Self, Id> => {
    const tag = SecurityMiddleware<Self>()(id, {
      errors: requiringErrors,
      provides: CurrentSession,
      security
    })
    return Object.assign(tag, {
      layer: (options: AnyOptions): Layer.Layer<Self, ClerkConfigError, SigningKeys> =>
        Layer.effect(
          tag,
          Effect.andThen(
            checkRequirements(requirements),
            Effect.map(makeAuthenticator(options), (authenticate) =>
              bySchemes(Effect.flatMap(authenticate, Authorization.protect(requirements)))
            )
          )
        )
    })
  }
