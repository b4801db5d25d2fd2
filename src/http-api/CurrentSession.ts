/**
 * Gives handlers the session of the current request.
 *
 * @since 4.0.0
 */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import { Service } from "#major/context.js"
import type { ClerkAccessDenied } from "../errors/ClerkAccessDenied.js"
import type { SessionClaims } from "../schema/SessionClaims.js"
import * as Authorization from "../services/Authorization.js"

/**
 * Provides the claims of the current request's token. `ClerkAuth`, `ClerkAuthRequiring`, `ClerkRouter.signedIn` and
 * `ClerkRouter.requiring` provide it.
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
 * @since 4.0.0
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
 * Provides the claims of the current request's token, or `None` if it has no valid one. `ClerkAuthOptional`,
 * `ClerkRouter.optional` and `ClerkRouter.pages` provide it.
 *
 * @since 4.0.0
 * @category services
 */
export class OptionalSession extends Service<OptionalSession, Option.Option<SessionClaims>>()(
  "effect-clerk/http-api/OptionalSession"
) {}
