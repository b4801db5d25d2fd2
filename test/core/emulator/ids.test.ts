import { describe, expect, it } from "vitest"
import { makeId, makeRandom, randomHex } from "../../../src/core/emulator/ids.js"

const now = 1_750_000_000_000

describe("makeRandom", () => {
  it("returns the numbers of the published generator", () => {
    // The first numbers of sfc32 for the state (1, 2, 3, 1), after the 12 rounds that mix it.
    const random = makeRandom(1, 2, 3)
    expect(Array.from({ length: 4 }, random)).toEqual(reference(1, 2, 3, 4))
  })

  it("returns other numbers for another seed in any place", () => {
    const texts = [
      [1, 2, 3],
      [4, 2, 3],
      [1, 4, 3],
      [1, 2, 4],
      [0, 0, 0]
    ].map(([a = 0, b = 0, c = 0]) => randomHex(4, makeRandom(a, b, c)))
    expect(new Set(texts).size).toBe(texts.length)
    for (const text of texts) expect(text).toMatch(/^[0-9a-f]{32}$/)
  })
})

/** The generator in 64-bit arithmetic, without the tricks of 32-bit operators. */
const reference = (first: number, second: number, third: number, length: number) => {
  const mask = 0xffff_ffffn
  let [a, b, c, d] = [BigInt(first), BigInt(second), BigInt(third), 1n]
  return Array.from({ length: 12 + length }, () => {
    const sum = (a + b + d) & mask
    d = (d + 1n) & mask
    a = b ^ (b >> 9n)
    b = (c + (c << 3n)) & mask
    c = ((((c << 21n) | (c >> 11n)) & mask) + sum) & mask
    return Number(sum)
  }).slice(12)
}

describe("makeId", () => {
  it("makes the same id from the same moment, and another one from other random numbers", () => {
    const id = (seed: number) => makeId("sess", { now, random: makeRandom(seed, 0, 0) })
    expect(id(1)).toMatch(/^sess_[0-9A-Za-z]{27}$/)
    expect(id(1)).toBe(id(1))
    expect(id(1)).not.toBe(id(2))
  })

  it("makes ids that sort by time", () => {
    const random = makeRandom(1, 2, 3)
    const ids = [now, now + 1_000, now + 86_400_000].map((now) => makeId("user", { now, random }))
    expect([...ids].sort()).toEqual(ids)
  })

  it("makes an id at a time before the epoch of the ids", () => {
    expect(makeId("user", { now: 0, random: makeRandom(1, 2, 3) })).toMatch(/^user_0{5}[0-9A-Za-z]{22}$/)
  })
})
