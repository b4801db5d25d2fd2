import type { CallResults, Reading } from "./calls.js"
import type { Key } from "./contenders.js"
import type { Bundle, Startup } from "./footprint.js"
import { ratioOf, type Spread } from "./statistics.js"
import type { StreamResults } from "./stream.js"

export interface Results extends CallResults {
  readonly stream: StreamResults
  readonly bundle: Bundle
  readonly startup: Startup
}

/** What the library is held to. */
export interface Mark {
  readonly name: string
  readonly bound: { readonly atLeast: number } | { readonly atMost: number }
  readonly unit: "×" | "MB" | "kB"
  /** Absent when there is nothing to measure yet. */
  readonly measured: Spread | undefined
}

export const reached = ({ bound, measured }: Mark): boolean | undefined =>
  measured === undefined
    ? undefined
    : "atLeast" in bound
      ? measured.median >= bound.atLeast
      : measured.median <= bound.atMost

const exactly = (value: number): Spread => ({ median: value, min: value, max: value })

export const readingOf = (
  { readings }: CallResults,
  work: Reading["work"],
  by: Reading["by"],
  lanes: number
): Reading | undefined =>
  readings.find((reading) => reading.work === work && reading.by === by && reading.lanes === lanes)

/** The CPU of `a` over the CPU of `b`. */
export const cpuRatio = (a: Reading | undefined, b: Reading | undefined): Spread | undefined =>
  a === undefined || b === undefined ? undefined : ratioOf(a.cpu, b.cpu)

export const marksOf = (results: Results): ReadonlyArray<Mark> => {
  const { stream, bundle, startup } = results
  const calls = (lanes: number): ReadonlyArray<Mark> => {
    const how = lanes === 1 ? "one at a time" : `${lanes} at once`
    const ratio = (work: Reading["work"], a: Key, b: Key) =>
      cpuRatio(readingOf(results, work, a, lanes), readingOf(results, work, b, lanes))
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
