import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

/** A statement about the library, and the program that tests it. The program dies when the statement is false. */
export interface Case {
  readonly name: string
  readonly run: Effect.Effect<void, unknown>
}

export interface Report {
  readonly passed: number
  readonly failures: ReadonlyArray<{ readonly name: string; readonly why: string }>
}

const show = (value: unknown): string => {
  if (value instanceof Error) return `${value.name}: ${value.message} ${JSON.stringify(value)}`
  return typeof value === "string" ? value : (JSON.stringify(value) ?? String(value))
}

/** The first difference between `actual` and `expected`, which may be partial. */
const difference = (actual: unknown, expected: unknown, path: string): string | undefined => {
  if (typeof expected !== "object" || expected === null) {
    return Object.is(actual, expected) ? undefined : `${path}: ${show(actual)} is not ${show(expected)}`
  }
  if (typeof actual !== "object" || actual === null) return `${path}: ${show(actual)} is no object`
  if (Array.isArray(expected) && Reflect.get(actual, "length") !== expected.length) {
    return `${path}: ${show(actual)} does not have ${expected.length} elements`
  }
  for (const [key, value] of Object.entries(expected)) {
    const found = difference(Reflect.get(actual, key), value, `${path}.${key}`)
    if (found !== undefined) return found
  }
  return undefined
}

/** Dies unless `actual` has all that `expected` has. */
export const expectMatch = (actual: unknown, expected: unknown, what = "it"): Effect.Effect<void> => {
  const found = difference(actual, expected, what)
  return found === undefined ? Effect.void : Effect.die(new Error(`${found} (in ${show(actual)})`))
}

export const expectThat = (holds: boolean, otherwise: string): Effect.Effect<void> =>
  holds ? Effect.void : Effect.die(new Error(otherwise))

/** The outcome of a call: its value or its typed error. Anything else is a failure of the case. */
export const outcomeOf = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A | E, never, R> =>
  Effect.match(self, { onFailure: (error): A | E => error, onSuccess: (value): A | E => value })

const limit = "20 seconds"

const runCase = ({ name, run }: Case) =>
  Effect.map(Effect.exit(Effect.timeout(run, limit)), (exit) =>
    Exit.isSuccess(exit) ? [] : [{ name, why: Cause.pretty(exit.cause) }]
  )

export const runCases = (cases: ReadonlyArray<Case>): Effect.Effect<Report> =>
  Effect.map(Effect.forEach(cases, runCase, { concurrency: 4 }), (results) => {
    const failures = results.flat()
    return { passed: cases.length - failures.length, failures }
  })
