import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { IdText } from "../../schema/Ids.js"
import { EmulatorUsageError } from "../emulator/methods.js"
import * as Schemas from "../emulator/schemas.js"
import type { EmulatorSeedError } from "../emulator/seed.js"
import type { ClerkEmulatorService } from "../emulator/service.js"
import { type InputIssue, PlainDuration, reader } from "../input.js"
import type { MovableClock } from "./movableClock.js"

export interface Controlled {
  readonly clerk: ClerkEmulatorService
  readonly clock: Pick<MovableClock, "advance" | "reset">
}

export interface Command {
  readonly method: "GET" | "POST"
  /** For the list of commands. */
  readonly does: string
  readonly run: (
    controlled: Controlled,
    input: unknown
  ) => Effect.Effect<unknown, ReadonlyArray<InputIssue> | EmulatorSeedError>
}

const command = <A, I>(
  does: string,
  schema: Schema.Schema<A, I>,
  run: (controlled: Controlled, input: A) => Effect.Effect<unknown, EmulatorSeedError>
): Command => {
  const read = reader(schema)
  return {
    method: "POST",
    does,
    run: (controlled, input) => Effect.flatMap(read(input), (decoded) => run(controlled, decoded))
  }
}

const SignIn = Schema.extend(Schema.Struct({ userId: IdText }), Schemas.SignIn)

const UpdateSession = Schema.extend(Schema.Struct({ sessionId: Schema.String }), Schemas.SessionPatch)

// `Schema.Struct({})` takes anything.
const Nothing = Schema.declare(
  (value: unknown): value is object => Predicate.isRecord(value) && Object.keys(value).length === 0,
  { description: "an empty object" }
)

/** The last millisecond of the year 9999: some dates beyond it cannot be written. */
const lastTime = Date.UTC(10_000, 0) - 1

const identity = ({ clerk }: Controlled) => ({
  publishableKey: clerk.publishableKey,
  issuer: clerk.issuer,
  publicKeyPem: clerk.publicKeyPem
})

/** A body is text; any other JSON is sent as its text, declared as what it is. */
const bodyOf = (body: unknown) =>
  typeof body === "string" || body === undefined
    ? { body, headers: {} }
    : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }

export const commands: Readonly<Record<string, Command>> = {
  state: {
    method: "GET",
    does: "tells everything there is: users, organizations, templates, sessions, keys, requests",
    run: (controlled) =>
      Effect.map(controlled.clerk.state, (state) => ({ instance: identity(controlled), ...state }))
  },
  "sign-in": command(
    "signs in userId, who is made if need be; answers session, sessionToken, refreshToken, origin",
    SignIn,
    ({ clerk }, { userId, ...options }) =>
      Effect.gen(function* () {
        const users = yield* clerk.users
        if (!users.some(({ id }) => id === userId)) yield* clerk.createUser({ id: userId })
        return yield* clerk.signIn(userId, options)
      })
  ),
  "update-session": command(
    "changes fields of sessionId",
    UpdateSession,
    ({ clerk }, { sessionId, ...patch }) => clerk.updateSession(sessionId, patch)
  ),
  "mint-token": command(
    "answers any token, right or wrong: sessionId, template, claims, header, sign, payload",
    Schemas.MintToken,
    ({ clerk }, options) => Effect.map(clerk.mintToken(options), (token) => ({ token }))
  ),
  "rotate-key": command(
    "signs with a new key from now on and keeps the two previous ones; removePrevious removes them",
    Schemas.RotateKey,
    ({ clerk }, options) => Effect.map(clerk.rotateKey(options), (kid) => ({ kid }))
  ),
  "respond-next": command(
    "answers the next request with status, headers, body; of one operation, if it is given",
    Schemas.RespondNextJson,
    ({ clerk }, { body, headers, ...rest }) => {
      const text = bodyOf(body)
      return clerk.respondNext({ ...rest, body: text.body, headers: { ...text.headers, ...headers } })
    }
  ),
  "fail-next": command(
    "breaks the connection of the next request: fault is reset, lost or silence",
    Schemas.FailNext,
    ({ clerk }, options) => clerk.failNext(options)
  ),
  latency: command(
    "makes requests wait for duration; of one operation, if it is given",
    Schemas.Latency,
    ({ clerk }, { duration, operation }) => clerk.setLatency(duration, operation)
  ),
  advance: command(
    "moves the clock forward by a duration, so that sessions and tokens expire",
    Schema.Struct({ by: PlainDuration }),
    ({ clock }, { by }) =>
      Effect.gen(function* () {
        if ((yield* Clock.currentTimeMillis) + Duration.toMillis(by) > lastTime) {
          return yield* Effect.die(
            new EmulatorUsageError(400, "by must not move the clock beyond the year 9999")
          )
        }
        yield* clock.advance(by)
        return { now: yield* Clock.currentTimeMillis }
      })
  ),
  seed: command("adds what a seed describes", Schema.Unknown, ({ clerk }, data) => clerk.seed(data)),
  reset: command(
    "forgets everything but the keys, sets the clock right, and begins with the seed again",
    Nothing,
    ({ clerk, clock }) => Effect.zipRight(clock.reset, clerk.reset)
  )
}
