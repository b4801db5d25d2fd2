/**
 * The session of the current request.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import { Service } from "#major/context.js"
import type { ClerkAccessDenied } from "../errors/ClerkAccessDenied.js"
import type { SessionClaims } from "../schema/SessionClaims.js"
import * as Authorization from "../services/Authorization.js"

/**
 * The claims of the token of the current request. `ClerkAuth` and `ClerkRouter.signedIn` provide it.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { CurrentSession } from "effect-clerk/http-api"
 *
 * export const whoAmI = Effect.map(CurrentSession, (session) => session.userId)
 *
 * // 403 unless the user may delete teams.
 * export const deleteTeam = Effect.gen(function* () {
 *   const session = yield* CurrentSession.protect({ permission: "org:teams:delete" })
 *   return session.organization?.id
 * })
 * ```
 *
 * @since 0.1.0
 * @category services
 */
export class CurrentSession extends Service<CurrentSession, SessionClaims>()(
  "effect-clerk/http-api/CurrentSession"
) {
  /** Returns the session if it meets all requirements. Fails with `ClerkAccessDenied` otherwise. */
  static protect(
    requirements: Authorization.Requirements
  ): Effect.Effect<SessionClaims, ClerkAccessDenied, CurrentSession> {
    return Effect.flatMap(CurrentSession, Authorization.protect(requirements))
  }
}

/**
 * The claims of the token of the current request, or `None` if it has no valid token. `ClerkAuthOptional` and
 * `ClerkRouter.optional` provide it.
 *
 * @since 0.1.0
 * @category services
 */
export class OptionalSession extends Service<OptionalSession, Option.Option<SessionClaims>>()(
  "effect-clerk/http-api/OptionalSession"
) {}
