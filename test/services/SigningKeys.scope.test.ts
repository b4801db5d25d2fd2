import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { SigningKeys } from "effect-clerk"
import { fork } from "#test/fiber.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { isInterruptedOnly } from "../support/exits.js"
import { heldBack, keysNamed, look, pause } from "../support/keySets.js"
import { stage } from "../support/scriptedCalls.js"

/** The keys of the provided client, in a scope. */
const heldBy = (scope: Scope.Scope) =>
  Effect.map(Layer.buildWithScope(SigningKeys.layerJwks, scope), (keys) => Effect.provide(keys))

describe("when the scope of the keys is closed", () => {
  it.effect("a caller in the scope is interrupted, and the request is given up", () =>
    Effect.gen(function* () {
      const { client, requests } = yield* heldBack
      yield* Effect.gen(function* () {
        const scope = yield* Scope.make()
        const withKeys = yield* heldBy(scope)
        const fibers = yield* Effect.replicateEffect(Effect.forkIn(withKeys(look("ins_1")), scope), 10)
        yield* pause
        expect(requests).toEqual({ made: 1, givenUp: 0 })
        yield* Scope.close(scope, Exit.void)
        const exits = yield* Effect.forEach(fibers, Fiber.await)
        expect(exits.map(isInterruptedOnly)).toEqual(fibers.map(() => true))
        yield* pause
        expect(requests).toEqual({ made: 1, givenUp: 1 })
      }).pipe(Effect.provide(client))
    })
  )

  it.effect("a caller outside of the scope is not interrupted, and gets the result", () =>
    Effect.gen(function* () {
      const { answer, client, requests } = yield* heldBack
      yield* Effect.gen(function* () {
        const scope = yield* Scope.make()
        const withKeys = yield* heldBy(scope)
        const outside = yield* fork(withKeys(look("ins_1")))
        yield* pause
        yield* Scope.close(scope, Exit.void)
        yield* Deferred.succeed(answer, keysNamed("ins_1"))
        expect(yield* Fiber.join(outside)).toBe("found")
        expect(yield* withKeys(look("ins_1"))).toBe("found")
      }).pipe(Effect.provide(client))
      expect(requests).toEqual({ made: 1, givenUp: 0 })
    })
  )

  /** A Clerk with a key at first, which then stops responding. */
  const fallingSilent = () => {
    const given = { up: 0 }
    const silence = Effect.onInterrupt(Effect.never, () =>
      Effect.sync(() => {
        given.up++
      })
    )
    return { given, ...stage({ turns: [keysNamed("ins_1"), silence] }) }
  }

  /** Starts a request that continues for later callers. */
  const leaveOneBehind = Effect.gen(function* () {
    yield* look("ins_1")
    yield* TestClock.adjust("10 minutes")
    const fiber = yield* fork(look("ins_1"))
    yield* TestClock.adjust("1 second")
    expect(yield* Fiber.join(fiber)).toBe("found")
  })

  it.effect("a request without a waiting caller is given up, and another one is not made at once", () => {
    const { given, layer, times } = fallingSilent()
    return Effect.gen(function* () {
      const first = yield* Scope.make()
      yield* leaveOneBehind.pipe(yield* heldBy(first))
      expect(given.up).toBe(0)
      yield* Scope.close(first, Exit.void)
      expect(given.up).toBe(1)

      const withKeys = yield* heldBy(yield* Effect.scope)
      expect(yield* withKeys(look("ins_1"))).toBe("found")
      expect(yield* withKeys(look("ins_2"))).toBe("unreachable")
      expect(times).toHaveLength(2)
      yield* TestClock.adjust("30 seconds")
      const fiber = yield* fork(withKeys(look("ins_1")))
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(fiber)).toBe("found")
      expect(times).toHaveLength(3)
    }).pipe(Effect.provide(layer), Effect.scoped)
  })

  it.effect("a request goes on while another scope holds the keys of the same client", () => {
    const { given, layer } = fallingSilent()
    return Effect.gen(function* () {
      const first = yield* Scope.make()
      const second = yield* Scope.make()
      const withKeys = yield* heldBy(first)
      yield* heldBy(second)
      yield* leaveOneBehind.pipe(withKeys)
      yield* Scope.close(first, Exit.void)
      expect(given.up).toBe(0)
      yield* Scope.close(second, Exit.void)
      expect(given.up).toBe(1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("a verifier that outlives the scope still has its keys, and can fetch new ones", () => {
    const { layer, times } = stage({ turns: [keysNamed("ins_1"), keysNamed("ins_1", "ins_2")] })
    return Effect.gen(function* () {
      const keys = yield* Effect.provide(SigningKeys, SigningKeys.layerJwks)
      const lookThere = (kid: string) => Effect.provideService(look(kid), SigningKeys, keys)
      expect(yield* lookThere("ins_1")).toBe("found")
      yield* TestClock.adjust("10 minutes")
      expect([yield* lookThere("ins_2"), yield* lookThere("ins_1")]).toEqual(["found", "found"])
      expect(times).toHaveLength(2)
    }).pipe(Effect.provide(layer))
  })
})
