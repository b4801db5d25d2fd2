import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ClerkHttp } from "effect-clerk"
import { SignOutEverywhere } from "effect-clerk/bulk"
import { Engine, Journal } from "#test/cluster.js"
import { assert, describe, it } from "#test/vitest.js"
import { clerkWith, openSessions, requested, seedOf, sourceOf, userIds } from "./support.js"

const users = userIds(40)

/** Clerk does not respond from the given request on. `asked` is done when that request arrives. */
const silentFrom = (number: number) =>
  Effect.map(Deferred.make<void>(), (asked) => {
    let count = 0
    const silenced = Layer.effect(
      ClerkHttp,
      Effect.map(ClerkHttp, ({ execute, ...rest }) => ({
        ...rest,
        execute: (request) => {
          count += 1
          return count < number
            ? execute(request)
            : Effect.andThen(Deferred.succeed(asked, undefined), Effect.never)
        }
      }))
    )
    return { asked: Deferred.await(asked), silenced }
  })

/** A worker with an engine of its own, over the journal that outlives it. */
const worker = (options: SignOutEverywhere.LayerOptions<never, never>) =>
  Layer.fresh(Layer.provideMerge(SignOutEverywhere.layer(options), Engine))

const done = Effect.gen(function* () {
  while (true) {
    const progress = yield* SignOutEverywhere.progress("incident")
    if (progress.status === "done" || progress.status === "stopped") return progress
    yield* Effect.sleep(20)
  }
})

describe("a job whose worker ends before its time", () => {
  it.live("goes on in another worker with the users it had read, and repeats only what was not done", () =>
    Effect.gen(function* () {
      const { asked, silenced } = yield* silentFrom(50)
      const cursors: Array<string | undefined> = []
      yield* Effect.gen(function* () {
        yield* SignOutEverywhere.start({ job: "incident" })
        yield* asked
      }).pipe(
        Effect.provide(Layer.provide(worker({ source: sourceOf(users, 20, cursors), chunk: 2 }), silenced))
      )
      assert.isNotEmpty(yield* openSessions)
      assert.deepStrictEqual(cursors, [undefined, "20"])

      // The database has changed: another user is the first one, and all users move back.
      const later: Array<string | undefined> = []
      const changed = sourceOf(["user_new", ...users], 20, later)
      yield* Effect.gen(function* () {
        assert.deepInclude(yield* done, { status: "done", users: 40, failed: 0 })
      }).pipe(
        Effect.provide(
          // Other sizes of chunks do not change those that are in the journal.
          worker({ source: changed, chunk: 3 })
        )
      )
      assert.deepStrictEqual(later, [])
      assert.deepStrictEqual(yield* openSessions, [])

      const seen = new Set<string>()
      const repeated = (yield* requested).filter((request) => {
        const isRepeated = seen.has(request)
        seen.add(request)
        return isRepeated
      })
      // Three chunks of two users were not done, and no revoke that had succeeded is repeated.
      assert.isAtMost(repeated.length, 6)
      assert.isTrue(repeated.every((request) => request.startsWith("Sessions.list")))
    }).pipe(Effect.provide(Layer.provideMerge(Journal, clerkWith(seedOf(users, 1)))))
  )

  it.live("tells its progress to a process that has no worker", () =>
    Effect.gen(function* () {
      yield* Effect.gen(function* () {
        yield* SignOutEverywhere.start({ job: "incident" })
        assert.deepInclude(yield* done, { status: "done", users: 40 })
      }).pipe(Effect.provide(worker({ source: sourceOf(users, 20), chunk: 2 })))
      const progress = yield* SignOutEverywhere.progress("incident").pipe(Effect.provide(Layer.fresh(Engine)))
      assert.deepInclude(progress, { status: "done", users: 40, failed: 0 })
    }).pipe(Effect.provide(Layer.provideMerge(Journal, clerkWith(seedOf(users, 1)))))
  )
})
