import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ClerkHttp, SessionTokens, SigningKeys, type SigningKeysService } from "effect-clerk"
import { type Key, Tag } from "#test/context.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { keySet, keysNamed, look } from "../support/keySets.js"
import { stage } from "../support/scriptedCalls.js"
import { ours, theirs } from "../support/tokenKeys.js"
import { kid, now, otherKid, publicJwk, sessionToken, theirPrivateKey } from "../support/tokens.js"

class First extends Tag("test/FirstKeys")<First, SigningKeysService>() {}
class Second extends Tag("test/SecondKeys")<Second, SigningKeysService>() {}

const first = Layer.effect(First, SigningKeys)
const second = Layer.effect(Second, SigningKeys)

const through =
  <I>(tag: Key<I, SigningKeysService>) =>
  <A, E, R>(self: Effect.Effect<A, E, R>) =>
    Effect.provideServiceEffect(self, SigningKeys, tag)

type Http = Layer.Layer<ClerkHttp>

const apart = (a: Http, b: Http): Layer.Layer<First | Second> =>
  Layer.merge(
    Layer.provide(first, Layer.provide(SigningKeys.layerJwks, a)),
    Layer.provide(second, Layer.provide(SigningKeys.layerJwks, b))
  )

/** The ways to give one layer of keys to two clients in one program. */
const ways: ReadonlyArray<readonly [string, (a: Http, b: Http) => Layer.Layer<First | Second>]> = [
  ["each over its client", apart],
  [
    "and each its client after that",
    (a, b) =>
      Layer.merge(
        first.pipe(Layer.provide(SigningKeys.layerJwks), Layer.provide(a)),
        second.pipe(Layer.provide(SigningKeys.layerJwks), Layer.provide(b))
      )
  ],
  [
    "one after the other",
    (a, b) =>
      first.pipe(
        Layer.provide(SigningKeys.layerJwks),
        Layer.provide(a),
        Layer.provideMerge(second.pipe(Layer.provide(SigningKeys.layerJwks), Layer.provide(b)))
      )
  ],
  [
    "and kept beside it",
    (a, b) =>
      Layer.merge(
        Layer.provide(Layer.provideMerge(first, SigningKeys.layerJwks), a),
        Layer.provide(second, Layer.provide(SigningKeys.layerJwks, b))
      )
  ]
]

/** The set of an instance, with the key of the other under its own id. */
const ourSet = keySet(publicJwk(ours, kid))
const theirSet = keySet(publicJwk(theirs, otherKid))

const reasonFor = (token: string) =>
  SessionTokens.verify(token).pipe(
    Effect.as("accepted"),
    Effect.match({
      onSuccess: (found) => found,
      onFailure: (error) => `${error._tag} ${"reason" in error ? error.reason : ""}`
    })
  )

const ourToken = sessionToken()
const theirToken = sessionToken({}, { kid: otherKid }, theirPrivateKey)

describe("two instances in one process do not share keys, when the layer is provided twice", () => {
  it.effect.each(ways)("%s", ([, build]) => {
    const a = stage({ turns: [ourSet] })
    const b = stage({ turns: [theirSet] })
    return Effect.gen(function* () {
      yield* TestClock.setTime(now * 1000)
      for (let round = 0; round < 2; round++) {
        expect(yield* through(First)(reasonFor(ourToken))).toBe("accepted")
        expect(yield* through(Second)(reasonFor(ourToken))).toBe("ClerkTokenError unknown-key")
        expect(yield* through(Second)(reasonFor(theirToken))).toBe("accepted")
        expect(yield* through(First)(reasonFor(theirToken))).toBe("ClerkTokenError unknown-key")
      }
      expect([a.times.length, b.times.length]).toEqual([1, 1])
    }).pipe(Effect.provide(build(a.layer, b.layer)))
  })
})

describe("two instances in one process", () => {
  it.effect("do not share keys even if these have the same id", () => {
    const a = stage({ turns: [ourSet] })
    const b = stage({ turns: [keySet(publicJwk(theirs, kid))] })
    return Effect.gen(function* () {
      yield* TestClock.setTime(now * 1000)
      const forged = sessionToken({}, {}, theirPrivateKey)
      expect([
        yield* through(First)(reasonFor(ourToken)),
        yield* through(First)(reasonFor(forged)),
        yield* through(Second)(reasonFor(ourToken)),
        yield* through(Second)(reasonFor(forged))
      ]).toEqual(["accepted", "ClerkTokenError signature", "ClerkTokenError signature", "accepted"])
    }).pipe(Effect.provide(apart(a.layer, b.layer)))
  })

  it.effect("share neither unknown key ids nor the pauses between requests", () => {
    const a = stage({ turns: [keySet()] })
    const b = stage({ turns: [keysNamed("ins_1")] })
    const over = (client: Http) => Effect.provide(Layer.provide(SigningKeys.layerJwks, client))
    return Effect.gen(function* () {
      expect(yield* over(a.layer)(look("ins_1"))).toBe("empty")
      expect(yield* over(b.layer)(look("ins_1"))).toBe("found")
    })
  })
})

describe("one client", () => {
  it.effect("has one set of keys, also when they are provided several times", () => {
    const { layer, times } = stage({ turns: [keysNamed("ins_1")] })
    return Effect.gen(function* () {
      const here = Effect.provide(SigningKeys.layerJwks)
      expect(yield* here(look("ins_1"))).toBe("found")
      expect(yield* here(look("ins_1"))).toBe("found")
      expect(yield* Effect.provide(look("ins_1"), Layer.fresh(SigningKeys.layerJwks))).toBe("found")
      const merged = Layer.merge(
        Layer.provide(first, SigningKeys.layerJwks),
        Layer.provide(second, SigningKeys.layerJwks)
      )
      const both = Effect.all([through(First)(look("ins_1")), through(Second)(look("ins_1"))])
      expect(yield* Effect.provide(both, merged)).toEqual(["found", "found"])
      expect(times).toHaveLength(1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("that is built twice has two sets", () => {
    const { layer, times } = stage({ turns: [keysNamed("ins_1")] })
    const once = Effect.provide(look("ins_1"), Layer.provide(SigningKeys.layerJwks, Layer.fresh(layer)))
    return Effect.gen(function* () {
      expect([yield* once, yield* once]).toEqual(["found", "found"])
      expect(times).toHaveLength(2)
    })
  })
})
