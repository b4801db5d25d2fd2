import type { CallResults } from "./calls.js"
import type { Key, Reading } from "./clients.js"
import type { Bundle, Startup } from "./footprint.js"
import { ratioOf, type Spread } from "./statistics.js"
import type { StreamResults } from "./stream.js"
import type { VerifyResults } from "./verify.js"

export interface Results extends CallResults {
  /** The readings of the calls and of the verifications. */
  readonly readings: ReadonlyArray<Reading>
  readonly keyRequests: VerifyResults["keyRequests"]
  readonly stream: StreamResults
  readonly bundle: Bundle
  readonly startup: Startup
}

/** A performance target of the library. */
export interface Target {
  readonly name: string
  readonly bound: { readonly atLeast: number } | { readonly atMost: number }
  readonly unit: "×" | "MB" | "kB" | "request"
  /** Absent without a measurement. */
  readonly measured: Spread | undefined
}

export const reached = ({ bound, measured }: Target): boolean | undefined =>
  measured === undefined
    ? undefined
    : "atLeast" in bound
      ? measured.median >= bound.atLeast
      : measured.median <= bound.atMost

const exactly = (value: number): Spread => ({ median: value, min: value, max: value })

export const readingOf = (
  { readings }: Pick<Results, "readings">,
  work: Reading["work"],
  by: Reading["by"],
  concurrency: number
): Reading | undefined =>
  readings.find(
    (reading) => reading.work === work && reading.by === by && reading.concurrency === concurrency
  )

/** The CPU of `a` over the CPU of `b`. */
export const cpuRatio = (a: Reading | undefined, b: Reading | undefined): Spread | undefined =>
  a === undefined || b === undefined ? undefined : ratioOf(a.cpu, b.cpu)

const manner = (concurrency: number): string =>
  concurrency === 1 ? "one at a time" : `${concurrency} at once`

/** For separate verifications. Promise functions are compared with promise functions. */
const verificationMarks = (results: Results): ReadonlyArray<Target> => {
  const verification = (concurrency: number, atLeast: number): ReadonlyArray<Target> => {
    const ours = readingOf(results, "verify", "verifyRun", concurrency)
    return [
      {
        name: `\`SessionTokens.verify\`, tokens per CPU second against @clerk/backend, ${manner(concurrency)}`,
        bound: { atLeast },
        unit: "×",
        measured: cpuRatio(readingOf(results, "verify", "clerk", concurrency), ours)
      },
      {
        name: `\`SessionTokens.verify\`, CPU against crypto.subtle.verify alone, ${manner(concurrency)}`,
        bound: { atMost: 1.7 },
        unit: "×",
        measured: cpuRatio(ours, readingOf(results, "verify", "subtle", concurrency))
      }
    ]
  }
  const { keyRequests } = results
  return [
    ...verification(1, 2.3),
    ...verification(16, 3),
    {
      name: "a token seen before, with the cache on, tokens per CPU second against @clerk/backend, one at a time",
      bound: { atLeast: 50 },
      unit: "×",
      measured: cpuRatio(
        readingOf(results, "verify", "clerk", 1),
        readingOf(results, "verify again", "verifyRun", 1)
      )
    },
    {
      name: `1,000 tokens at once while no key is known, requests for keys (@clerk/backend: ${keyRequests.clerk})`,
      bound: { atMost: 1 },
      unit: "request",
      measured: exactly(keyRequests.ours)
    }
  ]
}

export const targetsOf = (results: Results): ReadonlyArray<Target> => {
  const { stream, bundle, startup } = results
  const calls = (concurrency: number): ReadonlyArray<Target> => {
    const how = manner(concurrency)
    const ratio = (work: Reading["work"], a: Key, b: Key) =>
      cpuRatio(readingOf(results, work, a, concurrency), readingOf(results, work, b, concurrency))
    return [
      {
        name: `\`get\` through undici, calls per CPU second against @clerk/backend, ${how}`,
        bound: { atLeast: 3.5 },
        unit: "×",
        measured: ratio("get", "clerk", "undici")
      },
      {
        name: `\`get\` through undici, CPU against undici + JSON.parse, ${how}`,
        bound: { atMost: 2 },
        unit: "×",
        measured: ratio("get", "undici", "raw")
      },
      {
        name: `\`get\` through layerFetch, calls per CPU second against @clerk/backend, ${how}`,
        bound: { atLeast: 1 },
        unit: "×",
        measured: ratio("get", "clerk", "fetch")
      },
      {
        name: `\`list\` of 500 through undici, calls per CPU second against @clerk/backend, ${how}`,
        bound: { atLeast: 1.15 },
        unit: "×",
        measured: ratio("list", "clerk", "undici")
      }
    ]
  }
  return [
    ...calls(1),
    ...calls(16),
    ...verificationMarks(results),
    {
      name: "decoding a page of 500, CPU against JSON.parse of its text",
      bound: { atMost: 0.9 },
      unit: "×",
      measured: cpuRatio(readingOf(results, "decode", "decoder", 1), readingOf(results, "decode", "parse", 1))
    },
    {
      name: "`stream` of 100,000 sessions, growth of the live heap",
      bound: { atMost: 10 },
      unit: "MB",
      measured: exactly(stream.peakGrowth / 1e6)
    },
    {
      name: "our share of a bundle with one operation over fetch, minified and gzipped",
      bound: { atMost: 10 },
      unit: "kB",
      measured: exactly((bundle.whole - bundle.effectAlone) / 1e3)
    },
    {
      name: "import of `effect-clerk`, CPU against the Effect modules it imports",
      bound: { atMost: 1.1 },
      unit: "×",
      measured: startup.ratio
    }
  ]
}
