import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

export interface CheckReport {
  /** Runs a check and prints its result. A failure is counted, and the other checks continue. */
  readonly check: (name: string, run: Effect.Effect<unknown, Error>) => Effect.Effect<void>
  /** Prints the counts, and makes the process fail if a check did. */
  readonly sumUp: Effect.Effect<void>
}

export const makeCheckReport = (): CheckReport => {
  const counts = { passed: 0, failed: 0 }
  return {
    check: (name, run) =>
      Effect.matchEffect(run, {
        onSuccess: () => {
          counts.passed++
          return Console.log(`ok: ${name}`)
        },
        onFailure: ({ message }) => {
          counts.failed++
          return Console.log(`FAILED: ${name}\n${message}`)
        }
      }),
    sumUp: Effect.suspend(() => {
      if (counts.failed > 0 || counts.passed === 0) process.exitCode = 1
      return Console.log(`${counts.passed} passed, ${counts.failed} failed`)
    })
  }
}
