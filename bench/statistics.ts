/** Several measurements of one thing. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export const spreadOf = (values: ReadonlyArray<number>): Spread => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return {
    median: sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN
  }
}

/** The ratios within each round. A disturbance of a round affects both sides. */
export const ratioOf = (numerator: ReadonlyArray<number>, denominator: ReadonlyArray<number>): Spread =>
  spreadOf(numerator.map((value, round) => value / (denominator[round] ?? Number.NaN)))
