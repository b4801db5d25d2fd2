/**
 * Draws the CPU time of each call. In a group, a bar is as long as its time beside that of @clerk/backend. So one line
 * shows the cost of @clerk/backend in all groups, whose times differ by a factor of 60.
 */
import type { Figures, NodeFigures } from "./figures.js"
import { cpuOf, cpuText, type ShownCall, shownCalls } from "./summary.js"

const margin = 24
const labelWidth = 132
/** From the start of a bar to the end of the text after the longest one. */
const barsWidth = 440
const valueWidth = 92
const barHeight = 16
const rowHeight = 21

const rows = [
  { name: "effect-clerk", client: "ours", color: "#6c47ff" },
  { name: "@clerk/backend", client: "official", color: "#868d99" },
  { name: "floor", client: "floor", color: "#c3c7cf" }
] as const

const ratioOf = (node: NodeFigures, call: ShownCall, client: (typeof rows)[number]["client"]): number => {
  const cpu = cpuOf(node, call)
  return (cpu[client] ?? 0) / (cpu.official ?? Number.NaN)
}

const rowsOf = ({ hasFloor }: ShownCall) => rows.filter(({ client }) => hasFloor || client !== "floor")

const text = (x: number, y: number, content: string, attributes = ""): string =>
  `<text x="${x.toFixed(1)}" y="${y}"${attributes}>${content}</text>`

const bold = ' font-weight="600"'

/** Keeps a number readable on the dashed line. */
const halo = ' stroke="#ffffff" stroke-width="4" paint-order="stroke"'

/** The chart has its own background, so that it is readable on light and on dark pages. */
export const chartOf = ({ nodes }: Figures): string => {
  const longest = Math.max(
    1,
    ...nodes.flatMap((node) =>
      shownCalls.flatMap((call) => rows.map(({ client }) => ratioOf(node, call, client)))
    )
  )
  const scale = (barsWidth - valueWidth) / longest
  const columnAt = (column: number) => margin + labelWidth + column * barsWidth
  const lines: Array<string> = []
  let y = 66
  if (nodes.length > 1) {
    lines.push(
      ...nodes.map(({ node }, column) => text(columnAt(column), y + 14, `Node ${node.version}`, bold))
    )
    y += rowHeight
  }
  for (const call of shownCalls) {
    lines.push(text(margin, y + 14, call.title, bold))
    y += rowHeight
    const bottom = y + rowsOf(call).length * rowHeight
    lines.push(
      ...nodes.map((_, column) => {
        const x = (columnAt(column) + scale).toFixed(1)
        return `<line x1="${x}" x2="${x}" y1="${y - 3}" y2="${bottom - 2}" stroke="#4b515c" stroke-dasharray="3 3"/>`
      })
    )
    for (const { client, color, name } of rowsOf(call)) {
      lines.push(text(columnAt(0) - 10, y + 13, name, ' text-anchor="end"'))
      nodes.forEach((node, column) => {
        const x = columnAt(column)
        // A bar of a cached token would be too short to see.
        const length = Math.max(2, ratioOf(node, call, client) * scale)
        lines.push(
          `<rect x="${x}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="2" fill="${color}"/>`,
          text(
            x + length + 6,
            y + 13,
            `${cpuText(cpuOf(node, call)[client])} µs`,
            halo + (client === "ours" ? bold : "")
          )
        )
      })
      y += rowHeight
    }
    y += 12
  }
  const width = columnAt(nodes.length) + margin
  const height = y + 6
  const title = "CPU time of one call, in microseconds (less is better)"
  const note = "floor: the least possible work · dashed line: @clerk/backend, which always uses fetch"
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="13" fill="#1f2430">
<title>${title}</title>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="#ffffff" stroke="#d5d8de"/>
${text(margin, 32, title, ' font-size="15" font-weight="600"')}
${text(margin, 52, note, ' font-size="12" fill="#5b616d"')}
${lines.join("\n")}
</svg>
`
}
