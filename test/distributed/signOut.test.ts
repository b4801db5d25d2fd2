import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { fork } from "#test/fiber.js"
import { sqliteEngine } from "#test/sqliteEngine.js"
import { describe, expect, it } from "#test/vitest.js"
import { SeededRandom } from "../support/random.js"
import { report } from "./support/fleet.js"
import { compiled } from "./support/processes.js"
import { seed } from "./support/seed.js"
import { postgres } from "./support/servers.js"
import {
  dueAt,
  type Journals,
  jobEnd,
  makeClerk,
  outcomeOf,
  postgresJournals,
  prefix,
  type SignOutWorker,
  signIns,
  sqliteJournals,
  startSignOut,
  takeover
} from "./support/signOut.js"
import type { Setup } from "./support/signOut.worker.js"

const users = 150
const rejected = `${prefix}7`

/** The chunks at once, which is the default of the layer. */
const parallel = 3

/** The requests at once, for five users of each chunk. Clerk may have done those of which the worker did not know it. */
const inFlight = parallel * 5

const sizes = { users, prefix, page: 50, chunk: 10 } as const

/** When to kill a process: when a request arrives, or some milliseconds later. */
interface Moment {
  readonly phase: "before the first revoke" | "between the revokes" | "after the last revoke"
  /** The number of the revoke, or of the list for the first phase. */
  readonly number: number
  readonly millis: number
}

const momentsOf = (random: SeededRandom, count: number, due: number): ReadonlyArray<Moment> =>
  Array.from({ length: count }, (_, at): Moment => {
    const millis = random.integer(20)
    if (count >= 20 && at < 2)
      return { phase: "before the first revoke", number: 1 + random.integer(3), millis: 0 }
    if (count >= 20 && at < 4) return { phase: "after the last revoke", number: due, millis }
    return { phase: "between the revokes", number: 1 + random.integer(Math.floor(due * 0.9)), millis }
  })

/** Keeps a process ready, because it takes a second or more to load its modules. They end with the scope of the test. */
const readyProcesses = Effect.gen(function* () {
  const scope = yield* Effect.scope
  const started = Effect.provideService(startSignOut(yield* compiled("signOut.worker")), Scope.Scope, scope)
  let next: Fiber.Fiber<SignOutWorker> | undefined
  return Effect.gen(function* () {
    const worker = yield* next === undefined ? started : Fiber.join(next)
    next = yield* fork(started)
    return worker
  })
})

const kills = (journals: Journals, count: number) =>
  Effect.gen(function* () {
    const random = new SeededRandom(seed)
    const ready = yield* readyProcesses
    let between = 0
    const due = yield* Effect.flatMap(makeClerk({ users }), (clerk) => dueAt(clerk, Date.now(), [rejected]))
    const moments = momentsOf(random, count, due)
    for (const [at, moment] of moments.entries()) {
      const result = yield* Effect.scoped(
        Effect.gen(function* () {
          const clerk = yield* makeClerk({ users, rejected, latencyMillis: 4 })
          const setup: Setup = {
            ...sizes,
            journal: yield* journals,
            url: yield* clerk.urlFor("first")
          }
          const after = { ...setup, url: yield* clerk.urlFor("second") }
          const first = yield* ready
          const cutoff = Date.now()
          const started = performance.now()
          const visits = yield* fork(signIns(clerk, users, random, 25))
          const kind = moment.phase === "before the first revoke" ? "list" : "revoke"
          const arrival = yield* fork(clerk.arrival(moment.number, (request) => request.kind === kind))
          yield* first.send({ _tag: "run", setup, job: "incident", cutoff })
          yield* Fiber.join(arrival)
          if (moment.millis > 0) yield* Effect.sleep(moment.millis)
          yield* first.kill
          const killed = performance.now()
          const revokes = clerk.received.filter(({ kind }) => kind === "revoke").length
          const resumed = yield* fork(clerk.arrival(1, ({ by }) => by === "second"))
          const second = yield* ready
          yield* second.send({ _tag: "run", setup: after, job: "incident", cutoff })
          const { failed, status, users: done } = yield* jobEnd(second)
          const ended = performance.now()
          yield* Fiber.interrupt(resumed)
          yield* Fiber.interrupt(visits)
          yield* second.kill
          const outcome = yield* outcomeOf(clerk, cutoff, failed)
          const firstOfSecond = clerk.received.find(({ by }) => by === "second")?.at ?? Number.NaN
          return {
            ...outcome,
            revokes,
            resumed: firstOfSecond - killed,
            took: ended - started,
            failed,
            status,
            done
          }
        })
      )
      const { duplicateRevokes, newer, repeatedLists, resumed, revokes } = result
      const next = Number.isNaN(resumed) ? "nothing was left" : `resumed after ${Math.round(resumed)} ms`
      report(
        `seed ${seed}, kill ${at + 1} ${moment.phase}: after ${revokes} revokes of ${due}, ${next}, ` +
          `${duplicateRevokes} duplicate revokes, ${repeatedLists} repeated lists, ` +
          `${newer} newer sessions, ${Math.round(result.took)} ms in all`
      )
      if (revokes > 0 && revokes < due) between += 1
      expect(result).toMatchObject({
        status: "done",
        done: users,
        failed: [rejected],
        left: [],
        newerEnded: []
      })
      expect(newer).toBeGreaterThan(0)
      expect(duplicateRevokes).toBeLessThanOrEqual(inFlight)
      expect(repeatedLists).toBeLessThanOrEqual(parallel * sizes.chunk)
    }
    expect(between).toBeGreaterThanOrEqual(Math.floor(count * 0.75))
  }).pipe(Effect.scoped)

describe(`a job whose process is killed (seed ${seed})`, () => {
  const sqlite = sqliteEngine === undefined ? 0 : 20
  if (sqlite > 0) {
    it.live(
      `goes on in the next process after ${sqlite} kills at random moments, over SQLite`,
      () => kills(sqliteJournals, sqlite),
      600_000
    )
  }
  const count = sqlite === 0 ? 20 : 3
  it.live(
    `goes on in the next process after ${count} kills at random moments, over PostgreSQL`,
    () => Effect.scoped(Effect.flatMap(postgres, (server) => kills(postgresJournals(server), count))),
    600_000
  )
})

describe(`a job with two processes on PostgreSQL (seed ${seed})`, () => {
  it.live(
    "goes on in the other process after the one that works is killed",
    () =>
      Effect.gen(function* () {
        const { url } = yield* postgres
        const random = new SeededRandom(seed)
        const run = yield* takeover(url, { users: 600, prefix, page: 50, chunk: 5, rejected }, random)
        report(
          `seed ${seed}, killed after ${run.revokes} revokes of ${run.due}, taken over after ` +
            `${(run.pauseMillis / 1_000).toFixed(1)} s, ${run.duplicateRevokes} duplicate revokes, ` +
            `${run.repeatedLists} repeated lists`
        )
        expect(run).toMatchObject({
          status: "done",
          done: 600,
          failed: [rejected],
          left: [],
          newerEnded: []
        })
        expect(run.newer).toBeGreaterThan(0)
        expect(run.duplicateRevokes).toBeLessThanOrEqual(inFlight)
        // The target is 40 s, which `npm run bench:fleet` measures. A busy machine takes longer.
        expect(run.pauseMillis).toBeLessThanOrEqual(120_000)
      }).pipe(Effect.scoped),
    300_000
  )
})
