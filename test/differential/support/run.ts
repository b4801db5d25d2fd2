import * as Effect from "effect/Effect"
import { runner } from "#test/fiber.js"
import { SeededRandom } from "../../support/random.js"
import { type Case, partsOf, randomCase, randomCaseWith, shrink } from "./cases.js"
import type { Client, Outcome } from "./clients.js"
import { type Difference, differences } from "./differences.js"
import { named } from "./request.js"

/** Two outcomes that no list of wanted differences explains. */
export interface Unexplained {
  /** The smallest request that still shows it. */
  readonly request: Partial<Case>
  readonly theirs: Outcome
  readonly ours: Outcome
}

export interface Report {
  readonly cases: number
  readonly agreements: number
  /** How many cases each difference explained. */
  readonly counts: ReadonlyMap<string, number>
  readonly unexplained: ReadonlyArray<Unexplained>
}

const isSame = (a: Outcome, b: Outcome) => JSON.stringify(a) === JSON.stringify(b)

/** All lists of one or more members, the shortest first. */
const subsets = <A>(list: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: 2 ** list.length - 1 }, (_, at) =>
    list.filter((_, bit) => ((at + 1) >> bit) & 1)
  ).sort((a, b) => a.length - b.length)

/** Returns the differences that explain a case, of which there are none where both clients agree. */
export const explain = (
  given: Case,
  theirs: Client,
  ours: Client
): Effect.Effect<ReadonlyArray<Difference> | Unexplained> =>
  Effect.gen(function* () {
    const actual = yield* ours(given)
    const official = yield* theirs(given)
    if (isSame(actual, official)) return []
    for (const some of subsets(differences.filter(({ when }) => when(given)))) {
      const parameter = some.find((each) => each.parameter !== undefined)?.parameter
      const rewritten = some.reduce<ReadonlyArray<Case>>(
        (cases, { rewrite }) => cases.flatMap((one) => rewrite?.(one) ?? one),
        [given]
      )
      for (const one of rewritten) {
        const outcome = yield* theirs(one, parameter)
        const expected = some.reduce((last, difference) => difference.outcome?.(last, given) ?? last, outcome)
        if (isSame(actual, expected)) return some
      }
    }
    return { request: partsOf(given), theirs: official, ours: actual }
  })

/** One of ten requests is near a wanted difference, so that a run of two thousand shows each of them. */
const nextCase = (random: SeededRandom): Case => {
  const example =
    random.integer(10) === 0 ? differences[random.integer(differences.length)]?.example : undefined
  return example === undefined ? randomCase(random) : randomCaseWith(example, random)
}

/** Compares both clients on random requests that follow from the seed. */
export const run = (
  { cases, maxUnexplained = 5, seed }: { cases: number; maxUnexplained?: number; seed: number },
  theirs: Client,
  ours: Client
): Effect.Effect<Report> =>
  Effect.gen(function* () {
    const { runPromise } = yield* runner()
    const random = new SeededRandom(seed)
    const counts = new Map(differences.map(({ name }) => [name, 0]))
    const unexplained: Array<Unexplained> = []
    let agreements = 0
    for (let at = 0; at < cases; at++) {
      const given = nextCase(random)
      const result = yield* explain(given, theirs, ours)
      if ("request" in result) {
        const fails = (simpler: Case) =>
          runPromise(Effect.map(explain(simpler, theirs, ours), (again) => "request" in again))
        const smallest = yield* Effect.promise(() => shrink(given, fails))
        const again = yield* explain(smallest, theirs, ours)
        unexplained.push("request" in again ? again : result)
        if (unexplained.length >= maxUnexplained) return { cases: at + 1, agreements, counts, unexplained }
      } else if (result.length === 0) agreements++
      else for (const { name } of result) counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    return { cases, agreements, counts, unexplained }
  })

/** The parts in which an outcome differs from the other. */
const partly = (outcome: Outcome, other: Outcome): string => {
  const entries = Object.entries(outcome)
  const others = new Map<string, unknown>(Object.entries(other))
  const differing = entries.filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(others.get(name))
  )
  return named(JSON.stringify(Object.fromEntries(differing.map(([name, value]) => [name, value ?? null]))))
}

/** What is wrong with a report. A run of few cases need not show every difference. */
export const flaws = (
  { cases, counts, unexplained }: Report,
  mustShowAll: boolean
): ReadonlyArray<string> => [
  ...unexplained.map(
    ({ ours, request, theirs }) =>
      `unexplained: ${JSON.stringify(request)}\n  official: ${partly(theirs, ours)}\n  ours:     ${partly(ours, theirs)}`
  ),
  ...differences.flatMap(({ maxShare = 0.02, name }) => {
    const count = counts.get(name) ?? 0
    if (count === 0 && mustShowAll) return [`${name} explains no case: remove it from the list`]
    return count > maxShare * cases && mustShowAll
      ? [`${name} explains ${count} of ${cases} cases, more than its share of ${maxShare * 100} %`]
      : []
  })
]
