/**
 * The worker, a process of its own. It starts the job, or goes on with the job that it finds in the database. It prints
 * the progress as JSON, one line for each look.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Config, Console, DateTime, Effect, Layer, Stream } from "effect"
import { ClerkHttp } from "effect-clerk"
import { SignOutEverywhere } from "effect-clerk/bulk"
import { engineIn } from "./engine.js"
import { type Line, userId } from "./shared.js"

const job = "incident"

/** The users in the order of their ids, some at a time. Yours come from your database, 500 at a time. */
const sourceOf =
  (count: number, size: number) =>
  (cursor = "0") =>
    Effect.sync((): SignOutEverywhere.UserPage => {
      const from = Number(cursor)
      const to = Math.min(from + size, count)
      const users = Array.from({ length: to - from }, (_, at) => userId(from + at))
      return to < count ? { users, next: String(to) } : { users }
    })

const lineOf = ({ cutoff, failed, status, users }: SignOutEverywhere.Progress): Line => ({
  status,
  users,
  failed,
  ...(cutoff === undefined ? {} : { cutoff: DateTime.toEpochMillis(cutoff) })
})

const main = Effect.gen(function* () {
  const count = yield* Config.integer("USERS")
  const file = yield* Config.string("DATABASE")
  // Small, so that a short run shows many steps. The default is 100.
  const chunk = Math.max(1, Math.round(count / 100))
  const Worker = SignOutEverywhere.layer({ source: sourceOf(count, chunk * 5), chunk }).pipe(
    Layer.provide(ClerkHttp.layerDefault),
    Layer.provideMerge(engineIn(file))
  )
  yield* Effect.gen(function* () {
    yield* SignOutEverywhere.start({ job })
    yield* Stream.runForEach(SignOutEverywhere.watch(job, { every: "200 millis" }), (progress) =>
      Console.log(JSON.stringify(lineOf(progress)))
    )
  }).pipe(Effect.provide(Worker))
})

NodeRuntime.runMain(main)
