/** A small generator of random numbers from 0 to 1 that is deterministic for a seed (mulberry32). */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Random whole numbers that follow from a seed. */
export class SeededRandom {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = seeded(seed)
  }

  /** Returns a whole number from 0 to below the limit. */
  integer(limit: number): number {
    return Math.floor(this.#next() * limit)
  }
}
