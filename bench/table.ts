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

const decimalsOf = (value: number): number => {
  if (Number.isInteger(value) || value >= 100) return 0
  return value >= 10 ? 1 : value >= 0.1 ? 2 : 3
}

export const numberText = (value: number): string => {
  const decimals = decimalsOf(value)
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
}

/** The median, and the quartiles in parentheses. */
export const spreadText = (spread: Spread | undefined): string => {
  if (spread === undefined) return "–"
  const { lower, median, upper } = spread
  return lower === upper
    ? numberText(median)
    : `${numberText(median)} (${numberText(lower)}–${numberText(upper)})`
}
