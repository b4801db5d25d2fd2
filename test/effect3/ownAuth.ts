import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import * as HttpApiSecurity from "@effect/platform/HttpApiSecurity"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { ClerkKeysUnavailable, ClerkTokenError, type SessionClaims } from "effect-clerk"
import { Authenticator } from "effect-clerk/http-api"

export const Claims = Schema.Struct({ tenant: Schema.NonEmptyString })

export class TenantSession extends Context.Tag("TenantSession")<
  TenantSession,
  SessionClaims<typeof Claims.Type>
>() {}

/** A middleware that a user builds, as the documentation shows it. */
export class TenantAuth extends HttpApiMiddleware.Tag<TenantAuth>()("TenantAuth", {
  failure: Schema.Union(ClerkTokenError, ClerkKeysUnavailable),
  provides: TenantSession,
  security: { bearer: HttpApiSecurity.bearer }
}) {
  static readonly layer = Layer.effect(
    TenantAuth,
    Effect.map(Authenticator.make({ cookies: false, claims: Claims }), (authenticate) => ({
      bearer: () => Authenticator.withResponseHeaders(authenticate)
    }))
  )
}
