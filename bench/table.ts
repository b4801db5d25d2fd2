/** Tables of Markdown, and the numbers in them. */
import type { Spread } from "./statistics.js"

export type Row = ReadonlyArray<string>

export const table = (head: Row, rows: ReadonlyArray<Row>): string => {
  const widths = head.map((cell, column) =>
    Math.max(3, cell.length, ...rows.map((row) => row[column]?.length ?? 0))
  )
  const line = (row: Row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n")
}

/** Three significant digits, at most two of them decimals. */
export const numberText = (value: number): string => {
  if (Number.isInteger(value)) return String(value)
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)
}

/** The median, and the quartiles in parentheses. */
export const spreadText = (spread: Spread | undefined): string => {
  if (spread === undefined) return "–"
  const { lower, median, upper } = spread
  return lower === upper
    ? numberText(median)
    : `${numberText(median)} (${numberText(lower)}–${numberText(upper)})`
}
