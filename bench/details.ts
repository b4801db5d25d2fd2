import { figureOf, type NodeFigures } from "./figures.js"
import { numberText, spreadText, table } from "./table.js"
import { allWorks, nameOf, type Work, works } from "./works.js"

const figuresTable = ({ figures }: NodeFigures, work: Work): string =>
  table(
    ["client", "calls at once", "CPU, µs", "wall clock, µs", "CPU ÷ floor", "CPU ÷ @clerk/backend"],
    figures
      .filter((figure) => figure.work === work)
      .map(({ client, concurrency, cpu, toFloor, toOfficial, wall }) => [
        nameOf(work, client),
        String(concurrency),
        numberText(cpu),
        numberText(wall),
        spreadText(toFloor),
        spreadText(toOfficial)
      ])
  )

const otherFigures = ({ keyFetches, startup, stream }: NodeFigures): string =>
  table(
    ["figure", "effect-clerk", "compared with"],
    [
      [
        "Key fetches of 1,000 verifications that start together, before a key is known",
        String(keyFetches.ours),
        `@clerk/backend: ${numberText(keyFetches.official)}`
      ],
      [
        "Growth of the live heap in a `Sessions.stream` of 100,000 sessions, in MB",
        numberText(stream.peakGrowth / 1e6),
        "–"
      ],
      [
        "CPU time of an import, in ms",
        spreadText(startup.library),
        `the Effect modules that it imports: ${spreadText(startup.effectAlone)}`
      ]
    ]
  )

/** All figures of one Node version. */
export const detailsOf = (node: NodeFigures): string =>
  [
    `## Node ${node.node.version}`,
    ...allWorks
      .filter((work) => figureOf(node, work, "floor") !== undefined)
      .flatMap((work) => [`### ${works[work].title}`, figuresTable(node, work)]),
    "### Keys, memory and start",
    otherFigures(node)
  ].join("\n\n")
