/** One process of a fleet that shares revocations over Redis. It reports when it began to reject each session. */
import { parseArgs } from "node:util"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { Revocations, RevocationsRedis } from "effect-clerk/revocations"
import { redisClient } from "#test/redis.js"
import { parent } from "./parent.js"

/** Revokes sessions with a pause after each, or waits until they are rejected. */
export type Work = { readonly _tag: "revoke" | "watch"; readonly ids: ReadonlyArray<string> }

export type Answer =
  | { readonly _tag: "ready" }
  /** The times in milliseconds, on the monotonic clock that all processes of a machine share. */
  | { readonly _tag: "done"; readonly times: ReadonlyArray<number> }

const { values } = parseArgs({
  options: { redis: { type: "string", default: "" }, ahead: { type: "string", default: "0" } }
})

const ahead = Number(values.ahead)
if (ahead !== 0) {
  const { now } = Date
  Date.now = () => now() + ahead
}

const monotonic = () => Number(process.hrtime.bigint()) / 1_000_000

const { onMessage, send } = parent<Work, Answer>()

const program = Effect.gen(function* () {
  const { isRevoked, revoke } = yield* Revocations
  const issuedAt = yield* DateTime.now
  const receive = async ({ _tag, ids }: Work) => {
    const times: Array<number> = []
    for (const sessionId of ids) {
      if (_tag === "revoke") {
        times.push(monotonic())
        await Effect.runPromise(revoke(sessionId))
        await new Promise((resolve) => setTimeout(resolve, 5))
        continue
      }
      while (!isRevoked({ sessionId, userId: "user_1", issuedAt })) {
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      times.push(monotonic())
    }
    send({ _tag: "done", times })
  }
  onMessage((work) => void receive(work))
  send({ _tag: "ready" })
  yield* Effect.never
})

await Effect.runPromise(
  Effect.provide(program, RevocationsRedis.layer({ redis: redisClient(Number(values.redis)) }))
)
