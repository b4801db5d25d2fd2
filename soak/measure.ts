/** Measures and checks a run. */
export interface Row {
  readonly name: string
  readonly target: string
  readonly measured: string
  /** `undefined` for a figure without a limit, which depends on the machine as much as on the library. */
  readonly holds: boolean | undefined
}

/** Counts durations in steps of 5 %, so that a run of any length takes the same memory. */
export class Durations {
  readonly #steps = new Uint32Array(400)
  #count = 0

  add(millis: number): void {
    const step = Math.min(
      399,
      Math.max(0, Math.ceil(Math.log(Math.max(millis, 0.01) / 0.01) / Math.log(1.05)))
    )
    this.#steps[step] = (this.#steps[step] ?? 0) + 1
    this.#count++
  }

  /** Milliseconds that this share of the durations does not exceed. */
  quantile(share: number): number {
    let left = share * this.#count
    for (const [step, count] of this.#steps.entries()) {
      left -= count
      if (left <= 0) return 0.01 * 1.05 ** step
    }
    return Number.POSITIVE_INFINITY
  }
}

/** The handles that keep the process alive, by kind. */
export const resources = (): ReadonlyMap<string, number> => {
  const counted = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counted.set(kind, (counted.get(kind) ?? 0) + 1)
  return counted
}

/** The kinds with more handles than before. */
export const surplus = (
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>
): ReadonlyArray<string> =>
  [...after].flatMap(([kind, count]) => {
    const more = count - (before.get(kind) ?? 0)
    return more > 0 ? [`${more} ${kind}`] : []
  })

/** The used heap after a garbage collection. */
export const heapAfterGc = (): number => {
  if (globalThis.gc === undefined) throw new Error("run with node --expose-gc")
  globalThis.gc()
  globalThis.gc()
  return process.memoryUsage().heapUsed
}

export const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`

export const table = (rows: ReadonlyArray<Row>): string => {
  const width = (pick: (row: Row) => string) => Math.max(...rows.map((row) => pick(row).length))
  const [names, targets, measured] = [
    width(({ name }) => name),
    width(({ target }) => target),
    width((row) => row.measured)
  ]
  const verdict = ({ holds }: Row) => (holds === undefined ? "told" : holds ? "holds" : "MISSED")
  return rows
    .map(
      (row) =>
        `${row.name.padEnd(names)}  ${row.target.padStart(targets)}  ${row.measured.padStart(measured)}  ${verdict(row)}`
    )
    .join("\n")
}
