import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as Activity from "#major/activity.js"
import { failureOf } from "#major/cause.js"
import { type Durable, durable } from "#major/durable.js"
import { type DataCodec, literals } from "#major/schemas.js"
import type { WorkflowEngine } from "#major/workflowEngine.js"
import { failureReasons, maxAttempts, waitMillis } from "../core/bulk/call.js"
import { type Mode, modes, readPage, type UserPage } from "../core/bulk/options.js"
import { added, chunksOf, isFull } from "../core/bulk/parts.js"
import { RuleBreak } from "../core/input.js"
import { sourceFailure } from "../core/sourceFailure.js"
import type { ClerkHttp } from "../services/ClerkHttp.js"
import { signOutUsers } from "./chunk.js"
import type { StopError } from "./users.js"

/*
 * The two workflows of a job. The first one records what the job was started with, and starts the first part. A part
 * reads users, ends their sessions chunk by chunk, and starts the next part. The ids of users are in the results of
 * activities only, and a part has at most about 2,000.
 */

const chunkStops = ["unauthorized", "forbidden", "secret-key", "cancelled"] as const

const stopReasons = [...chunkStops, "source"] as const

/**
 * States why a job stopped before its end:
 * - `unauthorized`, `forbidden`: Clerk rejected the secret key with 401 or 403;
 * - `secret-key`: the effect in `secretKey` cannot return a key;
 * - `cancelled`: `SignOutEverywhere.cancel` was called;
 * - `source`: the source failed 10 times, or returned an invalid page.
 *
 * @since 4.0.0
 * @category models
 */
export type StopReason = (typeof stopReasons)[number]

/** The number of users that are done, and how many of them failed. */
const totals = { users: Schema.Number, failed: Schema.Number }

const failedUsers = Schema.Array(Schema.Struct({ userId: Schema.String, reason: literals(failureReasons) }))

const text: DataCodec<string> = Schema.String
const number: DataCodec<number> = Schema.Number
const nullable: DataCodec<string | null> = Schema.NullOr(Schema.String)
const mode: DataCodec<Mode> = literals(modes)

const Stopped = Schema.Struct({ ...totals, reason: literals(stopReasons), detail: nullable })

export type Stopped = typeof Stopped.Type

/** What a job was started with. */
export interface Run {
  readonly job: string
  readonly cutoff: number
  readonly mode: Mode
}

const Recorded = Schema.Struct({ cutoff: Schema.Number, mode })

/** The workflow of a job. Its result is what the job was started with, because a second start has no effect. */
export const Jobs: Durable<Run, typeof Recorded.Type, never> = /*#__PURE__*/ durable({
  name: "effect-clerk/SignOutEverywhere",
  payload: { job: text, cutoff: number, mode },
  key: ({ job }) => job,
  success: Recorded,
  error: Schema.Never
})

/** The workflow that records that a job is to stop. */
export const Cancellations: Durable<{ readonly job: string }, null, never> = /*#__PURE__*/ durable({
  name: "effect-clerk/SignOutEverywhere/cancel",
  payload: { job: text },
  key: ({ job }) => job,
  success: Schema.Null,
  error: Schema.Never
})

/** Where a part begins. */
export interface Part extends Run {
  readonly part: number
  /** The users of a chunk. A part keeps its chunks when the option changes between two runs. */
  readonly chunk: number
  readonly cursor: string | null
  /** The users that the parts before have done, and how many of them failed. */
  readonly users: number
  readonly failed: number
}

const PartResult = Schema.Struct({ ...totals, failures: failedUsers, next: nullable })

export type PartResult = typeof PartResult.Type

/** The workflow of a part. */
export const Parts: Durable<Part, PartResult, Stopped> = /*#__PURE__*/ durable({
  name: "effect-clerk/SignOutEverywhere/part",
  payload: {
    job: text,
    cutoff: number,
    mode,
    part: number,
    chunk: number,
    cursor: nullable,
    users: number,
    failed: number
  },
  // The number comes first: a job may have any character in its name.
  key: ({ job, part }) => `${part}/${job}`,
  success: PartResult,
  error: Stopped
})

/** Names a part of a job, for its result. The job and the number are its key. */
export const partOf = (job: string, part: number): Part => ({
  job,
  part,
  cutoff: 0,
  mode: "sessions",
  chunk: 1,
  cursor: null,
  users: 0,
  failed: 0
})

/** The options of a job, as its worker runs them. */
export interface JobOptions<E, R> {
  readonly source: (cursor: string | undefined) => Effect.Effect<unknown, E, R>
  readonly chunk: number
  readonly parallel: number
  readonly concurrency: number
}

const SourceResult = Schema.Struct({
  users: Schema.Array(Schema.String),
  next: nullable,
  flaw: nullable
})

const readSource = <E, R>(
  { source }: JobOptions<E, R>,
  cursor: string | undefined
): Effect.Effect<UserPage | RuleBreak, never, R> => {
  const attempt = (number: number): Effect.Effect<UserPage | RuleBreak, never, R> =>
    Effect.flatMap(Effect.exit(Effect.suspend(() => source(cursor))), (exit) => {
      if (Exit.isSuccess(exit)) {
        const page = readPage(exit.value)
        return Effect.succeed(
          !(page instanceof RuleBreak) && cursor !== undefined && page.next === cursor
            ? new RuleBreak("next", "must not be the cursor that the source was given")
            : page
        )
      }
      const { isPermanent, name = "an error" } = sourceFailure(failureOf(exit))
      if (isPermanent)
        return Effect.succeed(new RuleBreak("", `failed with ${name}, which no retry can help`))
      if (number >= maxAttempts) {
        return Effect.succeed(new RuleBreak("", `failed ${maxAttempts} times, at last with ${name}`))
      }
      return Effect.flatMap(Random.next, (chance) =>
        Effect.flatMap(Effect.sleep(Duration.millis(waitMillis(ofSource, number, chance))), () =>
          attempt(number + 1)
        )
      )
    })
  return attempt(1)
}

const ofSource = { _tag: "source" }

/** Reads a page of users. A job that resumes finds it in the journal of the engine. */
const readUsers = <E, R>(options: JobOptions<E, R>, page: number, cursor: string | null) =>
  Activity.make({
    name: `users/${page}`,
    success: SourceResult,
    execute: Effect.map(readSource(options, cursor ?? undefined), (read) =>
      read instanceof RuleBreak
        ? { users: [], next: null, flaw: `${read.field} ${read.rule}`.trim() }
        : { users: read.users, next: read.next ?? null, flaw: null }
    )
  })

const ChunkDone = Schema.Struct({
  users: Schema.Number,
  failed: failedUsers,
  stopped: Schema.NullOr(literals(chunkStops))
})

type ChunkDone = typeof ChunkDone.Type

const stoppedBy = (stopped: ChunkDone["stopped"]): ChunkDone => ({ users: 0, failed: [], stopped })

const stopOf = {
  ClerkUnauthorized: "unauthorized",
  ClerkForbidden: "forbidden",
  ClerkTransportError: "secret-key"
} satisfies Record<StopError["_tag"], ChunkDone["stopped"]>

/** Ends the sessions of the users of a chunk. Its result does not fail, so that the other chunks are not interrupted. */
const runChunk = (
  { concurrency }: { readonly concurrency: number },
  { cutoff, job, mode }: Run,
  at: number,
  users: ReadonlyArray<string>
) =>
  Activity.make({
    name: `chunk/${at}`,
    success: ChunkDone,
    execute: Effect.flatMap(Cancellations.result({ job }), (cancelled) =>
      cancelled === undefined
        ? Effect.matchEffect(signOutUsers({ users, cutoffMillis: cutoff, mode, concurrency }), {
            onFailure: ({ _tag }) => Effect.succeed(stoppedBy(stopOf[_tag])),
            onSuccess: (done) => Effect.succeed<ChunkDone>({ ...done, stopped: null })
          })
        : Effect.succeed(stoppedBy("cancelled"))
    )
  })

/** The pages that a part reads at most, for a source whose pages are empty. */
const maxPages = 50

const runPart = <E, R>(options: JobOptions<E, R>, part: Part) =>
  Effect.gen(function* () {
    const users: Array<string> = []
    let next = part.cursor
    let pages = 0
    do {
      const page: typeof SourceResult.Type = yield* readUsers(options, pages, next)
      if (page.flaw !== null) {
        const { failed, users } = part
        return yield* Effect.fail<Stopped>({ users, failed, reason: "source", detail: page.flaw })
      }
      users.push(...page.users)
      next = page.next
      pages += 1
    } while (next !== null && !isFull(users.length, part.chunk) && pages < maxPages)

    let isStopped = false
    const chunks = yield* Effect.forEach(
      chunksOf(users, part.chunk),
      (ids, at) =>
        Effect.suspend(() =>
          isStopped ? Effect.succeed(stoppedBy(null)) : runChunk(options, part, at, ids)
        ).pipe(Effect.tap(({ stopped }) => Effect.sync(() => (isStopped ||= stopped !== null)))),
      { concurrency: options.parallel }
    )
    const total = added(part, chunks)
    const reason = chunks.find(({ stopped }) => stopped !== null)?.stopped ?? null
    if (reason !== null) return yield* Effect.fail<Stopped>({ ...total, reason, detail: null })
    if (next !== null) {
      yield* Parts.start({ ...part, ...total, part: part.part + 1, chunk: options.chunk, cursor: next })
    }
    return { ...total, failures: chunks.flatMap(({ failed }) => failed), next }
  })

/** Runs the jobs of an engine. */
export const layerOf = <E, R>(
  options: JobOptions<E, R>
): Layer.Layer<never, never, WorkflowEngine | ClerkHttp | R> =>
  Layer.mergeAll(
    Cancellations.toLayer(() => Effect.succeed(null)),
    Jobs.toLayer((run) =>
      Effect.as(Parts.start({ ...run, part: 0, chunk: options.chunk, cursor: null, users: 0, failed: 0 }), {
        cutoff: run.cutoff,
        mode: run.mode
      })
    ),
    Parts.toLayer((part) => runPart(options, part))
  )
