/** One process that runs jobs of `SignOutEverywhere`, on an engine that outlives it. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { ClerkHttp } from "effect-clerk"
import { SignOutEverywhere } from "effect-clerk/bulk"
import { postgresEngine } from "#test/postgresEngine.js"
import { sqliteEngine } from "#test/sqliteEngine.js"
import { parent } from "./parent.js"

/** Where the journal of the jobs is. */
export type Journal =
  | { readonly _tag: "sqlite"; readonly file: string }
  /** The runners of a fleet have different ports. One that takes the place of another has its port. */
  | { readonly _tag: "postgres"; readonly url: string; readonly port: number }

/** What a worker works on. */
export interface Setup {
  /** The URL of Clerk. */
  readonly url: string
  readonly journal: Journal
  /** The number of users, whose ids are the prefix and a number from 0. */
  readonly users: number
  readonly prefix: string
  /** The users of a page of the source. */
  readonly page: number
  readonly chunk: number
  /** The time between two looks at the progress. Default 100. */
  readonly watchMillis?: number
}

export type Request =
  /** Joins the engine, starts the job or goes on with it, and reports the progress until its end. */
  | { readonly _tag: "run"; readonly setup: Setup; readonly job: string; readonly cutoff: number }
  /** Measures the memory after a garbage collection. */
  | { readonly _tag: "measure" }

export type Response =
  /** The process has loaded its modules. */
  | { readonly _tag: "ready" }
  | { readonly _tag: "progress"; readonly status: string; readonly users: number }
  | {
      readonly _tag: "ended"
      readonly status: string
      readonly users: number
      readonly failed: ReadonlyArray<string>
    }
  | { readonly _tag: "measured"; readonly rssBytes: number; readonly heapBytes: number }

/** Reads the users page by page, as a table with a cursor does. */
const sourceOf =
  ({ page, prefix, users }: Setup) =>
  (cursor = "0") =>
    Effect.sync((): SignOutEverywhere.UserPage => {
      const from = Number(cursor)
      const to = Math.min(from + page, users)
      const ids = Array.from({ length: to - from }, (_, at) => `${prefix}${from + at}`)
      return to < users ? { users: ids, next: String(to) } : { users: ids }
    })

const engineOf = (journal: Journal) => {
  if (journal._tag === "postgres") return postgresEngine(journal.url, journal.port)
  if (sqliteEngine === undefined) throw new Error("Effect has no package for SQLite in this major")
  return sqliteEngine(journal.file)
}

const layerOf = (setup: Setup) =>
  SignOutEverywhere.layer({ source: sourceOf(setup), chunk: setup.chunk }).pipe(
    Layer.provide(ClerkHttp.layerFetch({ secretKey: Redacted.make("sk_test_emulator"), apiUrl: setup.url })),
    Layer.provideMerge(engineOf(setup.journal))
  )

const { onMessage, send } = parent<Request, Response>()

const run = (job: string, cutoff: number, every = 100) =>
  Effect.gen(function* () {
    yield* SignOutEverywhere.start({ job, cutoff: new Date(cutoff) })
    yield* Stream.runForEach(SignOutEverywhere.watch(job, { every }), ({ status, users }) =>
      Effect.sync(() => send({ _tag: "progress", status, users }))
    )
    const { status, users } = yield* SignOutEverywhere.progress(job)
    const failed = yield* Stream.runCollect(SignOutEverywhere.failed(job))
    send({ _tag: "ended", status, users, failed: [...failed].map(({ userId }) => userId) })
  })

const measure = () => {
  setFlagsFromString("--expose-gc")
  const collect: unknown = runInNewContext("gc")
  for (let count = 0; count < 3; count++) if (typeof collect === "function") collect()
  const { heapUsed, rss } = process.memoryUsage()
  send({ _tag: "measured", rssBytes: rss, heapBytes: heapUsed })
}

onMessage((request) => {
  if (request._tag === "measure") return measure()
  ManagedRuntime.make(layerOf(request.setup))
    .runPromise(run(request.job, request.cutoff, request.setup.watchMillis))
    .catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    })
})
send({ _tag: "ready" })
