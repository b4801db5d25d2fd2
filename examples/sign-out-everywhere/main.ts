/**
 * Signs every user out, and kills the worker in the middle. Clerk is in memory, on a loopback port.
 *
 *     npm run example:sign-out-everywhere
 *     npm run example:sign-out-everywhere -- --users 300
 *
 * Exits with 0 only if no older session is left, and every newer one is kept. For Effect 3, because the job is in SQLite.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import * as HttpServer from "@effect/platform/HttpServer"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Redacted, Schedule } from "effect"
import { ClerkEmulator, DEFAULT_SECRET_KEY, type SeedSession } from "effect-clerk/testing"
import { bar } from "./bar.js"
import { type Line, userId } from "./shared.js"

const { values } = parseArgs({ options: { users: { type: "string", default: "2000" } } })
const users = Number(values.users)

/** Each user has signed in on one to three browsers, days ago. */
const sessions = Array.from({ length: users }, (_, user) =>
  Array.from(
    { length: 1 + (user % 3) },
    (_, at): SeedSession => ({
      id: `sess_${user}_${at}`,
      userId: userId(user),
      createdAgo: "3 days",
      status: at === 2 ? "pending" : "active"
    })
  )
).flat()

/** The requests that the worker sent more than once, and all of them. */
class Requests {
  readonly #seen = new Set<string>()
  all = 0
  repeated = 0

  add(request: string): void {
    this.all += 1
    if (this.#seen.has(request)) this.repeated += 1
    else this.#seen.add(request)
  }
}

const requests = new Requests()

/** An emulator that counts the requests it receives. */
const Emulator = Layer.effect(
  ClerkEmulator,
  Effect.map(
    ClerkEmulator.make({
      seed: { users: Array.from({ length: users }, (_, at) => ({ id: userId(at) })), sessions }
    }),
    (clerk) => ({
      ...clerk,
      exchange: (request: Parameters<typeof clerk.exchange>[0]) => {
        requests.add(`${request.method} ${request.url}`)
        return clerk.exchange(request)
      }
    })
  )
)

const Clerk = ClerkEmulator.layerServer.pipe(
  Layer.provideMerge(Emulator),
  Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 }))
)

/** Starts a worker, which goes on with the job in the database. */
const startWorker = (database: string, apiUrl: string): ChildProcess =>
  spawn(process.execPath, [...process.execArgv, fileURLToPath(new URL("worker.ts", import.meta.url))], {
    env: {
      ...process.env,
      USERS: String(users),
      DATABASE: database,
      CLERK_SECRET_KEY: Redacted.value(DEFAULT_SECRET_KEY),
      CLERK_API_URL: apiUrl
    },
    stdio: ["ignore", "pipe", "inherit"]
  })

/** Shows the progress until the job has this many users or is over. Returns the last line, if the worker printed one. */
const follow = async (worker: ChildProcess, until: number): Promise<Line | undefined> => {
  let last: Line | undefined
  if (worker.stdout === null) return last
  for await (const text of createInterface({ input: worker.stdout })) {
    if (!text.startsWith("{")) {
      console.error(text)
      continue
    }
    // The worker prints a line of this type, or a message of its logger.
    const line = JSON.parse(text) as Line
    if (line.users !== last?.users || line.status !== last.status) bar(line, users)
    last = line
    if (line.users >= until) break
  }
  return last
}

const killed = (worker: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (worker.exitCode !== null) return resolve()
    worker.once("exit", () => resolve())
    worker.kill("SIGKILL")
  })

/** Users sign in all the time. */
const signIns = Effect.flatMap(ClerkEmulator, (clerk) =>
  Effect.suspend(() => clerk.signIn(userId(Math.floor(Math.random() * users)))).pipe(
    Effect.repeat(Schedule.spaced("50 millis"))
  )
)

const main = Effect.gen(function* () {
  const clerk = yield* ClerkEmulator
  const apiUrl = yield* HttpServer.addressFormattedWith(Effect.succeed)
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "sign-out-everywhere-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )
  const database = join(folder, "jobs.db")
  const worker = Effect.acquireRelease(
    Effect.sync(() => startWorker(database, apiUrl)),
    (worker) => Effect.sync(() => worker.kill("SIGKILL"))
  )
  yield* Console.log(
    `Signing out ${users} users with ${sessions.length} sessions, while users sign in again.`
  )
  yield* Effect.forkScoped(signIns)

  const first = yield* worker
  yield* Effect.promise(() => follow(first, users * 0.4))
  yield* Effect.sleep(Math.random() * 300)
  yield* Effect.promise(() => killed(first))
  yield* Console.log("\nKilled the worker with SIGKILL. Started another one, which resumes the job.")
  const last = yield* Effect.flatMap(worker, (second) => Effect.promise(() => follow(second, Infinity)))

  const all = yield* clerk.sessions
  const open = all.filter(({ status }) => status === "active" || status === "pending")
  const cutoff = last?.cutoff ?? 0
  const left = open.filter(({ createdAt }) => createdAt <= cutoff)
  const newer = all.filter(({ createdAt }) => createdAt > cutoff)
  const kept = newer.filter((session) => open.includes(session))
  yield* Console.log(
    [
      "",
      `job status               ${last?.status}`,
      `users processed          ${last?.users} of ${users}, ${last?.failed} failed`,
      `older sessions left      ${left.length}`,
      `newer sessions kept      ${kept.length} of ${newer.length}`,
      `requests to Clerk        ${requests.all}, ${requests.repeated} of them repeated`,
      ""
    ].join("\n")
  )
  const holds =
    last?.status === "done" &&
    last.users === users &&
    last.failed === 0 &&
    left.length === 0 &&
    kept.length === newer.length
  if (!holds) process.exitCode = 1
  yield* Console.log(
    holds
      ? "Passed: every older session has ended, and every newer session is kept."
      : "Failed: the job did not end all older sessions, or it ended a newer one."
  )
})

NodeRuntime.runMain(main.pipe(Effect.scoped, Effect.provide(Clerk)))
