import { cpuRatio, readingOf } from "./readings.js"
import type { NodeResults } from "./results.js"
import { spreadOf } from "./statistics.js"
import { numberText, type Row, table } from "./table.js"
import { type Client, type Work, works } from "./works.js"

/** A call of this library in one of its ways. */
interface Call {
  readonly work: Work
  readonly client: Client
  readonly way: string
}

const calls: ReadonlyArray<Call> = [
  ...(
    ["get over undici", "get over fetch", "list over undici", "list over fetch", "verify"] as const
  ).flatMap(
    (work): ReadonlyArray<Call> => [
      { work, client: "fiber", way: ", in a fiber" },
      { work, client: "each", way: ", `runPromise` each" }
    ]
  ),
  { work: "verify", client: "cachedFiber", way: " of a cached token, in a fiber" },
  { work: "verify", client: "cachedEach", way: " of a cached token, `runPromise` each" },
  { work: "decode", client: "decoder", way: "" }
]

const cells = ({ readings }: NodeResults, { client, work }: Call): Row => {
  const ours = readingOf(readings, work, client, 1)
  const others = (["floor", "official"] as const).map((other) => readingOf(readings, work, other, 1))
  const micros = (cpu: ReadonlyArray<number>) => numberText(spreadOf(cpu).median)
  return [
    ours === undefined ? "–" : micros(ours.cpu),
    ...others.map((other) => {
      const ratio = cpuRatio(ours, other)
      return other === undefined || ratio === undefined
        ? "–"
        : `${micros(other.cpu)} (${numberText(ratio.median)} ×)`
    })
  ]
}

/** What a call costs, one at a time, in microseconds of CPU. */
export const summaryTable = (nodes: ReadonlyArray<NodeResults>): string =>
  table(
    [
      "call",
      ...nodes.flatMap(({ node }) => [`Node ${node.version}: effect-clerk`, "floor", "@clerk/backend"]),
      "name of the floor"
    ],
    calls.map((call) => [
      works[call.work].title + call.way,
      ...nodes.flatMap((results) => cells(results, call)),
      works[call.work].floor
    ])
  )
