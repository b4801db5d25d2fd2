import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { ClerkHttp } from "effect-clerk"
import { SignOutEverywhere } from "effect-clerk/bulk"
import { ClerkEmulator, DEFAULT_SECRET_KEY, type SeedSession } from "effect-clerk/testing"
import { layerMemory } from "#major/workflowEngine.js"
import { fork, poll } from "#test/fiber.js"
import * as TestClock from "#test/TestClock.js"

/** The ids of users, in the order of the source. */
export const userIds = (count: number) => Array.from({ length: count }, (_, at) => `user_${at}`)

const statuses = ["active", "pending", "ended", "active", "revoked"] as const

/** Users of whom each has `each` sessions that are a day old, most of them open. */
export const seedOf = (
  users: ReadonlyArray<string>,
  each: number,
  more: ReadonlyArray<SeedSession> = []
) => ({
  users: users.map((id) => ({ id })),
  sessions: [
    ...users.flatMap((userId) =>
      Array.from(
        { length: each },
        (_, at): SeedSession => ({
          id: `${userId.replace("user", "sess")}_${at}`,
          userId,
          createdAgo: "1 day",
          status: statuses[at % statuses.length] ?? "active"
        })
      )
    ),
    ...more
  ]
})

/** Reads the users from an array. Notes the cursors that it was given. */
export const sourceOf =
  (users: ReadonlyArray<string>, size: number, cursors: Array<string | undefined> = []) =>
  (cursor?: string) =>
    Effect.sync((): SignOutEverywhere.UserPage => {
      cursors.push(cursor)
      const at = Number(cursor ?? 0)
      const page = users.slice(at, at + size)
      return at + size < users.length ? { users: page, next: String(at + size) } : { users: page }
    })

/** A client in the process of the emulator. */
export const Client = ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY }).pipe(
  Layer.provide(ClerkEmulator.layerHttpClient)
)

/** An emulator with a client. */
export const clerkWith = (seed: ReturnType<typeof seedOf>) =>
  Layer.provideMerge(Client, ClerkEmulator.layer({ seed }))

/** An emulator, its client, an engine in memory and a worker. */
export const workerWith = <E>(
  seed: ReturnType<typeof seedOf>,
  options: SignOutEverywhere.LayerOptions<E, never>
) =>
  SignOutEverywhere.layer(options).pipe(Layer.provideMerge(layerMemory), Layer.provideMerge(clerkWith(seed)))

export const noon = Date.UTC(2026, 0, 15, 12)

/** Runs a scenario at noon, with layers of its own. */
export const atNoon =
  <I, E>(layer: Layer.Layer<I, E>) =>
  <A, E2, R>(scenario: Effect.Effect<A, E2, R>) =>
    Effect.andThen(TestClock.setTime(noon), Effect.provide(scenario, Layer.fresh(layer)))

export const openSessions = Effect.gen(function* () {
  const clerk = yield* ClerkEmulator
  return (yield* clerk.sessions)
    .filter(({ status }) => status === "active" || status === "pending")
    .map(({ id }) => id)
    .sort()
})

/** Waits for an effect, and advances the time of the test until it ends. */
export const inTime = <A, E, R>(self: Effect.Effect<A, E, R>, step: "1 second" | "10 minutes" = "1 second") =>
  Effect.gen(function* () {
    const fiber = yield* fork(Effect.exit(self))
    while (true) {
      const exit = yield* poll(fiber)
      if (Option.isSome(exit)) return yield* yield* exit.value
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))
      yield* TestClock.adjust(step)
    }
  })

/** The progress of a job at its end. */
export const ended = (job: string, step?: "10 minutes") =>
  inTime(
    Effect.gen(function* () {
      while (true) {
        const progress = yield* SignOutEverywhere.progress(job)
        if (progress.status === "done" || progress.status === "stopped") return progress
        yield* Effect.sleep("1 second")
      }
    }),
    step
  )

/** Prepares error responses of Clerk, for the next requests of an operation. */
export const respondNext = (
  operation: "Sessions.list" | "Sessions.revoke" | "Users.setPasswordCompromised",
  ...statuses: ReadonlyArray<number>
) =>
  Effect.flatMap(ClerkEmulator, (clerk) =>
    Effect.forEach(
      statuses,
      (status) =>
        clerk.respondNext({
          operation,
          status,
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ errors: [{ code: "prepared", message: "prepared" }] })
        }),
      { discard: true }
    )
  )

/** The operations that the emulator has received, with the user or the session of each. */
export const requested = Effect.flatMap(ClerkEmulator, (clerk) =>
  Effect.map(clerk.requests, (requests) =>
    requests.map(({ operation, path, query }) => `${operation} ${query["user_id"] ?? path[1]}`)
  )
)
