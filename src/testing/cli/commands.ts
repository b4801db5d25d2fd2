import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { IdText } from "../../schema/Ids.js"
import * as Seed from "../emulator/seed.js"
import type { ClerkEmulatorService } from "../emulator/service.js"
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
  ) => Effect.Effect<unknown, ParseResult.ParseIssue | Seed.EmulatorSeedError>
}

const command = <A, I>(
  does: string,
  schema: Schema.Schema<A, I>,
  run: (controlled: Controlled, input: A) => Effect.Effect<unknown, Seed.EmulatorSeedError>
): Command => {
  const decode = ParseResult.decodeUnknownEither(schema, { errors: "all", onExcessProperty: "error" })
  return {
    method: "POST",
    does,
    run: (controlled, input) => Effect.flatMap(decode(input), (decoded) => run(controlled, decoded))
  }
}

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

const operation = optional(Schema.String)

const minting = {
  origin: optional(Schema.String),
  age: optional(Seed.SeedDurationSchema),
  expiresIn: optional(Seed.SeedDurationSchema),
  version: optional(Schema.Literal(1, 2)),
  claims: optional(Seed.JsonObject),
  header: optional(Seed.JsonObject)
}

const SignIn = Schema.Struct({
  userId: IdText,
  sessionId: optional(IdText),
  clientId: optional(Schema.String),
  organizationId: optional(Schema.String),
  status: optional(Schema.Literal("active", "pending")),
  tasks: optional(Seed.TasksSchema),
  actor: optional(Seed.JsonObject),
  activity: optional(Schema.Struct(Seed.activityFields)),
  ...minting
})

const MintToken = Schema.Struct({
  sessionId: optional(Schema.String),
  template: optional(Schema.String),
  sign: optional(
    Schema.Literal("current-key", "wrong-key", "none", "hs256-with-public-key", "cut", "tampered")
  ),
  payload: optional(Schema.String),
  ...minting
})

const millis = Schema.Int.annotations({ description: "a whole number of milliseconds since 1970" })

const UpdateSession = Schema.Struct({
  sessionId: Schema.String,
  status: optional(Seed.StatusSchema),
  lastActiveOrganizationId: optional(Schema.NullOr(Schema.String)),
  lastActiveAt: optional(millis),
  expireAt: optional(millis),
  abandonAt: optional(millis),
  tasks: optional(Schema.NullOr(Seed.TasksSchema)),
  actor: optional(Schema.NullOr(Seed.JsonObject))
})

const AnswerNext = Schema.Struct({
  status: Schema.Int.pipe(Schema.between(200, 599)).annotations({ description: "a status, 200 to 599" }),
  headers: optional(Schema.Record({ key: Schema.String, value: Schema.String })),
  body: optional(Schema.Unknown),
  operation,
  delay: optional(Seed.SeedDurationSchema)
})

const FailNext = Schema.Struct({
  fault: Schema.Literal("reset", "lost", "silence"),
  operation,
  delay: optional(Seed.SeedDurationSchema)
})

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
    MintToken,
    ({ clerk }, options) => Effect.map(clerk.mintToken(options), (token) => ({ token }))
  ),
  "rotate-key": command(
    "signs with a new key from now on; withdrawOld takes the old ones out of the key set",
    Schema.Struct({ withdrawOld: optional(Schema.Boolean) }),
    ({ clerk }, options) => Effect.map(clerk.rotateKey(options), (kid) => ({ kid }))
  ),
  "answer-next": command(
    "answers the next request with status, headers, body; of one operation, if it is given",
    AnswerNext,
    ({ clerk }, { body, headers, ...rest }) => {
      const text = bodyOf(body)
      return clerk.answerNext({ ...rest, body: text.body, headers: { ...text.headers, ...headers } })
    }
  ),
  "fail-next": command(
    "breaks the connection of the next request: fault is reset, lost or silence",
    FailNext,
    ({ clerk }, options) => clerk.failNext(options)
  ),
  latency: command(
    "makes requests wait for duration; of one operation, if it is given",
    Schema.Struct({ duration: Seed.SeedDurationSchema, operation }),
    ({ clerk }, { duration, operation }) => clerk.setLatency(duration, operation)
  ),
  advance: command(
    "moves the clock forward by a duration, so that sessions and tokens expire",
    Schema.Struct({ by: Seed.SeedDurationSchema }),
    ({ clock }, { by }) =>
      Effect.zipRight(
        clock.advance(by),
        Effect.map(Clock.currentTimeMillis, (now) => ({ now }))
      )
  ),
  seed: command("adds what a seed describes", Schema.Unknown, ({ clerk }, data) => clerk.seed(data)),
  reset: command(
    "forgets everything but the keys, sets the clock right, and begins with the seed again",
    Schema.Struct({}),
    ({ clerk, clock }) => Effect.zipRight(clock.reset, clerk.reset)
  )
}
