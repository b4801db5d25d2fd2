/** Several measurements of one thing: their median, and the quartiles around it. */
export interface Spread {
  readonly median: number
  readonly lower: number
  readonly upper: number
}

/** Interpolates between the two nearest values. */
const quantile = (sorted: ReadonlyArray<number>, fraction: number): number => {
  const position = (sorted.length - 1) * fraction
  const below = sorted[Math.floor(position)] ?? Number.NaN
  const above = sorted[Math.ceil(position)] ?? Number.NaN
  return below + (above - below) * (position % 1)
}

export const spreadOf = (values: ReadonlyArray<number>): Spread => {
  const sorted = [...values].sort((a, b) => a - b)
  return {
    median: quantile(sorted, 0.5),
    lower: quantile(sorted, 0.25),
    upper: quantile(sorted, 0.75)
  }
}

export const exactly = (value: number): Spread => ({ median: value, lower: value, upper: value })

/** The ratios within each round. A disturbance of a round affects both sides. */
export const ratioOf = (numerator: ReadonlyArray<number>, denominator: ReadonlyArray<number>): Spread =>
  spreadOf(numerator.map((value, round) => value / (denominator[round] ?? Number.NaN)))
