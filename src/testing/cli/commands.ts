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
    does: "returns all data and the requests so far",
    run: ({ clerk }) => {
      const { issuer, publicKeyPem, publishableKey } = clerk
      return Effect.map(clerk.state, (state) => ({
        instance: { publishableKey, issuer, publicKeyPem },
        ...state
      }))
    }
  },
  "sign-in": command(
    "signs in the user userId, and creates the user if needed. Returns session, sessionToken, refreshToken and origin",
    Schema.Struct({ userId: IdText, ...Schemas.signInFields }),
    ({ clerk }, { userId, ...options }) =>
      Effect.gen(function* () {
        const users = yield* clerk.users
        if (!users.some(({ id }) => id === userId)) yield* clerk.createUser({ id: userId })
        return yield* clerk.signIn(userId, options)
      })
  ),
  "update-session": command(
    "changes fields of the session sessionId: status, expireAt, abandonAt, lastActiveAt, lastActiveOrganizationId, latestActivity, actor, tasks",
    Schema.Struct({ sessionId: Schema.String, ...Schemas.patchFields }),
    ({ clerk }, { sessionId, ...patch }) => clerk.updateSession(sessionId, patch)
  ),
  "mint-token": command(
    "returns a token, valid or not, from sessionId, template, claims, header, sign or payload",
    Schemas.MintToken,
    ({ clerk }, options) => Effect.map(clerk.mintToken(options), (token) => ({ token }))
  ),
  "rotate-key": command(
    "signs with a new key from now on. The key set keeps the two previous keys, unless removePrevious is true",
    Schemas.RotateKey,
    ({ clerk }, options) => Effect.map(clerk.rotateKey(options), (kid) => ({ kid }))
  ),
  "respond-next": command(
    "sends status, headers and body to the next request, or to the next one of operation",
    Schemas.RespondNextJson,
    ({ clerk }, { body, headers, ...rest }) => {
      const text = bodyOf(body)
      return clerk.respondNext({ ...rest, body: text.body, headers: { ...text.headers, ...headers } })
    }
  ),
  "fail-next": command(
    "breaks the connection of the next request, or of the next one of operation. fault is reset, response-lost or no-response",
    Schemas.FailNext,
    ({ clerk }, options) => clerk.failNext(options)
  ),
  latency: command(
    "delays all requests, or those of operation, by duration. 0 ends the delay",
    Schemas.Latency,
    ({ clerk }, { duration, operation }) => clerk.setLatency(duration, operation)
  ),
  advance: command(
    "moves the clock forward by the duration by, so that sessions and tokens expire",
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
  seed: command(
    "adds the users, organizations, templates and sessions of a seed",
    Schema.Unknown,
    ({ clerk }, data) => Effect.orDie(Effect.mapError(clerk.seed(data), ({ message }) => usageError(message)))
  ),
  reset: command(
    "removes everything except the keys, sets the clock to the current time, and loads the first seed",
    EmptyObject,
    ({ clerk, clock }) => Effect.andThen(clock.reset, clerk.reset)
  )
}
