import { readFile, writeFile } from "node:fs/promises"
import { major } from "../scripts/support/major.js"
import { chartOf } from "./chart.js"
import type { Figures } from "./figures.js"
import { pageOf } from "./page.js"
import { summaryPattern, summaryTable } from "./summary.js"

/** A document that is made from the figures, and its content. */
export type Rendered = readonly [file: URL, content: string]

const readme = new URL("../README.md", import.meta.url)

/** Returns the page and the picture of the major, and the README, which shows the table for Effect 4. */
export const rendered = async (figures: Figures): Promise<ReadonlyArray<Rendered>> => {
  const own: ReadonlyArray<Rendered> = [
    [new URL(`${major}.md`, import.meta.url), pageOf(figures)],
    [new URL(`${major}.svg`, import.meta.url), chartOf(figures)]
  ]
  if (major !== "effect4") return own
  const text = await readFile(readme, "utf8")
  if (!summaryPattern.test(text)) throw new Error("the README has no table of the CPU time of one call")
  return [...own, [readme, text.replace(summaryPattern, () => `${summaryTable(figures)}\n`)]]
}

export const writeRendered = async (figures: Figures): Promise<void> => {
  for (const [file, content] of await rendered(figures)) await writeFile(file, content)
}
