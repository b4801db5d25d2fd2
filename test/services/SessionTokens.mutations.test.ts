import * as Effect from "effect/Effect"
import { SessionTokens } from "effect-clerk"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { onlyErrorOf } from "../support/exits.js"
import { SeededRandom } from "../support/random.js"
import { type Mutation, mutationsOf } from "../support/tokenMutations.js"
import { now, ourKeys, sessionToken } from "../support/tokens.js"

/** TOKEN_SEED replays the same mutations. TOKEN_MUTATIONS is their number. */
const seed = Number(process.env["TOKEN_SEED"] ?? Date.now() % 2 ** 31)
const count = Number(process.env["TOKEN_MUTATIONS"] ?? 20_000)

const tokens = Array.from({ length: 50 }, (_, number) =>
  sessionToken(
    {
      sid: `sess_${number}`,
      exp: now + 60 + number,
      ...(number % 2 === 0
        ? {}
        : { fea: "o:teams", o: { id: "org_1", rol: "admin", per: "read", fpm: "1" } }),
      ...(number % 3 === 0 ? { act: { sub: "user_2" } } : {}),
      ...(number % 5 === 0
        ? { v: undefined, org_id: "org_2", org_role: "org:member", org_permissions: [] }
        : {})
    },
    // Of differing lengths, so that every part ends in every kind of character.
    { oiat: 10 ** (number % 4) }
  )
)

describe(`mutated tokens (${count} from TOKEN_SEED=${seed})`, () => {
  for (const [name, options] of [
    ["by a verifier", {}],
    ["by a verifier that has all valid tokens in its cache", { cache: { capacity: 50 } }]
  ] as const) {
    it.effect(
      `are all rejected with a reason ${name}`,
      () =>
        Effect.gen(function* () {
          yield* TestClock.setTime(now * 1000)
          const verify = yield* SessionTokens.verifier(options)
          yield* Effect.forEach(tokens, verify)
          const next = mutationsOf(tokens, new SeededRandom(seed))
          const reasons = new Map<string, number>()
          const wrong: Array<Mutation> = []
          yield* Effect.forEach(
            Array.from({ length: count / 2 }, next),
            (mutation) =>
              Effect.map(Effect.exit(verify(mutation.token)), (exit) => {
                const error = onlyErrorOf(exit)
                if (error?._tag === "ClerkTokenError") {
                  reasons.set(error.reason, (reasons.get(error.reason) ?? 0) + 1)
                } else wrong.push(mutation)
              }),
            { concurrency: 32, discard: true }
          )
          expect(wrong.slice(0, 5)).toEqual([])
          // Enough mutations reached the signature check, and no claim was read.
          const seen = [...reasons.keys()]
          const before = ["alg", "category", "format", "header", "signature", "typ", "unknown-key"]
          expect(seen.filter((reason) => !before.includes(reason))).toEqual([])
          expect(reasons.get("signature")).toBeGreaterThan(count / 10)
        }).pipe(Effect.provide(ourKeys)),
      60_000 + count
    )
  }

  it("are the same for the same seed", () => {
    const some = (from: number) => Array.from({ length: 200 }, mutationsOf(tokens, new SeededRandom(from)))
    expect(some(seed)).toEqual(some(seed))
    expect(some(seed)).not.toEqual(some(seed + 1))
  })

  it("include every kind of damage", () => {
    const names = new Set(
      Array.from({ length: 5_000 }, mutationsOf(tokens, new SeededRandom(seed))).map(({ name }) => name)
    )
    expect(names.size).toBe(21)
  })
})
