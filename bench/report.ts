import { readFile } from "node:fs/promises"
import { root } from "./children.js"
import { type Key, names, type Reading } from "./clients.js"
import { type Spread, spreadOf } from "./statistics.js"
import { cpuRatio, type Results, reached, readingOf, type Target, targetsOf } from "./targets.js"

type Row = ReadonlyArray<string>

/** The divisor of readings: a client at the same work, or at another. */
interface Peer {
  readonly by: Key
  readonly at?: Reading["work"]
}

const table = (head: Row, rows: ReadonlyArray<Row>): string => {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0))
  )
  const line = (row: Row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n")
}

const round = (value: number): string => value.toFixed(value >= 100 ? 0 : 2)

const shown = (spread: Spread | undefined): string => {
  if (spread === undefined) return "–"
  const { median, min, max } = spread
  if (min === max) return Number.isInteger(median) ? String(median) : round(median)
  return `${round(median)} (${round(min)}–${round(max)})`
}

const boundOf = ({ bound, unit }: Target): string =>
  "atLeast" in bound ? `≥ ${bound.atLeast} ${unit}` : `≤ ${bound.atMost} ${unit}`

const verdicts = new Map<boolean | undefined, string>([
  [true, "reached"],
  [false, "missed"]
])

const marksTable = (results: Results): string =>
  table(
    ["what", "target", "measured", ""],
    targetsOf(results).map((target) => [
      target.name,
      boundOf(target),
      shown(target.measured),
      verdicts.get(reached(target)) ?? "not measured"
    ])
  )

/** The readings of one work, in CPU and wall time, and divided by those of its peers. */
const readingsTable = (results: Results, works: ReadonlyArray<Reading["work"]>, peers: ReadonlyArray<Peer>) =>
  table(
    ["work", "at once", "by", "CPU µs", "wall µs", ...peers.map(({ by }) => `CPU ÷ ${names[by]}`)],
    results.readings
      .filter(({ work }) => works.includes(work))
      .map((reading) => [
        reading.work,
        String(reading.concurrency),
        names[reading.by],
        round(spreadOf(reading.cpu).median),
        round(spreadOf(reading.wall).median),
        ...peers.map(({ by, at = reading.work }) =>
          shown(cpuRatio(reading, readingOf(results, at, by, reading.concurrency)))
        )
      ])
      .sort(([workA = "", concurrencyA], [workB = "", concurrencyB]) =>
        workA === workB ? Number(concurrencyA) - Number(concurrencyB) : workA.localeCompare(workB)
      )
  )

const kilobytes = (bytes: number): string => `${(bytes / 1e3).toFixed(1)} kB`

const footprint = ({ bundle, startup, heapGrowth }: Results): string =>
  [
    `- Bundle of one operation over fetch, minified and gzipped: ${kilobytes(bundle.whole)}, of which Effect ${kilobytes(bundle.effectAlone)}. The library by itself: ${kilobytes(bundle.alone)}.`,
    `- Import, milliseconds of CPU: ${shown(startup.library)}, of which the Effect modules ${shown(startup.effectAlone)}.`,
    `- Growth of the live heap over all the calls: ${kilobytes(heapGrowth)}.`
  ].join("\n")

const versionOf = async (name: string): Promise<string> => {
  const manifest = await readFile(`${root}/node_modules/${name}/package.json`, "utf8")
  return `${name} ${JSON.parse(manifest).version}`
}

const packages = [
  "effect",
  "@effect/platform",
  "@effect/platform-node",
  "undici",
  "@clerk/backend",
  "jose",
  "esbuild"
]

export interface Report {
  /** The printed text. */
  readonly tables: string
  /** The saved page: the tables with their date, versions and explanations. */
  readonly page: string
}

export const reportOf = async (results: Results, rounds: number, calls: number): Promise<Report> => {
  const tables = [
    "## Targets",
    marksTable(results),
    "## Calls",
    readingsTable(results, ["decode", "get", "list"], [{ by: "raw" }, { by: "clerk" }]),
    "## Verification of session tokens",
    readingsTable(
      results,
      ["verify", "verify again"],
      [
        { by: "subtle", at: "verify" },
        { by: "clerk", at: "verify" }
      ]
    ),
    "## Footprint",
    footprint(results)
  ].join("\n\n")
  const versions = await Promise.all(packages.map(versionOf))
  const page = `# Benchmark results

${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node} (its fetch is undici ${process.versions["undici"] ?? "?"}), ${versions.join(", ")}.

![CPU per call](./results.svg)

${tables}

## How this is measured

\`npm run bench\` writes this page. \`npm run bench -- --quick\` takes a few seconds and writes nothing. \`--rounds\` and
\`--calls\` set the number of measurements. Here there are ${rounds} rounds of ${calls} calls, and a tenth of that for lists
and decoding.

The server is a separate process on a loopback port and responds from prepared buffers. The measured value is the CPU
time of the client process (user and system, all threads). The clients take turns, round after round, in one process.
Each ratio is taken within a round. The tables show the median of the rounds and, in parentheses, the minimum and the
maximum. Compare the ratios, because the microseconds depend on the machine. \`@clerk/backend\` does not validate
responses. effect-clerk runs under its standard policy, with timeouts, and decodes every field.

Tokens are verified with a given key. @clerk/backend uses \`verifyToken\` with its \`jwtKey\`, and imports the key each
time. The targets apply to one \`Effect.runPromise\` for each token. A server written with promises runs the library like
this, and the other clients are called like this too. In a running fiber, as in an Effect server, a verification costs
less. "Verify again" is a cached token, with the verifier's cache on. The requests for keys are those of 1,000
verifications that start together in a process without a key, against a server on loopback.

The share of a bundle is the size of the program minus the size of one that keeps the same imports from Effect.
The import is timed in new processes, and compared with one that imports the same modules of Effect.
`
  return { tables, page }
}
