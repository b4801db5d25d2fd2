import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const ksuidEpochSeconds = 1_400_000_000

const word = Random.nextIntBetween(0, 2 ** 32)

/** Clerk's ids end in a KSUID: 4 bytes of time and 16 of chance as 27 base62 digits, so they sort by time. */
const ksuid = Effect.gen(function* () {
  const seconds = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  let rest = BigInt(Math.max(0, seconds - ksuidEpochSeconds) % 2 ** 32)
  for (let i = 0; i < 4; i++) rest = (rest << 32n) | BigInt(yield* word)
  let text = ""
  for (let i = 0; i < 27; i++) {
    text = alphabet.charAt(Number(rest % 62n)) + text
    rest /= 62n
  }
  return text
})

export const make = (prefix: string): Effect.Effect<string> => Effect.map(ksuid, (id) => `${prefix}_${id}`)

export const hex = (words: number): Effect.Effect<string> =>
  Effect.map(Effect.replicateEffect(word, words), (drawn) =>
    drawn.map((value) => value.toString(16).padStart(8, "0")).join("")
  )
