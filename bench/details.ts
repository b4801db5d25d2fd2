import { cpuRatio, readingOf } from "./readings.js"
import type { NodeResults } from "./results.js"
import { spreadOf } from "./statistics.js"
import { numberText, spreadText, table } from "./table.js"
import { allWorks, nameOf, type Work, works } from "./works.js"

const readingsTable = ({ readings }: NodeResults, work: Work): string =>
  table(
    ["client", "at once", "CPU µs", "wall µs", "CPU ÷ floor", "CPU ÷ @clerk/backend"],
    readings
      .filter((reading) => reading.work === work)
      .map((reading) => {
        const { client, concurrency, cpu, wall } = reading
        const ratioTo = (other: "floor" | "official") =>
          client === other
            ? "1"
            : spreadText(cpuRatio(reading, readingOf(readings, work, other, concurrency)))
        return [
          nameOf(work, client),
          String(concurrency),
          numberText(spreadOf(cpu).median),
          numberText(spreadOf(wall).median),
          ratioTo("floor"),
          ratioTo("official")
        ]
      })
  )

const otherFigures = ({ keyFetches, startup, stream }: NodeResults): string =>
  [
    `- Key fetches of 1,000 verifications at once, before a key is known: ${keyFetches.ours}. By @clerk/backend: ${keyFetches.official}.`,
    `- Growth of the live heap in a \`Sessions.stream\` of 100,000 sessions: ${numberText(stream.peakGrowth / 1e6)} MB.`,
    `- CPU of an import, in milliseconds: ${spreadText(startup.library)}. Its Effect modules alone: ${spreadText(startup.effectAlone)}. Ratio: ${spreadText(startup.ratio)}.`
  ].join("\n")

/** All figures of one Node version. */
export const detailsOf = (results: NodeResults): string =>
  [
    `## Node ${results.node.version}`,
    ...allWorks.flatMap((work) => [`### ${works[work].title}`, readingsTable(results, work)]),
    "### Keys, memory and start",
    otherFigures(results)
  ].join("\n\n")
