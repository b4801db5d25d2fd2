import { ratioOf, type Spread } from "./statistics.js"
import type { Client, Concurrency, Work } from "./works.js"

/** The cost of one call in microseconds, with a value for each round. */
export interface Reading {
  readonly work: Work
  readonly client: Client
  readonly concurrency: Concurrency
  readonly cpu: ReadonlyArray<number>
  readonly wall: ReadonlyArray<number>
}

export const readingOf = (
  readings: ReadonlyArray<Reading>,
  work: Work,
  client: Client,
  concurrency: Concurrency
): Reading | undefined =>
  readings.find(
    (reading) => reading.work === work && reading.client === client && reading.concurrency === concurrency
  )

/** The CPU of `a` divided by the CPU of `b`. */
export const cpuRatio = (a: Reading | undefined, b: Reading | undefined): Spread | undefined =>
  a === undefined || b === undefined ? undefined : ratioOf(a.cpu, b.cpu)
