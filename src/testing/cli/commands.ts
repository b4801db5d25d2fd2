import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Codec } from "#major/schemas.js"
import { isRecord } from "../../core/input.js"
import { IdText } from "../../schema/Ids.js"
import { EmulatorUsageError } from "../emulator/methods.js"
import * as Schemas from "../emulator/schemas.js"
import type { ClerkEmulatorService } from "../emulator/service.js"
import { checker, PlainDuration, sentenceOf } from "../input.js"
import type { MovableClock } from "./movableClock.js"

export interface Controlled {
  readonly clerk: ClerkEmulatorService
  readonly clock: Pick<MovableClock, "advance" | "reset">
}

export interface Command {
  readonly method: "GET" | "POST"
  /** For the list of commands. */
  readonly does: string
  /** Dies with an `EmulatorUsageError` on an invalid input. */
  readonly run: (controlled: Controlled, input: unknown) => Effect.Effect<unknown>
}

const usageError = (sentence: string) => new EmulatorUsageError(400, sentence)

const command = <A, I>(
  does: string,
  schema: Codec<A, I>,
  run: (controlled: Controlled, input: A) => Effect.Effect<unknown>
): Command => {
  const check = checker(schema, (issues) => usageError(sentenceOf(issues, "the body")))
  return {
    method: "POST",
    does,
    run: (controlled, input) => Effect.suspend(() => run(controlled, check(input)))
  }
}

// `Schema.Struct({})` accepts any value.
const EmptyObject = Schema.declare(
  (value: unknown): value is object => isRecord(value) && Object.keys(value).length === 0,
  { description: "an empty object" }
)

/** The last millisecond of the year 9999. Some dates after it have no ISO form. */
const lastTime = Date.UTC(10_000, 0) - 1

/** Text is sent as it is, any other JSON as JSON text with its content type. */
const bodyOf = (body: unknown) =>
  typeof body === "string" || body === undefined
    ? { body, headers: {} }
    : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }

export const commands: Readonly<Record<string, Command>> = {
  state: {
    method: "GET",
    does: "returns all data: users, organizations, templates, sessions, keys, requests",
    run: ({ clerk }) => {
      const { issuer, publicKeyPem, publishableKey } = clerk
      return Effect.map(clerk.state, (state) => ({
        instance: { publishableKey, issuer, publicKeyPem },
        ...state
      }))
    }
  },
  "sign-in": command(
    "signs in userId, and creates the user if needed; returns session, sessionToken, refreshToken, origin",
    Schema.Struct({ userId: IdText, ...Schemas.signInFields }),
    ({ clerk }, { userId, ...options }) =>
      Effect.gen(function* () {
        const users = yield* clerk.users
        if (!users.some(({ id }) => id === userId)) yield* clerk.createUser({ id: userId })
        return yield* clerk.signIn(userId, options)
      })
  ),
  "update-session": command(
    "changes fields of sessionId",
    Schema.Struct({ sessionId: Schema.String, ...Schemas.patchFields }),
    ({ clerk }, { sessionId, ...patch }) => clerk.updateSession(sessionId, patch)
  ),
  "mint-token": command(
    "returns any token, valid or not: sessionId, template, claims, header, sign, payload",
    Schemas.MintToken,
    ({ clerk }, options) => Effect.map(clerk.mintToken(options), (token) => ({ token }))
  ),
  "rotate-key": command(
    "signs with a new key from now on and keeps the two previous ones; removePrevious removes them",
    Schemas.RotateKey,
    ({ clerk }, options) => Effect.map(clerk.rotateKey(options), (kid) => ({ kid }))
  ),
  "respond-next": command(
    "responds to the next request (of operation, if given) with status, headers, body",
    Schemas.RespondNextJson,
    ({ clerk }, { body, headers, ...rest }) => {
      const text = bodyOf(body)
      return clerk.respondNext({ ...rest, body: text.body, headers: { ...text.headers, ...headers } })
    }
  ),
  "fail-next": command(
    "breaks the connection of the next request (of operation, if given): fault is reset, response-lost or no-response",
    Schemas.FailNext,
    ({ clerk }, options) => clerk.failNext(options)
  ),
  latency: command(
    "delays each request (of operation, if given) by duration",
    Schemas.Latency,
    ({ clerk }, { duration, operation }) => clerk.setLatency(duration, operation)
  ),
  advance: command(
    "moves the clock forward by a duration, so that sessions and tokens expire",
    Schema.Struct({ by: PlainDuration }),
    ({ clock }, { by }) =>
      Effect.gen(function* () {
        if ((yield* Clock.currentTimeMillis) + Duration.toMillis(by) > lastTime) {
          return yield* Effect.die(usageError("by must not move the clock beyond the year 9999"))
        }
        yield* clock.advance(by)
        return { now: yield* Clock.currentTimeMillis }
      })
  ),
  seed: command("adds the records of a seed", Schema.Unknown, ({ clerk }, data) =>
    Effect.orDie(Effect.mapError(clerk.seed(data), ({ message }) => usageError(message)))
  ),
  reset: command(
    "removes everything but the keys, sets the clock to the current time, and stores the seed of the start",
    EmptyObject,
    ({ clerk, clock }) => Effect.andThen(clock.reset, clerk.reset)
  )
}
