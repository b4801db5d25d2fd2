import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { SeedSession } from "effect-clerk/testing"
import { fork } from "#test/fiber.js"
import { sqliteEngine } from "#test/sqliteEngine.js"
import { compiled, startWorker } from "../test/distributed/support/processes.js"
import { seed } from "../test/distributed/support/seed.js"
import { postgres } from "../test/distributed/support/servers.js"
import {
  makeClerk,
  outcomeOf,
  postgresJournals,
  prefix,
  type Received,
  type SignOutWorker,
  signIns,
  sqliteJournals,
  startSignOut,
  takeover
} from "../test/distributed/support/signOut.js"
import type { Response, Setup } from "../test/distributed/support/signOut.worker.js"
import { SeededRandom } from "../test/support/random.js"
import type { Figure } from "./fleetFigures.js"

/** The chunks at once and the users at once in each, which are the defaults of the layer. */
const parallel = 3
const concurrency = 5

/** Two users of five have a second session. */
const sessionsOf = (users: number): ReadonlyArray<SeedSession> =>
  Array.from({ length: users }, (_, user) =>
    Array.from({ length: user % 5 < 2 ? 2 : 1 }, (_, at): SeedSession => {
      const id = `sess_${user}_${at}`
      return { id, userId: `${prefix}${user}`, createdAgo: "3 days" }
    })
  ).flat()

const clerkWith = (users: number) => makeClerk({ users, sessions: sessionsOf(users) })

/** What the emulator serves to a client that does nothing else, in users per second. */
const ceiling = Effect.gen(function* () {
  const users = 4_000
  const clerk = yield* clerkWith(users)
  const args = [yield* clerk.urlFor("plain"), String(users), prefix, String(parallel * concurrency)]
  const worker = yield* startWorker<never, { readonly usersPerSecond: number }>(
    yield* compiled("plainSignOut.worker"),
    { args }
  )
  return (yield* worker.next).usersPerSecond
}).pipe(Effect.scoped)

/** Takes messages until one is of the tag and holds. */
const nextOf = <Tag extends Response["_tag"]>(
  worker: SignOutWorker,
  tag: Tag,
  holds: (message: Extract<Response, { readonly _tag: Tag }>) => boolean = () => true
): Effect.Effect<Extract<Response, { readonly _tag: Tag }>> =>
  Effect.flatMap(worker.next, (message) => {
    const isOfTag = (each: Response): each is Extract<Response, { readonly _tag: Tag }> => each._tag === tag
    return isOfTag(message) && holds(message) ? Effect.succeed(message) : nextOf(worker, tag, holds)
  })

const measured = (worker: SignOutWorker) =>
  Effect.andThen(worker.send({ _tag: "measure" }), nextOf(worker, "measured"))

/**
 * Measures the memory every 1,000 users until the end of the job. Each measurement collects the garbage first. The
 * resident memory still grows during the first thousands of users, while Node sizes its space for new objects. The heap
 * shows what the job retains.
 */
const memoryOf = (worker: SignOutWorker) =>
  Effect.gen(function* () {
    const memory: Array<{ readonly users: number; readonly rssBytes: number; readonly heapBytes: number }> =
      []
    let next = 1_000
    for (;;) {
      const message = yield* worker.next
      if (message._tag === "ended") return { memory, ended: message, last: yield* measured(worker) }
      if (message._tag !== "progress" || message.users < next) continue
      memory.push({ users: message.users, ...(yield* measured(worker)) })
      next = message.users + 1_000
    }
  })

/** A job over 20,000 users with 28,000 sessions, whose process is killed twice while users sign in. */
const job = Effect.gen(function* () {
  const users = 20_000
  const random = new SeededRandom(seed)
  const journals = sqliteEngine === undefined ? postgresJournals(yield* postgres) : sqliteJournals
  const file = yield* compiled("signOut.worker")
  const clerk = yield* clerkWith(users)
  const sizes = { users, prefix, page: 500, chunk: 100, watchMillis: 1_000 }
  const setup: Setup = { ...sizes, journal: yield* journals, url: yield* clerk.urlFor("worker") }
  const cutoff = Date.now()
  const visits = yield* fork(signIns(clerk, users, random, 100))
  const started = Effect.gen(function* () {
    const worker = yield* startSignOut(file)
    yield* worker.send({ _tag: "run", setup, job: "incident", cutoff })
    return worker
  })
  // Early, so that the last process has most of the users, and its memory can grow.
  for (const _ of [1, 2]) {
    const worker = yield* started
    yield* clerk.arrival(300 + random.integer(1_000), ({ kind }: Received) => kind === "revoke")
    yield* worker.kill
  }
  const last = yield* started
  const startedAt = performance.now()
  const { users: before } = yield* nextOf(last, "progress")
  const { ended, last: atEnd, memory } = yield* memoryOf(last)
  const seconds = (performance.now() - startedAt) / 1_000
  const [first] = memory
  const { failed, status } = ended
  if (first === undefined) return yield* Effect.die(new Error("the job ended before its memory was measured"))
  yield* Fiber.interrupt(visits)
  const outcome = yield* outcomeOf(clerk, cutoff, failed)
  if (status !== "done" || failed.length > 0) {
    return yield* Effect.die(new Error(`the job is ${status}, and ${failed.length} users failed`))
  }
  const most = Math.max(...memory.map(({ rssBytes }) => rssBytes))
  return { ...outcome, first, atEnd, most, users, usersPerSecond: (users - before) / seconds }
}).pipe(Effect.scoped)

const megabytes = (bytes: number) => (bytes / 2 ** 20).toFixed(0)

/** Everyone is signed out, while processes are killed. */
export const signOut: Effect.Effect<ReadonlyArray<Figure>> = Effect.gen(function* () {
  const most = yield* ceiling
  const run = yield* job
  return [
    {
      name: "sessions left of 28,000, two kills",
      relation: "≤",
      target: 0,
      measured: run.left.length,
      unit: ""
    },
    {
      name: "newer sessions that were revoked",
      relation: "≤",
      target: 0,
      measured: run.newerEnded.length,
      unit: "",
      ceiling: `${run.newer} newer sessions`
    },
    {
      name: "duplicate revokes, two kills",
      relation: "≤",
      target: 2 * parallel,
      measured: run.duplicateRevokes,
      unit: "",
      ceiling: `${2 * parallel} chunks in flight; ${run.repeatedLists} repeated lists`
    },
    {
      name: "growth of the memory (RSS) of a process",
      relation: "≤",
      target: 10,
      measured: (run.atEnd.rssBytes / run.first.rssBytes - 1) * 100,
      unit: "%",
      ceiling:
        `${megabytes(run.first.rssBytes)} MiB after ${run.first.users} users, then at most ${megabytes(run.most)}; ` +
        `heap ${megabytes(run.first.heapBytes)}, then ${megabytes(run.atEnd.heapBytes)}`
    },
    {
      name: "users signed out",
      relation: "≥",
      // What Clerk's limit of 100 requests in a second allows, with 1.4 sessions for each user.
      target: 100 / 2.4,
      measured: run.usersPerSecond,
      unit: "in a second",
      ceiling: `${most.toFixed(0)} from the emulator to plain requests`
    }
  ] satisfies ReadonlyArray<Figure>
})

/** One of two processes is killed. */
export const takeovers: Effect.Effect<ReadonlyArray<Figure>> = Effect.gen(function* () {
  const { url } = yield* postgres
  const sizes = { users: 600, prefix, page: 50, chunk: 5, rejected: `${prefix}7` }
  const { left, pauseMillis } = yield* takeover(url, sizes, new SeededRandom(seed))
  if (left.length > 0) return yield* Effect.die(new Error("a session is left"))
  return [
    {
      name: "takeover from a killed process, on PostgreSQL",
      relation: "≤",
      target: 40,
      measured: pauseMillis / 1_000,
      unit: "s",
      ceiling: "35 s until its shards are free"
    }
  ] satisfies ReadonlyArray<Figure>
}).pipe(Effect.scoped)
