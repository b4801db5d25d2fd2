import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ClerkHttp, type ClerkHttpService, RequestPolicy, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { withSeed } from "#test/random.js"
import { describe, expect, it } from "#test/vitest.js"
import * as wire from "../support/wire.js"
import { attemptsOf, failureOf, violations } from "./invariants.js"
import { type ScheduleRecord, simulate } from "./schedule.js"
import { runSimulated } from "./simulatedTime.js"

/** SIMULATION_SEED replays the one schedule that has this seed; SIMULATIONS is how many there are otherwise. */
const replayed = process.env["SIMULATION_SEED"]
const count = replayed === undefined ? Number(process.env["SIMULATIONS"] ?? 2_000) : 1
const firstSeed = replayed === undefined ? Date.now() % 2 ** 31 : Number(replayed)

/** Batches, so that no single test takes long. */
const batchSize = 200
const batches = Array.from({ length: Math.ceil(count / batchSize) }, (_, index) => ({
  seed: firstSeed + index * batchSize,
  size: Math.min(batchSize, count - index * batchSize)
}))

/** The events of many schedules, which show that every rule was exercised. */
const tally = () => {
  const seen = new Map<string, number>()
  const add = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1)
  const note = ({ calls, budget }: ScheduleRecord) => {
    if (budget.least < 14) add("empty budgets")
    for (const call of calls) {
      add("calls")
      const failure = failureOf(call)
      const attempts = attemptsOf(call)
      if (attempts.length > 1) add(`retried ${call.operation.kind} calls`)
      if (attempts.length < call.requests.length) add("confirmations")
      if (call.interruptedAt !== undefined) add("interruptions")
      if (Exit.isSuccess(call.exit)) add(attempts.length > 1 ? "late successes" : "successes")
      if (failure?.retryBudgetExhausted === true) add("failures without budget")
      if (failure?._tag === "ClerkTimeout") add(`timeouts, ${failure.phase}`)
      else if (failure !== undefined) add(failure._tag)
    }
  }
  return { seen, note }
}

describe(`simulated schedules (${count} from SIMULATION_SEED=${firstSeed})`, () => {
  it.each(batches)("keep every rule of the pipeline ($size from seed $seed)", ({ seed: first, size }) => {
    const { seen, note } = tally()
    const broken: Array<readonly [seed: string, what: ReadonlyArray<string>]> = []
    for (let seed = first; seed < first + size; seed++) {
      const schedule = simulate(seed)
      note(schedule)
      const found = violations(schedule)
      if (found.length > 0) broken.push([`SIMULATION_SEED=${seed}`, found])
    }
    const summary = [...seen].sort().map(([what, times]) => `${what}: ${times}`)
    process.stdout.write(`${size} schedules from SIMULATION_SEED=${first}: ${summary.join(", ")}\n`)
    expect(broken.slice(0, 5)).toEqual([])
    if (size < batchSize) return
    const rare = [
      "retried read calls",
      "retried idempotent calls",
      "retried once calls",
      "confirmations",
      "interruptions",
      "successes",
      "late successes",
      "empty budgets",
      "failures without budget",
      "timeouts, attempt",
      "timeouts, deadline",
      "ClerkRateLimited",
      "ClerkServerError",
      "ClerkTransportError",
      "ClerkNotFound",
      "ClerkDecodeError"
    ].filter((what) => (seen.get(what) ?? 0) === 0)
    expect(rare).toEqual([])
  })

  it("are the same for the same seed", () => {
    const told = (seed: number) =>
      JSON.stringify(
        simulate(seed).calls.map(({ operation, requests, endedAt, exit }) => [
          operation.name,
          requests.map(({ at, outcome }) => [at, outcome.name]),
          endedAt,
          exit._tag
        ])
      )
    expect(told(firstSeed)).toBe(told(firstSeed))
    expect(told(firstSeed)).not.toBe(told(firstSeed + 1))
  })
})

describe("1,000 calls that are rejected at the same time", () => {
  const turnedAway = ClerkTest.json(429, {}, { "retry-after": "1" })
  const success = ClerkTest.json(200, wire.session)

  /** The times of the requests of `clients` clients with `calls` concurrent calls each. */
  const arrivals = (clients: number, calls: number) => {
    const times: Array<number> = []
    const client = (): ClerkHttpService => ({
      policy: RequestPolicy.standard,
      execute: () =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          times.push(now)
          return times.length <= clients * calls ? turnedAway : success
        })
    })
    runSimulated(
      Effect.forEach(
        Array.from({ length: clients }, client),
        (http) =>
          Effect.forEach(Array.from({ length: calls }), () => Effect.exit(Sessions.get("sess_1")), {
            concurrency: "unbounded"
          }).pipe(Effect.provideService(ClerkHttp, http)),
        { concurrency: "unbounded" }
      ).pipe(withSeed(`herd ${firstSeed}`))
    )
    return { first: times.slice(0, clients * calls), second: times.slice(clients * calls) }
  }

  it.each([
    ["of one client, within its retry budget", 1, 1_000, 100],
    ["of ten clients", 10, 100, 1_000],
    ["of a thousand clients", 1_000, 1, 1_000]
  ] as const)("%s are retried at different times", (_, clients, calls, retries) => {
    const { first, second } = arrivals(clients, calls)
    expect(first).toEqual(Array.from({ length: 1_000 }, () => 0))
    expect(second).toHaveLength(retries)
    expect(Math.min(...second)).toBeGreaterThanOrEqual(1_000)
    expect(Math.max(...second)).toBeLessThanOrEqual(1_100)
    expect(Math.max(...second) - Math.min(...second)).toBeGreaterThanOrEqual(90)
    // The retries are spread and do not form a few groups.
    expect(new Set(second.map(Math.floor)).size).toBeGreaterThan(50)
  })
})
