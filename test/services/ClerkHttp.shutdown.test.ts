/** What happens to calls that are in flight when a program ends. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Scope from "effect/Scope"
import { RequestPolicy, Sessions } from "effect-clerk"
import { fork } from "#test/fiber.js"
import { major } from "#test/major.js"
import { describe, expect, it } from "#test/vitest.js"
import { errorOf, interrupted, isInterruptedOnly } from "../support/exits.js"
import { json, type Loopback, loopback } from "../support/loopback.js"
import { transports } from "../support/transports.js"
import { sessionWith } from "../support/wire.js"

/** A server that responds when the test releases it. */
const held = Effect.gen(function* () {
  const release = yield* Deferred.make<void>()
  const server = yield* loopback((response, request) => {
    const id = request.url.split("/").at(-1)
    Effect.runFork(
      Effect.andThen(
        Deferred.await(release),
        Effect.sync(() => json(sessionWith({ id }))(response, request))
      )
    )
  })
  return { server, release: Deferred.succeed(release, undefined) }
})

const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() =>
    condition() ? Effect.void : Effect.andThen(Effect.sleep("5 millis"), until(condition))
  )

const asked = (server: Loopback, times: number) => until(() => server.received.length === times)

const clients = transports.filter(
  ({ transport }) => transport === "fetch" || transport === "effect-clerk/Undici"
)

describe.each(clients)("over $transport", ({ layer, transport }) => {
  it.live("the interruption of a program aborts all its calls, and none is retried", () =>
    Effect.gen(function* () {
      const { server } = yield* held
      const ids = Array.from({ length: 10 }, (_, at) => `sess_${at}`)
      const program = Effect.forEach(ids, Sessions.get, { concurrency: "unbounded" })
      const fiber = yield* fork(
        Effect.provide(program, layer({ apiUrl: server.url, policy: RequestPolicy.standard }))
      )
      yield* asked(server, 10)
      expect(isInterruptedOnly(yield* interrupted(fiber))).toBe(true)
      yield* Effect.timeout(
        until(() => server.open() === 0),
        "10 seconds"
      )
      yield* Effect.sleep("200 millis")
      expect(server.received).toHaveLength(10)
    })
  )

  it.live("the interruption of a program waits for a call that is uninterruptible", () =>
    Effect.gen(function* () {
      const { release, server } = yield* held
      const steps: Array<string> = []
      const call = Effect.tap(Sessions.get("sess_1"), ({ id }) => Effect.sync(() => void steps.push(id)))
      const fiber = yield* fork(
        Effect.provide(
          Effect.uninterruptible(call),
          layer({ apiUrl: server.url, policy: { maxAttempts: 1 } })
        )
      )
      yield* asked(server, 1)
      const ended = yield* fork(
        Effect.tap(interrupted(fiber), () => Effect.sync(() => void steps.push("ended")))
      )
      yield* Effect.sleep("100 millis")
      steps.push("released")
      yield* release
      yield* Fiber.join(ended)
      expect(steps).toEqual(["released", "sess_1", "ended"])
      expect(server.received).toHaveLength(1)
    })
  )

  it.live("the disposal of a runtime ends its calls as the documentation states", () =>
    Effect.gen(function* () {
      const { release, server } = yield* held
      const runtime = ManagedRuntime.make(layer({ apiUrl: server.url, policy: RequestPolicy.standard }))
      const running = runtime.runPromise(Effect.exit(Sessions.get("sess_1"))).then(
        (exit) => (Exit.isSuccess(exit) ? "succeeded" : errorOf(exit)),
        () => "interrupted"
      )
      yield* asked(server, 1)
      yield* Effect.promise(() => runtime.dispose())
      yield* release
      const ended = yield* Effect.promise(() => running)
      if (String(major) === "effect4") expect(ended).toBe("interrupted")
      else if (transport === "fetch") expect(ended).toBe("succeeded")
      else expect(ended).toMatchObject({ _tag: "ClerkTransportError", sent: "maybe", attempts: 1 })
      expect(server.received).toHaveLength(1)
    })
  )

  it.live("a call outlives the scope of its client only where the platform has the connections", () =>
    Effect.gen(function* () {
      const { release, server } = yield* held
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(
        layer({ apiUrl: server.url, policy: RequestPolicy.standard }),
        scope
      )
      const fiber = yield* fork(Effect.provide(Sessions.get("sess_1"), context))
      yield* asked(server, 1)
      yield* Scope.close(scope, Exit.void)
      yield* Effect.sleep("300 millis") // a retry would be sent by then
      yield* release
      const exit = yield* Fiber.await(fiber)
      if (transport === "fetch") expect(Exit.isSuccess(exit)).toBe(true)
      else {
        expect(errorOf(exit)).toMatchObject({ _tag: "ClerkTransportError", sent: "maybe", attempts: 1 })
        yield* Effect.timeout(
          until(() => server.open() === 0),
          "10 seconds"
        )
      }
      expect(server.received).toHaveLength(1)
    })
  )
})
