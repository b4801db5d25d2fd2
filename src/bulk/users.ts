import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import { record } from "#major/schemas.js"
import {
  type FailedCall,
  type FailureReason,
  isWithoutKey,
  maxAttempts,
  verdictOn
} from "../core/bulk/call.js"
import type { Mode } from "../core/bulk/options.js"
import { dueIn, isOpen, type KnownSession, maxPasses, nextOffset, pageSize } from "../core/bulk/sessions.js"
import type { ClerkTransportError } from "../errors/CallErrors.js"
import type { ClerkForbidden, ClerkUnauthorized } from "../errors/StatusErrors.js"
import type { CallError } from "../runtime/declaration.js"
import { declared } from "../runtime/operation.js"
import type { Session } from "../schema/Session.js"
import type { SessionPage } from "../schema/SessionPage.js"
import type { ClerkHttp } from "../services/ClerkHttp.js"
import type * as Operation from "../services/Operation.js"
import * as RequestPolicy from "../services/RequestPolicy.js"
import * as Sessions from "../services/Sessions.js"

/*
 * Ends the sessions of one user. This file makes the calls and waits. `core/bulk` decides what follows from a response.
 */

/** The errors that no call of a job can get past. */
export type StopError = ClerkUnauthorized | ClerkForbidden | ClerkTransportError

/** Makes the ids of sessions known, so that servers reject their tokens at once. */
export type Deny = (sessionIds: ReadonlyArray<string>) => Effect.Effect<void>

/** What the sessions of all users have in common. */
export interface Task {
  readonly cutoffMillis: number
  readonly mode: Mode
  readonly deny: Deny
  /** Whether the ids of all sessions have to be denied, which only the list has. */
  readonly listsAll: boolean
}

const setPasswordCompromised = /*#__PURE__*/ declared({
  name: "Users.setPasswordCompromised",
  method: "POST",
  path: "/users/{userId}/password/set_compromised",
  kind: "idempotent",
  body: /*#__PURE__*/ Schema.Struct({ revoke_all_sessions: Schema.Boolean }),
  // Nobody reads the user in the response, so a field that Clerk changes must not fail the job.
  success: /*#__PURE__*/ record(Schema.String, Schema.Unknown),
  errors: [404, 422]
}) as (input: {
  readonly path: { readonly userId: string }
  readonly body: { readonly revoke_all_sessions: boolean }
}) => Operation.Op<unknown, Operation.ErrorOf<404 | 422>>

/** The limits of one request. The job retries by itself: the retry budget of a client is for outages of seconds. */
const oneAttempt = /*#__PURE__*/ RequestPolicy.use({
  maxAttempts: 1,
  timeout: "30 seconds",
  deadline: "10 minutes",
  priority: "bulk"
})

/** The value of a call, `undefined` if its user or session does not exist, or why the job gave it up. */
type Outcome<A> = { readonly value: A | undefined } | { readonly reason: FailureReason }

const factsOf = (error: CallError): FailedCall => ({
  _tag: error._tag,
  status: "status" in error ? error.status : undefined,
  retryAfterMillis:
    "retryAfter" in error && error.retryAfter !== undefined ? Duration.toMillis(error.retryAfter) : undefined,
  reason: "reason" in error ? error.reason : undefined
})

const isStop = (error: CallError): error is StopError =>
  error._tag === "ClerkUnauthorized" || error._tag === "ClerkForbidden" || isWithoutKey(error)

/** The attempt whose failure is logged. Two failures are common, and ten of each call would fill the log in an outage. */
const logged = 3

const logFailure = ({ message }: CallError) =>
  Effect.logWarning(
    `SignOutEverywhere: attempt ${logged} of ${maxAttempts} failed, and the job goes on: ${message}`
  )

/** Makes a call until it succeeds or the job gives it up. */
const persist = <A>(
  call: Effect.Effect<A, CallError, ClerkHttp>
): Effect.Effect<Outcome<A>, StopError, ClerkHttp> => {
  const single = oneAttempt(call)
  const attempt = (number: number): Effect.Effect<Outcome<A>, StopError, ClerkHttp> =>
    Effect.matchEffect(single, {
      onFailure: (error) => {
        if (isStop(error)) return Effect.fail(error)
        return Effect.flatMap(Random.next, (chance): Effect.Effect<Outcome<A>, StopError, ClerkHttp> => {
          const verdict = verdictOn(factsOf(error), number, chance)
          if (verdict._tag === "GiveUp") return Effect.succeed({ reason: verdict.reason })
          if (verdict._tag !== "Retry") return Effect.succeed({ value: undefined })
          const wait = Effect.sleep(Duration.millis(verdict.millis))
          const next = Effect.flatMap(wait, () => attempt(number + 1))
          return number === logged ? Effect.andThen(logFailure(error), next) : next
        })
      },
      onSuccess: (value) => Effect.succeed({ value })
    })
  return attempt(1)
}

/** Revokes a session. Clerk responds with 409 to a session that has ended, and while another request changes it. */
const revoke = (id: string) =>
  Sessions.revoke(id).pipe(
    Effect.catchTag("ClerkConflict", (conflict) =>
      Effect.flatMap(Sessions.get(id), (session) =>
        isOpen(session.status) ? Effect.fail(conflict) : Effect.succeed(session)
      )
    )
  )

const known = ({ createdAt, id, status }: Session): KnownSession => ({
  id,
  status,
  createdMillis: DateTime.toEpochMillis(createdAt)
})

type UserResult = Effect.Effect<FailureReason | undefined, StopError, ClerkHttp>

/** Looks once at all sessions of a user, and gives those of each page that are due to `end`. */
const onePass = (userId: string, cutoffMillis: number, end: (due: ReadonlyArray<string>) => UserResult) =>
  Effect.gen(function* () {
    let offset: number | undefined = 0
    let pages = 0
    let found = 0
    let failure: FailureReason | undefined
    while (offset !== undefined) {
      const listed: Outcome<SessionPage> = yield* persist(Sessions.list({ userId, limit: pageSize, offset }))
      if ("reason" in listed) return { pages, found, failure: listed.reason }
      if (listed.value === undefined) break
      const { data, totalCount } = listed.value
      const due = dueIn(data.map(known), cutoffMillis).map(({ id }) => id)
      failure = (yield* end(due)) ?? failure
      found += due.length
      pages += 1
      offset = nextOffset(offset, data.length, totalCount)
    }
    return { pages, found, failure }
  })

/** Ends the sessions that are in the list of the user. */
const endListed = (userId: string, { cutoffMillis, deny }: Task): UserResult =>
  Effect.gen(function* () {
    const end = (due: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        // First, because a job that resumes after its process was killed no longer finds these sessions.
        if (due.length > 0) yield* deny(due)
        let failure: FailureReason | undefined
        for (const id of due) {
          const revoked = yield* persist(revoke(id))
          if ("reason" in revoked) failure = revoked.reason
        }
        return failure
      })
    for (let pass = 0; pass < maxPasses; pass += 1) {
      const { failure, found, pages } = yield* onePass(userId, cutoffMillis, end)
      // A session that Clerk deletes between two pages moves the later ones forward, so one may be missed.
      if (failure !== undefined || found === 0 || pages < 2) return failure
    }
    return "sessions-remain"
  })

/** Sets the password of the user as compromised, which ends all sessions in one request. */
const endCompromised = (userId: string, task: Task): UserResult =>
  Effect.gen(function* () {
    if (task.listsAll) {
      const denyAll = (open: ReadonlyArray<string>) => Effect.as(task.deny(open), undefined)
      const { failure } = yield* onePass(userId, Number.POSITIVE_INFINITY, denyAll)
      if (failure !== undefined) return failure
    }
    const marked = yield* persist(
      setPasswordCompromised({ path: { userId }, body: { revoke_all_sessions: true } })
    )
    if ("value" in marked) return undefined
    // Clerk may reject it for a user who has no password. The sessions of this user have to end too.
    return marked.reason === "rejected" ? ((yield* endListed(userId, task)) ?? "rejected") : marked.reason
  })

/** Ends the sessions of a user. Returns why it could not. */
export const endSessions = (userId: string, task: Task): UserResult =>
  task.mode === "compromised" ? endCompromised(userId, task) : endListed(userId, task)
