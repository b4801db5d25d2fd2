import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { serviceBy, updateContext } from "#major/context.js"
import { dateTimeFromMillis } from "#major/time.js"
import type { FailedUser } from "../core/bulk/call.js"
import type { Mode } from "../core/bulk/options.js"
import { isId } from "../core/revocations/change.js"
import { presentRevocations, type RevocationsService, revocationsKey } from "../runtime/revocations.js"
import type { ClerkHttp } from "../services/ClerkHttp.js"
import { type Deny, endSessions, type StopError } from "./users.js"

/** The users of one chunk, and how their sessions end. */
export interface ChunkTask {
  readonly users: ReadonlyArray<string>
  readonly cutoffMillis: number
  readonly mode: Mode
  /** The users at once. */
  readonly concurrency: number
}

/** What a chunk has done. */
export interface ChunkResult {
  readonly users: number
  readonly failed: ReadonlyArray<FailedUser>
}

/** For servers that do not look at revocations. */
const denyNothing: Deny = () => Effect.void

const endAll = (
  { concurrency, users, ...task }: ChunkTask,
  deny: Deny | undefined
): Effect.Effect<ChunkResult, StopError, ClerkHttp> =>
  Effect.map(
    Effect.forEach(
      users,
      (userId) =>
        Effect.map(
          endSessions(userId, { ...task, deny: deny ?? denyNothing, listsAll: deny !== undefined }),
          (reason) => ({ userId, reason })
        ),
      { concurrency }
    ),
    (results) => ({
      users: results.length,
      failed: results.flatMap(({ reason, userId }) => (reason === undefined ? [] : [{ userId, reason }]))
    })
  )

/**
 * Ends the sessions of the users of one chunk. Where the program has `Revocations`, all tokens of the users are denied
 * until the end, and those of the ended sessions afterwards.
 *
 * A store that is unavailable does not stop the chunk: to end the sessions matters more, and the service sends the change
 * again.
 */
export const signOutUsers = (task: ChunkTask): Effect.Effect<ChunkResult, StopError, ClerkHttp> =>
  Effect.flatMap(presentRevocations, (service) => {
    if (service === undefined) return endAll(task, undefined)
    // A malformed id would make the whole change invalid. No token has one.
    const held = task.users.filter(isId)
    return Effect.acquireUseRelease(
      Effect.ignore(service.holdUsers(held, dateTimeFromMillis(task.cutoffMillis))),
      () => withoutRevocations(endAll(task, (sessionIds) => Effect.ignore(service.revoke(sessionIds)))),
      () => Effect.ignore(service.release(held))
    )
  })

/** The service by its key: its class would add all layers of `effect-clerk/revocations` to a bundle. */
const service = /*#__PURE__*/ serviceBy<"Revocations", RevocationsService>(revocationsKey)

/** `Sessions.revoke` would write each session once more. */
const withoutRevocations = <A, E>(self: Effect.Effect<A, E, ClerkHttp>): Effect.Effect<A, E, ClerkHttp> =>
  updateContext(
    self,
    (context: Context.Context<ClerkHttp>): Context.Context<ClerkHttp> =>
      // Sound because the requirements do not have the service, whether it is there or not.
      Context.omit(service)(context as Context.Context<ClerkHttp | "Revocations">)
  )
