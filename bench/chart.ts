/** Draws the CPU per call, one at a time, with @clerk/backend as 1: a group for each work, a column for each Node. */
import { cpuRatio, readingOf } from "./readings.js"
import type { NodeResults } from "./results.js"
import { spreadOf } from "./statistics.js"
import { numberText } from "./table.js"
import { type Client, isOurs, nameOf, type Work, works } from "./works.js"

const labelWidth = 266
const columnWidth = 310
/** The text after a bar. */
const valueWidth = 124
const barHeight = 18
const rowHeight = 24

const clients: ReadonlyArray<Client> = ["floor", "fiber", "each", "cachedFiber", "official"]
const chartedWorks: ReadonlyArray<Work> = ["get over undici", "get over fetch", "list over undici", "verify"]

const colors: { readonly [C in Client]?: string } = {
  floor: "#c3c7cf",
  official: "#868d99",
  each: "#a893ff"
}

interface Bar {
  readonly ratio: number
  readonly micros: number
}

const barOf = ({ readings }: NodeResults, work: Work, client: Client): Bar | undefined => {
  const reading = readingOf(readings, work, client, 1)
  const ratio = cpuRatio(reading, readingOf(readings, work, "official", 1))
  return reading === undefined || ratio === undefined
    ? undefined
    : { ratio: ratio.median, micros: spreadOf(reading.cpu).median }
}

const plain = (text: string): string => text.replaceAll("`", "")

const text = (x: number, y: number, content: string, attributes = ""): string =>
  `<text x="${x.toFixed(1)}" y="${y}"${attributes}>${content}</text>`

/** The chart has its own background, so that it is readable on any page. */
export const chartOf = (nodes: ReadonlyArray<NodeResults>): string => {
  const groups = chartedWorks.map((work) => ({
    title: plain(works[work].title),
    rows: clients.flatMap((client) => {
      const bars = nodes.map((results) => barOf(results, work, client))
      return bars.every((bar) => bar === undefined) ? [] : [{ work, client, bars }]
    })
  }))
  const ratios = groups.flatMap(({ rows }) => rows.flatMap(({ bars }) => bars.map((bar) => bar?.ratio ?? 0)))
  const scale = (columnWidth - valueWidth) / Math.max(1, ...ratios)
  const columnAt = (column: number) => labelWidth + column * columnWidth
  const bold = ' font-weight="600"'

  const lines = nodes.map(({ node }, column) => text(columnAt(column), 62, `Node ${node.version}`, bold))
  let y = 74
  for (const { rows, title } of groups) {
    lines.push(text(20, y + 13, title, bold))
    y += rowHeight
    for (const { bars, client, work } of rows) {
      lines.push(text(labelWidth - 10, y + 13, plain(nameOf(work, client)), ' text-anchor="end"'))
      bars.forEach((bar, column) => {
        if (bar === undefined) return
        const x = columnAt(column)
        const length = bar.ratio * scale
        lines.push(
          `<rect x="${x}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="2" fill="${colors[client] ?? "#6c47ff"}"/>`,
          text(
            x + length + 6,
            y + 13,
            `${numberText(bar.ratio)} (${numberText(bar.micros)} µs)`,
            isOurs(client) ? bold : ""
          )
        )
      })
      y += rowHeight
    }
    y += 12
  }
  const width = columnAt(nodes.length)
  const title = "CPU per call, one at a time, @clerk/backend = 1 (less is better)"
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="#1f2430">
<title>${title}</title>
<rect width="${width}" height="${y}" rx="8" fill="#ffffff"/>
${text(20, 32, title, ' font-size="15" font-weight="600"')}
${lines.join("\n")}
</svg>
`
}
