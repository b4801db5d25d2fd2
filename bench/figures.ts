import { readFile, writeFile } from "node:fs/promises"
import { type Major, major } from "../scripts/support/major.js"
import type { Bundle } from "./bundle.js"
import { cpuRatio, type Reading, readingOf } from "./readings.js"
import type { NodeResults, Results } from "./results.js"
import { type Spread, spreadOf } from "./statistics.js"
import type { Client, Concurrency, Work } from "./works.js"

/** The cost of one call in microseconds: the median of the rounds. */
export interface Figure {
  readonly work: Work
  readonly client: Client
  readonly concurrency: Concurrency
  readonly cpu: number
  readonly wall: number
  /** The CPU divided by that of the floor, round by round. Absent where the work has none. */
  readonly toFloor?: Spread | undefined
  /** The CPU divided by that of @clerk/backend, round by round. Absent where it does not do this work. */
  readonly toOfficial?: Spread | undefined
}

/** The figures of one Node version. */
export interface NodeFigures extends Omit<NodeResults, "node" | "readings"> {
  readonly node: { readonly version: string; readonly undici: string }
  readonly figures: ReadonlyArray<Figure>
}

/** The figures of a run, recorded in `effect3.json` and `effect4.json`. The pages and pictures are made from them. */
export interface Figures {
  /** The day of the run: `2026-11-26`. */
  readonly measuredOn: string
  /** The versions of the measured packages. */
  readonly packages: { readonly [name: string]: string }
  readonly rounds: number
  readonly warmUps: number
  readonly calls: number
  readonly bundle: Bundle
  readonly nodes: ReadonlyArray<NodeFigures>
}

const figureOfReading = (readings: ReadonlyArray<Reading>, reading: Reading): Figure => {
  const { client, concurrency, cpu, wall, work } = reading
  const ratioTo = (other: Client) => cpuRatio(reading, readingOf(readings, work, other, concurrency))
  return {
    work,
    client,
    concurrency,
    cpu: spreadOf(cpu).median,
    wall: spreadOf(wall).median,
    toFloor: ratioTo("floor"),
    toOfficial: ratioTo("official")
  }
}

export const figuresOf = (
  { nodes, ...run }: Results,
  measuredOn: string,
  packages: Figures["packages"]
): Figures => ({
  measuredOn,
  packages,
  ...run,
  nodes: nodes.map(({ node: { undici, version }, readings, ...others }) => ({
    node: { version, undici },
    ...others,
    figures: readings.map((reading) => figureOfReading(readings, reading))
  }))
})

export const figureOf = (
  { figures }: NodeFigures,
  work: Work,
  client: Client,
  concurrency: Concurrency = 1
): Figure | undefined =>
  figures.find((each) => each.work === work && each.client === client && each.concurrency === concurrency)

const fileOf = (of: Major): URL => new URL(`${of}.json`, import.meta.url)

/** Reads the recorded figures of an Effect major. */
export const readFigures = async (of: Major = major): Promise<Figures> =>
  JSON.parse(await readFile(fileOf(of), "utf8"))

export const recordFigures = (figures: Figures): Promise<void> =>
  writeFile(fileOf(major), `${JSON.stringify(figures, null, 2)}\n`)
