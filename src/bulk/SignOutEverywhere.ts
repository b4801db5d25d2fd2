/**
 * Signs many users out of every device, in a job that survives the end of its process.
 *
 * The job is a workflow of Effect: `@effect/workflow` on Effect 3, `effect/workflow` on Effect 4. Provide the
 * `WorkflowEngine` that fits: in memory for tests, or one in a database for a job that resumes after a restart.
 *
 * When a job is done, no session created up to the cutoff is active or pending, for any user of the source. `failed` lists
 * the exceptions. Every request may be sent more than once.
 *
 * @example
 * ```ts
 * import { Console, Effect, Layer, Stream } from "effect"
 * import { ClerkHttp } from "effect-clerk"
 * import { SignOutEverywhere } from "effect-clerk/bulk"
 *
 * const ids = ["user_123", "user_456"]
 *
 * // Reads the ids from your own database. A cursor tells where the next page starts.
 * export const Job = SignOutEverywhere.layer({
 *   source: (cursor = "0") => {
 *     const at = Number(cursor)
 *     const next = at + 500 < ids.length ? { next: String(at + 500) } : {}
 *     return Effect.succeed({ users: ids.slice(at, at + 500), ...next })
 *   }
 * }).pipe(Layer.provide(ClerkHttp.layerDefault))
 *
 * export const program = Effect.gen(function* () {
 *   const { job } = yield* SignOutEverywhere.start({ job: "incident-2026-11-27" })
 *   yield* Stream.runForEach(SignOutEverywhere.watch(job), (progress) => Console.log(progress))
 * })
 * ```
 *
 * @since 4.0.0
 */

import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import { failureOf } from "#major/cause.js"
import { construct } from "#major/schemas.js"
import { paginate } from "#major/stream.js"
import { type DurationInput, dateTimeFromMillis } from "#major/time.js"
import type { WorkflowEngine } from "#major/workflowEngine.js"
import type { FailedUser } from "../core/bulk/call.js"
import {
  defaultMode,
  type Mode,
  readChunk,
  readJob,
  readLayer,
  readStart,
  readUsers,
  readWatch
} from "../core/bulk/options.js"
import { firstSearch, looked, nextPart, type Search } from "../core/bulk/parts.js"
import { inField, RuleBreak } from "../core/input.js"
import { ClerkInvalidRequest, type ClerkTransportError } from "../errors/CallErrors.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import type { ClerkForbidden, ClerkUnauthorized } from "../errors/StatusErrors.js"
import { configError } from "../runtime/errors.js"
import { toMillis } from "../runtime/policy.js"
import type { ClerkHttp } from "../services/ClerkHttp.js"
import { signOutUsers } from "./chunk.js"
import {
  Cancellations,
  Jobs,
  layerOf,
  type PartResult,
  Parts,
  partOf,
  type Stopped,
  type StopReason
} from "./job.js"
import type { StopError } from "./users.js"

export type { FailedUser, FailureReason } from "../core/bulk/call.js"
export type { Mode } from "../core/bulk/options.js"
export type { StopReason } from "./job.js"

/**
 * Holds one page of the users to sign out, as a source returns it.
 *
 * @since 4.0.0
 * @category models
 */
export interface UserPage {
  /** The ids of at most 1,000 users: `user_…`. A page may be empty. */
  readonly users: ReadonlyArray<string>
  /** The cursor of the next page, at most 4,096 characters. Absent on the last page. */
  readonly next?: string | undefined
}

/**
 * Configures `SignOutEverywhere.layer`.
 *
 * @since 4.0.0
 * @category options
 */
export interface LayerOptions<E, R> {
  /**
   * Reads a page of users. The cursor is the `next` of the page before, and `undefined` for the first page. A failure is
   * retried with backoff, 10 attempts in all, and then the job is `stopped`. Order the users by something that does not
   * change, such as their id, so that a user who signs up does not move the others.
   */
  readonly source: (cursor: string | undefined) => Effect.Effect<UserPage, E, R>
  /** The number of users in one chunk, 1 to 1,000. A resumed job repeats the chunks that were not done. Default 100. */
  readonly chunk?: number | undefined
  /** The number of concurrent chunks in one process, 1 to 20. Default 3. */
  readonly parallel?: number | undefined
  /** The number of concurrent users in one chunk, 1 to 50. Default 5. */
  readonly concurrency?: number | undefined
}

/**
 * Makes this process a worker that runs the jobs of the engine. Every process of a fleet may have this layer, because the
 * engine gives each part of a job to one of them. Fails with `ClerkConfigError` if an option is invalid.
 *
 * @since 4.0.0
 * @category layers
 */
export const layer = <E, R>(
  options: LayerOptions<E, R>
): Layer.Layer<never, ClerkConfigError, WorkflowEngine | ClerkHttp | R> => {
  const read = readLayer(options)
  if (read instanceof RuleBreak) return Layer.effectDiscard(Effect.fail(configError(read)))
  const { chunk = 100, concurrency = defaultConcurrency, parallel = 3 } = read
  // The compiler has checked the function where it was written. The job reads each of its pages.
  const source = read.source as LayerOptions<E, R>["source"]
  return layerOf({ source, chunk, parallel, concurrency })
}

const defaultConcurrency = 5

/**
 * Configures `SignOutEverywhere.start`.
 *
 * @since 4.0.0
 * @category options
 */
export interface StartOptions {
  /** Your name for the job, 1 to 128 characters on one line. The same name never starts a second job. */
  readonly job: string
  /** Sessions created up to this time end, and later ones stay. It must not be in the future. Default: now. */
  readonly cutoff?: DateTime.Utc | Date | undefined
  /**
   * How sessions end. Default `"sessions"`:
   * - `"sessions"` lists the sessions of each user, and revokes those up to the cutoff;
   * - `"compromised"` sets the password of each user as compromised. Clerk then ends all sessions of the user, even those
   *   after the cutoff, and requires a new password at the next sign-in.
   */
  readonly mode?: Mode | undefined
}

/**
 * Describes a job that was started.
 *
 * @since 4.0.0
 * @category models
 */
export interface Run {
  /** The name of the job. */
  readonly job: string
  /** The cutoff that the job has. */
  readonly cutoff: DateTime.Utc
  /** How the job ends sessions. */
  readonly mode: Mode
}

const invalid = (operation: string, { field, rule }: RuleBreak): Effect.Effect<never, ClerkInvalidRequest> =>
  Effect.fail(construct(ClerkInvalidRequest, { operation, attempts: 0, field, rule }))

const timeOf = (value: unknown): number | undefined => {
  if (DateTime.isDateTime(value)) return DateTime.toEpochMillis(value)
  return value instanceof Date ? value.getTime() : undefined
}

const runOf = (job: string, cutoff: number, mode: Mode): Run => ({
  job,
  cutoff: dateTimeFromMillis(cutoff),
  mode
})

/** The result of the workflow that records a job. It needs the name only. */
const recorded = (job: string) =>
  Effect.map(Jobs.result({ job, cutoff: 0, mode: defaultMode }), (exit) =>
    exit !== undefined && Exit.isSuccess(exit) ? exit.value : undefined
  )

/**
 * Starts a job, and returns without waiting for its end. If a job with this name exists, it continues with its own cutoff
 * and mode, and `start` returns these. They are known as soon as a worker has recorded them. The worker may be in another
 * process, except with an engine in memory. Fails with `ClerkInvalidRequest` if an option is invalid.
 *
 * @since 4.0.0
 * @category operations
 */
export const start = (options: StartOptions): Effect.Effect<Run, ClerkInvalidRequest, WorkflowEngine> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const read = readStart(options, timeOf, now)
    if (read instanceof RuleBreak) return invalid("SignOutEverywhere.start", read)
    const { cutoff = now, job, mode = defaultMode } = read
    return Effect.andThen(
      Jobs.start({ job, cutoff, mode }),
      Effect.map(recorded(job), (known) => runOf(job, known?.cutoff ?? cutoff, known?.mode ?? mode))
    )
  })

/**
 * Reports how far a job is.
 *
 * @since 4.0.0
 * @category models
 */
export interface Progress {
  /**
   * - `unknown`: no job has this name, or no worker has begun it yet;
   * - `running`: the job has users left, whether a worker is running or not;
   * - `done`: the job has no users left. See `failed` for the users who failed;
   * - `stopped`: the job has users left, and never continues. See `stopped` for the reason.
   */
  readonly status: "unknown" | "running" | "done" | "stopped"
  /** The users who are finished, with those who failed. It grows by about ten chunks at a time. */
  readonly users: number
  /** The users who failed. `SignOutEverywhere.failed` lists them. */
  readonly failed: number
  /** The cutoff of the job. Absent while the job is unknown. */
  readonly cutoff?: DateTime.Utc | undefined
  /** The mode of the job. Absent while the job is unknown. */
  readonly mode?: Mode | undefined
  /** Why the job stopped: a 401 or 403 of Clerk, a failing source, `cancel`, or a defect. Absent otherwise. */
  readonly stopped?:
    | {
        /** The reason. `defect` is an error in the program. */
        readonly reason: StopReason | "defect"
        /** What was wrong with the source. Absent for other reasons. */
        readonly detail?: string | undefined
      }
    | undefined
}

/** Finds the last part that has a result. */
const lastPart = (job: string) => {
  const look = (
    search: Search,
    last: PartExit | undefined
  ): Effect.Effect<PartExit | undefined, never, WorkflowEngine> => {
    const part = nextPart(search)
    return part === undefined
      ? Effect.succeed(last)
      : Effect.flatMap(Parts.result(partOf(job, part)), (exit) =>
          look(looked(search, part, exit !== undefined), exit ?? last)
        )
  }
  return look(firstSearch, undefined)
}

type PartExit = Exit.Exit<PartResult, Stopped>

const stoppedBy = (exit: PartExit): Pick<Progress, "users" | "failed" | "stopped"> => {
  const failure = failureOf(exit)
  if (failure === undefined) return { users: 0, failed: 0, stopped: { reason: "defect" } }
  const { detail, failed, reason, users } = failure
  return { users, failed, stopped: detail === null ? { reason } : { reason, detail } }
}

const readProgress = (job: string): Effect.Effect<Progress, never, WorkflowEngine> =>
  Effect.flatMap(recorded(job), (run): Effect.Effect<Progress, never, WorkflowEngine> => {
    if (run === undefined) return Effect.succeed({ status: "unknown", users: 0, failed: 0 })
    const { cutoff, mode } = runOf(job, run.cutoff, run.mode)
    return Effect.map(lastPart(job), (exit): Progress => {
      if (exit === undefined) return { status: "running", users: 0, failed: 0, cutoff, mode }
      if (Exit.isFailure(exit)) return { status: "stopped", ...stoppedBy(exit), cutoff, mode }
      const { failed, next, users } = exit.value
      return { status: next === null ? "done" : "running", users, failed, cutoff, mode }
    })
  })

const withJob = <A, E, R>(
  operation: string,
  job: string,
  run: (job: string) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | ClerkInvalidRequest, R> => {
  const read = readJob(job)
  return read instanceof RuleBreak ? invalid(operation, inField("job", read)) : run(read)
}

/**
 * Returns how far a job is. Any process with the engine can call it, not only a worker. Fails with `ClerkInvalidRequest` if
 * the name is not 1 to 128 characters on one line.
 *
 * @since 4.0.0
 * @category operations
 */
export const progress = (job: string): Effect.Effect<Progress, ClerkInvalidRequest, WorkflowEngine> =>
  withJob("SignOutEverywhere.progress", job, readProgress)

/**
 * Stops a job permanently, after the chunks that are running. Its status becomes `stopped` with the reason `cancelled`. A
 * job that is done or stopped does not change. To continue, start a job with another name and the same cutoff.
 *
 * @since 4.0.0
 * @category operations
 */
export const cancel = (job: string): Effect.Effect<void, ClerkInvalidRequest, WorkflowEngine> =>
  withJob("SignOutEverywhere.cancel", job, (job) => Cancellations.start({ job }))

/**
 * Streams the progress of a job: at once, then every 2 seconds or `every`, until the job is done or stopped.
 *
 * @since 4.0.0
 * @category operations
 */
export const watch = (
  job: string,
  options: {
    /** The time between two reads of the progress, each of which costs a few queries. Default 2 seconds. */
    readonly every?: DurationInput | undefined
  } = {}
): Stream.Stream<Progress, ClerkInvalidRequest, WorkflowEngine> => {
  const read = readWatch(options, toMillis)
  return paginate(0, (every) => {
    if (read instanceof RuleBreak) return invalid("SignOutEverywhere.watch", read)
    return Effect.map(Effect.delay(progress(job), every), (now) => [
      [now],
      now.status === "done" || now.status === "stopped" ? Option.none() : Option.some(read.every ?? 2_000)
    ])
  })
}

/**
 * Streams the users who failed, with the reason. While the job is running, these are the ones up to now. To retry them,
 * start another job with these users and the same cutoff.
 *
 * @since 4.0.0
 * @category operations
 */
export const failed = (job: string): Stream.Stream<FailedUser, ClerkInvalidRequest, WorkflowEngine> =>
  paginate(0, (part) =>
    withJob("SignOutEverywhere.failed", job, (job) =>
      Effect.map(Parts.result(partOf(job, part)), (exit) =>
        exit === undefined || Exit.isFailure(exit)
          ? [[], Option.none()]
          : [exit.value.failures, exit.value.next === null ? Option.none() : Option.some(part + 1)]
      )
    )
  )

/**
 * Configures `SignOutEverywhere.chunk`.
 *
 * @since 4.0.0
 * @category options
 */
export interface ChunkOptions {
  /** Sessions created up to this time end. It must not be in the future. Every chunk of a job needs the same one. */
  readonly cutoff: DateTime.Utc | Date
  /** How sessions end, as in `StartOptions`. Default `"sessions"`. */
  readonly mode?: Mode | undefined
  /** The number of concurrent users, 1 to 50. Default 5. */
  readonly concurrency?: number | undefined
}

/**
 * Reports what a chunk has done.
 *
 * @since 4.0.0
 * @category models
 */
export interface ChunkResult {
  /** The users who are finished, with those who failed. */
  readonly users: number
  /** The users who failed. Each request had 10 attempts, unless a further attempt could not succeed. */
  readonly failed: ReadonlyArray<FailedUser>
}

/**
 * Ends the sessions of at most 1,000 users, without an engine. Use it in a job of another queue or scheduler. It is safe to
 * run again: users who are done cost one request each.
 *
 * Fails with `ClerkUnauthorized` or `ClerkForbidden` if Clerk rejects the secret key, and with `ClerkInvalidRequest` if an
 * option is invalid. Fails with `ClerkTransportError` (reason `secret-key-rejected`) if the effect in `secretKey` returns
 * no key. Every other failure is retried, up to 10 attempts for each request, and then listed.
 *
 * @since 4.0.0
 * @category operations
 */
export const chunk = (
  users: ReadonlyArray<string>,
  options: ChunkOptions
): Effect.Effect<
  ChunkResult,
  ClerkUnauthorized | ClerkForbidden | ClerkTransportError | ClerkInvalidRequest,
  ClerkHttp
> =>
  Effect.flatMap(
    Clock.currentTimeMillis,
    (now): Effect.Effect<ChunkResult, StopError | ClerkInvalidRequest, ClerkHttp> => {
      const ids = readUsers(users)
      if (ids instanceof RuleBreak) return invalid("SignOutEverywhere.chunk", inField("users", ids))
      const read = readChunk(options, timeOf, now)
      if (read instanceof RuleBreak) return invalid("SignOutEverywhere.chunk", read)
      const { concurrency = defaultConcurrency, cutoff, mode = defaultMode } = read
      return signOutUsers({ users: ids, cutoffMillis: cutoff, mode, concurrency })
    }
  )
