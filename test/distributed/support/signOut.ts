import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { ClerkEmulator, type ClerkEmulatorService, type SeedSession } from "effect-clerk/testing"
import { fork } from "#test/fiber.js"
import { HttpServer } from "#test/httpServer.js"
import { NodeHttpServer } from "#test/node.js"
import type { SeededRandom } from "../../support/random.js"
import { compiled, startWorker, type Worker } from "./processes.js"
import { freePort, type PrivateServer, psql } from "./servers.js"
import type { Journal, Request, Response, Setup } from "./signOut.worker.js"

/** A request that Clerk has received. */
export interface Received {
  /** The name of the sender. */
  readonly by: string
  readonly kind: "list" | "revoke"
  /** The user of a list, or the session of a revoke. */
  readonly id: string
  /** When it arrived, in milliseconds. */
  readonly at: number
}

/** A Clerk in this process, which counts what it receives. */
export interface Clerk {
  readonly emulator: ClerkEmulatorService
  readonly received: ReadonlyArray<Received>
  /** Opens a port for a sender, and returns its URL. */
  readonly urlFor: (by: string) => Effect.Effect<string, never, Scope.Scope>
  /** Waits until a request with these properties has arrived for the given time. */
  readonly arrival: (count: number, isCounted: (request: Received) => boolean) => Effect.Effect<Received>
}

export const prefix = "user_"

/** Users with one to three sessions, most of which are active, some pending and some ended. */
const sessionsOf = (users: number): ReadonlyArray<SeedSession> =>
  Array.from({ length: users }, (_, user) =>
    Array.from({ length: 1 + (user % 3) }, (_, at): SeedSession => {
      const number = user + at
      const status = number % 4 === 0 ? "pending" : "active"
      return {
        id: `sess_${user}_${at}`,
        userId: `${prefix}${user}`,
        createdAgo: `${1 + (number % 5)} days`,
        status: at === 1 && number % 3 === 0 ? "ended" : status
      }
    })
  ).flat()

interface Waiting {
  readonly isCounted: (request: Received) => boolean
  readonly resolve: (request: Received) => void
  left: number
}

const readRequest = (by: string, method: string, url: string): Received | undefined => {
  const { pathname, searchParams } = new URL(url, "http://clerk")
  const at = performance.now()
  const userId = searchParams.get("user_id")
  if (method === "GET" && userId !== null) return { by, kind: "list", id: userId, at }
  const id = /^\/v1\/sessions\/([^/]+)\/revoke$/.exec(pathname)?.[1]
  return id === undefined ? undefined : { by, kind: "revoke", id, at }
}

export interface ClerkOptions {
  readonly users: number
  /** The time of a response. */
  readonly latencyMillis?: number
  /** A user whose requests are rejected, so that the job lists the user as failed. */
  readonly rejected?: string
  readonly sessions?: ReadonlyArray<SeedSession>
}

/** Makes a Clerk. It completes a request whose sender has died, as the real one does. */
export const makeClerk = ({
  latencyMillis = 0,
  rejected,
  users,
  sessions = sessionsOf(users)
}: ClerkOptions): Effect.Effect<Clerk> =>
  Effect.gen(function* () {
    const ids = Array.from({ length: users }, (_, at) => ({ id: `${prefix}${at}` }))
    const emulator = yield* ClerkEmulator.make({ seed: { users: ids, sessions: [...sessions] } })
    const received: Array<Received> = []
    const waiting = new Set<Waiting>()
    const receive = (request: Received) => {
      received.push(request)
      for (const each of waiting) {
        if (!each.isCounted(request) || --each.left > 0) continue
        waiting.delete(each)
        each.resolve(request)
      }
    }
    const pause = latencyMillis === 0 ? Effect.void : Effect.sleep(latencyMillis / 2)
    const reached = (by: string): ClerkEmulatorService => ({
      ...emulator,
      exchange: (request) =>
        Effect.suspend(() => {
          const known = readRequest(by, request.method, request.url)
          if (known !== undefined) receive(known)
          const response =
            known !== undefined && known.id === rejected
              ? Effect.succeed({ status: 422, headers: {}, body: '{"errors":[]}' })
              : emulator.exchange(request)
          return Effect.uninterruptible(
            Effect.andThen(
              pause,
              Effect.tap(response, () => pause)
            )
          )
        })
    })
    return {
      emulator,
      received,
      urlFor: (by) =>
        Effect.map(
          Layer.build(
            ClerkEmulator.layerServer.pipe(
              Layer.provide(Layer.succeed(ClerkEmulator, reached(by))),
              Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })),
              Layer.orDie
            )
          ),
          (context) => HttpServer.formatAddress(Context.get(context, HttpServer.HttpServer).address)
        ),
      arrival: (count, isCounted) =>
        Effect.promise(() => new Promise((resolve) => waiting.add({ isCounted, resolve, left: count })))
    }
  })

const isOpen = ({ status }: { readonly status: string }) => status === "active" || status === "pending"

/** The number of open sessions up to a time, which are the revokes of a job that nothing disturbs. */
export const dueAt = ({ emulator }: Clerk, cutoff: number, failed: ReadonlyArray<string> = []) =>
  Effect.map(emulator.sessions, (sessions) => sessions.filter(isDue(cutoff, failed)).length)

const isDue =
  (cutoff: number, failed: ReadonlyArray<string>) =>
  (session: { readonly status: string; readonly createdAt: number; readonly userId: string }) =>
    isOpen(session) && session.createdAt <= cutoff && !failed.includes(session.userId)

/** What a job has done in the end. */
export interface Outcome {
  /** The open sessions up to the cutoff, of users who did not fail. */
  readonly left: ReadonlyArray<string>
  /** The sessions after the cutoff, and those of them that were revoked. */
  readonly newer: number
  readonly newerEnded: ReadonlyArray<string>
  readonly duplicateRevokes: number
  readonly repeatedLists: number
}

const repeats = (received: ReadonlyArray<Received>, of: Received["kind"]) => {
  const ids = received.filter(({ kind }) => kind === of).map(({ id }) => id)
  return ids.length - new Set(ids).size
}

export const outcomeOf = (
  { emulator, received }: Clerk,
  cutoff: number,
  failed: ReadonlyArray<string>
): Effect.Effect<Outcome> =>
  Effect.map(emulator.sessions, (sessions) => {
    const newer = sessions.filter(({ createdAt }) => createdAt > cutoff)
    return {
      left: sessions.filter(isDue(cutoff, failed)).map(({ id }) => id),
      newer: newer.length,
      newerEnded: newer.filter((session) => !isOpen(session)).map(({ id }) => id),
      duplicateRevokes: repeats(received, "revoke"),
      repeatedLists: repeats(received, "list")
    }
  })

/** Signs random users in, until it is interrupted. */
export const signIns = ({ emulator }: Clerk, users: number, random: SeededRandom, millis: number) =>
  Effect.forever(
    Effect.andThen(
      Effect.suspend(() => emulator.signIn(`${prefix}${random.integer(users)}`)),
      Effect.sleep(millis)
    )
  )

export type SignOutWorker = Worker<Request, Response>

/** Starts a process that was compiled, and waits until it has loaded its modules. */
export const startSignOut = (file: URL): Effect.Effect<SignOutWorker, never, Scope.Scope> =>
  Effect.tap(startWorker<Request, Response>(file), ({ next }) => next)

/** Waits for the end of a job that the process runs. */
export const jobEnd = (worker: SignOutWorker): Effect.Effect<Extract<Response, { readonly _tag: "ended" }>> =>
  Effect.flatMap(worker.next, (message) =>
    message._tag === "ended" ? Effect.succeed(message) : jobEnd(worker)
  )

const remove = (folder: string) => Effect.promise(() => rm(folder, { recursive: true, force: true }))

/** Makes journals without data. */
export type Journals = Effect.Effect<Journal, never, Scope.Scope>

export const sqliteJournals: Journals = Effect.map(
  Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "effect-clerk-jobs-"))),
    remove
  ),
  (folder) => ({ _tag: "sqlite", file: join(folder, "jobs.db") })
)

/** Makes a database, whose runner has a port of its own. */
export const postgresJournals = (server: PrivateServer): Journals => {
  let made = 0
  return Effect.promise(async () => {
    const name = `jobs${made++}`
    await psql(server.port, `CREATE DATABASE ${name}`)
    const url = `postgres://postgres@${server.host}:${server.port}/${name}`
    return { _tag: "postgres", url, port: await freePort() }
  })
}

/** A job that two processes over one PostgreSQL run, of which the one that works is killed. */
export const takeover = (
  url: string,
  { rejected, ...sizes }: Omit<Setup, "url" | "journal"> & { readonly rejected: string },
  random: SeededRandom
) =>
  Effect.gen(function* () {
    const { users } = sizes
    const file = yield* compiled("signOut.worker")
    const clerk = yield* makeClerk({ users, rejected, latencyMillis: 4 })
    const cutoff = Date.now()
    const visits = yield* fork(signIns(clerk, users, random, 100))
    const start = (name: string) =>
      Effect.gen(function* () {
        const worker = yield* startSignOut(file)
        const journal: Journal = { _tag: "postgres", url, port: yield* Effect.promise(freePort) }
        const setup: Setup = { ...sizes, journal, url: yield* clerk.urlFor(name) }
        yield* worker.send({ _tag: "run", setup, job: "incident", cutoff })
        return { name, worker }
      })
    const names = ["first", "second"]
    const workers = yield* Effect.forEach(names, start, { concurrency: "unbounded" })
    const due = yield* dueAt(clerk, cutoff, [rejected])
    // A process that has joined late would have nothing to take over from the other one.
    const isRevoke = ({ kind }: Received) => kind === "revoke"
    const revoking = (name: string) => clerk.arrival(1, (request) => request.by === name && isRevoke(request))
    yield* Effect.forEach(names, revoking, { concurrency: "unbounded" })
    const { by } = yield* clerk.arrival(1 + random.integer(100), isRevoke)
    const killed = workers.find(({ name }) => name === by)
    const other = workers.find(({ name }) => name !== by)
    if (killed === undefined || other === undefined) return yield* Effect.die(new Error("an unknown process"))
    yield* killed.worker.kill
    const killedAt = performance.now()
    const revokes = clerk.received.filter(isRevoke).length
    const { failed, status, users: done } = yield* jobEnd(other.worker)
    yield* Fiber.interrupt(visits)
    const times = clerk.received.flatMap((each) => (isRevoke(each) && each.at > killedAt ? [each.at] : []))
    // The other process may have begun a part before the kill, so its first revoke is not always the one to look at.
    const pauses = times.map((at, index) => at - (times[index - 1] ?? killedAt))
    const outcome = yield* outcomeOf(clerk, cutoff, failed)
    return { ...outcome, failed, status, done, due, revokes, pauseMillis: Math.max(...pauses) }
  }).pipe(Effect.scoped)
