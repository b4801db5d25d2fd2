import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Revocations } from "effect-clerk/revocations"
import { ClerkEmulator } from "effect-clerk/testing"
import { utc } from "#test/dateTime.js"
import { fork } from "#test/fiber.js"
import { emulator, emulatorUrl, percentile, startProcess, work } from "../test/distributed/support/fleet.js"
import { startWorker } from "../test/distributed/support/processes.js"
import type * as Revocation from "../test/distributed/support/revocations.worker.js"
import { redis } from "../test/distributed/support/servers.js"

/** A measured figure beside its target. */
export interface Figure {
  readonly name: string
  readonly relation: "≥" | "≤"
  readonly target: number
  readonly measured: number
  readonly unit: string
  /** What bounds the figure, in words. */
  readonly ceiling?: string
}

const limit = 1_000
const windowMillis = 10_000

const clerk = emulator({
  rateLimit: { limit, window: windowMillis },
  seed: { users: [{ id: "user_1" }], sessions: [{ id: "sess_1", userId: "user_1" }] }
})

const times = (count: number) => Array.from({ length: count }, (_, index) => index)

/** Four processes with jobs that would use more than the limit, and then one with calls of users beside them. */
export const rateLimit = (millis: number): Effect.Effect<ReadonlyArray<Figure>> =>
  Effect.gen(function* () {
    const clerk = yield* ClerkEmulator
    const url = yield* emulatorUrl
    const { port } = yield* redis()
    const counts = Effect.flatMap(clerk.state, ({ rateLimit }) =>
      rateLimit === undefined
        ? Effect.die(new Error("the emulator has no rate limit"))
        : Effect.succeed(rateLimit)
    )
    const workers = yield* Effect.forEach(times(4), () => startProcess(url, port))
    const user = yield* startProcess(url, port)
    const job = (millis: number) =>
      Effect.forEach(workers, (each) => work(each, { priority: "bulk", concurrency: 16, millis }), {
        concurrency: "unbounded"
      })
    const started = performance.now()
    yield* job(millis)
    const alone = yield* counts
    const seconds = (performance.now() - started) / 1_000
    const running = yield* fork(job(millis))
    yield* Effect.sleep("1 second")
    const visits = yield* work(user, {
      priority: "interactive",
      concurrency: 1,
      millis: millis - 2_000,
      pauseMillis: 50
    })
    yield* Fiber.join(running)
    const all = yield* counts
    const ceiling = (limit / windowMillis) * 1_000
    return [
      {
        name: "jobs of four processes ÷ the limit",
        relation: "≥",
        target: 95,
        measured: (alone.requests / seconds / ceiling) * 100,
        unit: "%",
        ceiling: `${ceiling} requests in a second`
      },
      {
        name: "most requests in any 10 seconds",
        relation: "≤",
        target: limit,
        measured: all.mostInWindow,
        unit: "",
        ceiling: `${limit}, Clerk's limit`
      },
      { name: "429", relation: "≤", target: 0.05, measured: (all.rejected / all.requests) * 100, unit: "%" },
      {
        name: "wait of a user's call beside jobs, p50",
        relation: "≤",
        target: 15,
        measured: percentile(visits.waits, 0.5),
        unit: "ms",
        ceiling: "10.4 ms for one token"
      },
      {
        name: "wait of a user's call beside jobs, p99",
        relation: "≤",
        target: 150,
        measured: percentile(visits.waits, 0.99),
        unit: "ms"
      }
    ] satisfies ReadonlyArray<Figure>
  }).pipe(Effect.scoped, Effect.provide(clerk))

const revocations = new URL("../test/distributed/support/revocations.worker.ts", import.meta.url)

/** One process revokes, and four deny. All read the same clock. */
export const revocation: Effect.Effect<ReadonlyArray<Figure>> = Effect.gen(function* () {
  const { port } = yield* redis()
  const start = Effect.tap(
    startWorker<Revocation.Work, Revocation.Answer>(revocations, { args: ["--redis", String(port)] }),
    ({ next }) => next
  )
  const sender = yield* start
  const watchers = yield* Effect.forEach(times(4), () => start)
  const ids = times(1_000).map((count) => `sess_${count}`)
  yield* Effect.forEach(watchers, ({ send }) => send({ _tag: "watch", ids }))
  yield* sender.send({ _tag: "revoke", ids })
  const [sent = [], ...seen] = yield* Effect.forEach([sender, ...watchers], ({ next }) =>
    Effect.map(next, (report) => (report._tag === "done" ? report.times : []))
  )
  const delays = sent.map((time, index) => Math.max(...seen.map((each) => each[index] ?? Number.NaN)) - time)
  return [
    {
      name: "revoked in one process, rejected in four, p99",
      relation: "≤",
      target: 250,
      measured: percentile(delays, 0.99),
      unit: "ms",
      ceiling: `p50 ${percentile(delays, 0.5).toFixed(1)} ms`
    },
    { name: "the same, longest", relation: "≤", target: 1_000, measured: Math.max(...delays), unit: "ms" }
  ] satisfies ReadonlyArray<Figure>
}).pipe(Effect.scoped)

/** The look-up of a token among 100,000 revoked sessions. */
export const denyCheck: Effect.Effect<ReadonlyArray<Figure>> = Effect.gen(function* () {
  const { isRevoked, revoke } = yield* Revocations
  yield* revoke(times(100_000).map((count) => `sess_${count}`))
  const issuedAt = utc(yield* Clock.currentTimeMillis)
  const claims = times(2_000).map((count) => ({
    sessionId: `sess_${count * 100}`,
    userId: `user_${count}`,
    issuedAt
  }))
  const round = () => {
    const started = performance.now()
    let denied = 0
    for (const _ of times(50)) for (const each of claims) denied += isRevoked(each) ? 1 : 0
    if (denied !== 50_000) throw new Error("the copy is incomplete")
    return ((performance.now() - started) * 1_000) / (50 * claims.length)
  }
  const rounds = times(20).map(round).slice(5)
  const ceiling = new Map(claims.map(({ sessionId }) => [sessionId, 1]))
  const started = performance.now()
  let found = 0
  for (const _ of times(50))
    for (const { sessionId, userId } of claims) if (ceiling.has(sessionId) && !ceiling.has(userId)) found++
  const bare = ((performance.now() - started) * 1_000) / found
  return [
    {
      name: "look-up of a token",
      relation: "≤",
      target: 1,
      measured: percentile(rounds, 0.5),
      unit: "µs",
      ceiling: `${bare.toFixed(3)} µs for two look-ups of a Map`
    }
  ] satisfies ReadonlyArray<Figure>
}).pipe(Effect.provide(Revocations.layerMemory()), Effect.orDie)
