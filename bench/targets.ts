/** The performance targets of the library. */
import type { Bundle } from "./bundle.js"
import { cpuRatio, readingOf } from "./readings.js"
import type { NodeResults } from "./results.js"
import { exactly, type Spread } from "./statistics.js"
import { type Client, type Concurrency, concurrencyText, nameOf, type Work, works } from "./works.js"

type Relation = "≤" | "<" | "≥"

export interface Target {
  readonly name: string
  readonly relation: Relation
  readonly bound: number
  readonly unit: string
  readonly measured: Spread | undefined
}

const relations: { readonly [R in Relation]: (value: number, bound: number) => boolean } = {
  "≤": (value, bound) => value <= bound,
  "<": (value, bound) => value < bound,
  "≥": (value, bound) => value >= bound
}

/** A target without a measurement is missed. */
export const isReached = ({ bound, measured, relation }: Target): boolean =>
  measured !== undefined && relations[relation](measured.median, bound)

interface RatioTarget {
  readonly work: Work
  readonly client: Client
  readonly other: Client
  readonly relation: Relation
  /** The bound for one call at a time, and for 16 at once. */
  readonly bounds: readonly [number, number?]
}

const undici = { work: "get over undici", other: "floor", relation: "≤" } as const
const fetch = { work: "get over fetch", other: "floor", relation: "≤" } as const
const list = { work: "list over undici", other: "floor", relation: "≤" } as const

/** CPU against another client at the same work. "≥" compares the other client with this library. */
const ratioTargets: ReadonlyArray<RatioTarget> = [
  { ...undici, client: "fiber", bounds: [1.4, 1.5] },
  { ...undici, client: "each", bounds: [1.75, 2] },
  { ...fetch, client: "fiber", bounds: [1.12, 1.2] },
  { ...fetch, client: "each", bounds: [1.25, 1.4] },
  { ...list, client: "fiber", bounds: [1.65, 1.65] },
  { work: "decode", client: "decoder", other: "floor", relation: "≤", bounds: [0.95] },
  { work: "verify", client: "fiber", other: "official", relation: "≥", bounds: [4, 4] },
  { work: "verify", client: "fiber", other: "subtle", relation: "≤", bounds: [1, 1] },
  { work: "verify", client: "fiber", other: "jose", relation: "<", bounds: [1, 1] },
  { work: "verify", client: "each", other: "official", relation: "≥", bounds: [3, 3] },
  { work: "verify", client: "cachedFiber", other: "official", relation: "≥", bounds: [50, 50] },
  { work: "verify", client: "cachedEach", other: "official", relation: "≥", bounds: [50, 50] }
]

const ratioTarget = (
  { readings }: NodeResults,
  { work, client, other, relation }: RatioTarget,
  bound: number,
  concurrency: Concurrency
): Target => {
  const ours = readingOf(readings, work, client, concurrency)
  const theirs = readingOf(readings, work, other, concurrency)
  const [ourName, theirName] = [nameOf(work, client), nameOf(work, other)]
  const isInverse = relation === "≥"
  const ratio = isInverse ? `${theirName} ÷ ${ourName}` : `${ourName} ÷ ${theirName}`
  return {
    name: `${works[work].title}, ${concurrencyText(concurrency)}: ${ratio}`,
    relation,
    bound,
    unit: "×",
    measured: isInverse ? cpuRatio(theirs, ours) : cpuRatio(ours, theirs)
  }
}

export const targetsOf = (results: NodeResults, bundle: Bundle): ReadonlyArray<Target> => [
  ...ratioTargets.flatMap((target) => {
    const [one, many] = target.bounds
    const alone = ratioTarget(results, target, one, 1)
    return many === undefined ? [alone] : [alone, ratioTarget(results, target, many, 16)]
  }),
  {
    name: "1,000 verifications at once without a known key: key fetches",
    relation: "≤",
    bound: 1,
    unit: "",
    measured: exactly(results.keyFetches.ours)
  },
  {
    name: "`Sessions.stream` of 100,000 sessions: growth of the live heap",
    relation: "<",
    bound: 10,
    unit: "MB",
    measured: exactly(results.stream.peakGrowth / 1e6)
  },
  {
    name: "Bundle of one operation over fetch, minified and gzipped: our share",
    relation: "≤",
    bound: 12,
    unit: "kB",
    measured: exactly((bundle.whole - bundle.effectAlone) / 1e3)
  },
  {
    name: "Import of `effect-clerk`: CPU ÷ the Effect modules it imports",
    relation: "≤",
    bound: 1.1,
    unit: "×",
    measured: results.startup.ratio
  }
]
