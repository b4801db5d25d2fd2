import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { ClerkKeysUnavailable, ClerkTokenError, type SessionClaims } from "effect-clerk"
import { Authenticator } from "effect-clerk/http-api"

export const Claims = Schema.Struct({ tenant: Schema.NonEmptyString })

export class TenantSession extends Context.Service<TenantSession, SessionClaims<typeof Claims.Type>>()(
  "TenantSession"
) {}

/** A middleware that a user builds, as the documentation shows it. */
export class TenantAuth extends HttpApiMiddleware.Service<TenantAuth, { provides: TenantSession }>()(
  "TenantAuth",
  { error: [ClerkTokenError, ClerkKeysUnavailable], security: { bearer: HttpApiSecurity.bearer } }
) {
  static readonly layer = Layer.effect(
    TenantAuth,
    Effect.map(Authenticator.make({ cookies: false, claims: Claims }), (authenticate) => ({
      bearer: (response) =>
        Effect.flatMap(Authenticator.withResponseHeaders(authenticate), (session) =>
          Effect.provideService(response, TenantSession, session)
        )
    }))
  )
}
