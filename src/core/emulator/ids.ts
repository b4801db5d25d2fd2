/** Returns a random whole number from 0 to 2^32 - 1. */
export type Random = () => number

/** The time and the randomness of one step of the emulator. */
export interface Moment {
  /** Epoch milliseconds. */
  readonly now: number
  readonly random: Random
}

/** The generator sfc32: the same three seeds give the same numbers. */
export const makeRandom = (first: number, second: number, third: number): Random => {
  let [a, b, c, counter] = [first, second, third, 1]
  const next = () => {
    const sum = (a + b + counter++) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let round = 0; round < 12; round++) next() // mixes the seeds
  return next
}

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const ksuidEpochSeconds = 1_400_000_000

/** Makes an id as Clerk does, with a KSUID: 4 bytes of time and 16 random ones as 27 base62 digits. They sort by time. */
export const makeId = (prefix: string, { now, random }: Moment): string => {
  const seconds = Math.floor(now / 1000)
  let rest = BigInt(Math.max(0, seconds - ksuidEpochSeconds) % 2 ** 32)
  for (let i = 0; i < 4; i++) rest = (rest << 32n) | BigInt(random())
  let text = ""
  for (let i = 0; i < 27; i++) {
    text = alphabet.charAt(Number(rest % 62n)) + text
    rest /= 62n
  }
  return `${prefix}_${text}`
}

/** Makes a random number of `words` times 32 bits, in hexadecimal digits. */
export const randomHex = (words: number, random: Random): string =>
  Array.from({ length: words }, () => random().toString(16).padStart(8, "0")).join("")
