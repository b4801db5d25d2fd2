import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { callback } from "#major/fiber.js"
import type { Codec } from "#major/schemas.js"
import type { DurationInput } from "#major/time.js"
import { type Moment, makeId, makeRandom } from "../../core/emulator/ids.js"
import { type Instance, makeInstance } from "../../core/emulator/instance.js"
import { jwksOf, rotateKeys } from "../../core/emulator/keys.js"
import { inMiB, limits } from "../../core/emulator/limits.js"
import type * as Model from "../../core/emulator/model.js"
import {
  type EmulatedOperationName,
  emulatedOperationNames,
  isEmulatedOperation,
  type OperationName
} from "../../core/emulator/operationNames.js"
import { clearRateLimiter, rateLimitOf } from "../../core/emulator/rateLimit.js"
import * as Log from "../../core/emulator/requestLog.js"
import { healthResponse, receive, recordRequest, respond } from "../../core/emulator/respond.js"
import { listSessions, visible } from "../../core/emulator/sessions.js"
import { clearState } from "../../core/emulator/state.js"
import {
  clearOutbox,
  type Outbox,
  signMessage,
  takeMessage,
  takeMessages,
  type WebhookMessage
} from "../../core/emulator/webhooks.js"
import { lowerCased } from "../../core/wire/headers.js"
import { compareRequests, type ExpectedRequest, expectationIssue } from "../clerkTest/expectedRequests.js"
import { checker, sentenceOf } from "../input.js"
import type * as Inputs from "./inputs.js"
import * as Methods from "./methods.js"
import { type ClerkEmulatorOptions, DEFAULT_SECRET_KEY, Options, settingsOf } from "./options.js"
import { permissionIssues } from "./permissions.js"
import * as Schemas from "./schemas.js"
import { type EmulatorSeedError, storeSeed } from "./seed.js"

/**
 * The connection broke because of `failNext`.
 *
 * @since 4.0.0
 * @category errors
 */
export class EmulatedDisconnect extends Schema.TaggedError<EmulatedDisconnect>("EmulatedDisconnect")(
  "EmulatedDisconnect",
  {}
) {
  override get message(): string {
    return "the emulated connection broke because of failNext"
  }
}

/**
 * An emulated Clerk instance: its API, its identity, and the methods with which a test controls it.
 *
 * Only `seed` and `exchange` fail. A method dies if its input has an unknown id, an unknown field or an invalid value,
 * because the mistake is in the test. It then changes nothing, and the message names the field and the rule.
 *
 * @since 4.0.0
 * @category models
 */
export interface ClerkEmulatorService {
  /**
   * Handles one request as Clerk's Backend API and Frontend API do, and returns the response, error responses included.
   * Dies if `failNext` breaks the connection.
   */
  readonly handle: (request: Model.EmulatorRequest) => Effect.Effect<Model.EmulatorResponse>
  /** Handles one request as `handle` does, but fails if `failNext` breaks the connection. */
  readonly exchange: (
    request: Model.EmulatorRequest
  ) => Effect.Effect<Model.EmulatorResponse, EmulatedDisconnect>
  /** The secret key that requests must have: `Authorization: Bearer …`. */
  readonly secretKey: Redacted.Redacted<string>
  /** The publishable key, `pk_…`, which contains the host of the issuer. */
  readonly publishableKey: string
  /** The suffix of the instance's cookies: `__session_<suffix>`. */
  readonly cookieSuffix: string
  /** The URL of the Frontend API, which is the `iss` of every token. */
  readonly issuer: string
  /** The id of the instance, `ins_…`. It is the `kid` of its tokens until the first `rotateKey`. */
  readonly instanceId: string
  /** The published keys now. The first one signs. */
  readonly jwks: Model.EmulatorJwks
  /** The current public key as PEM (SPKI), which Clerk's dashboard calls the JWKS public key. */
  readonly publicKeyPem: string

  /** Creates a user, or replaces the one with the same id. */
  readonly createUser: (options?: Inputs.CreateUserOptions) => Effect.Effect<Model.EmulatedUser>
  /** Creates an organization with its members, or replaces the one with the same id. */
  readonly createOrganization: (
    options?: Inputs.CreateOrganizationOptions
  ) => Effect.Effect<Model.EmulatedOrganization>
  /** Creates a JWT template, or replaces the one with the same name. */
  readonly createTemplate: (options: Inputs.CreateTemplateOptions) => Effect.Effect<void>
  /**
   * Stores the records of an `EmulatorSeed`, such as parsed JSON. Fails with `EmulatorSeedError` if the seed is
   * invalid, and then stores nothing.
   */
  readonly seed: (data: unknown) => Effect.Effect<void, EmulatorSeedError>
  /** Removes all data except the keys, then stores the seed of the options. */
  readonly reset: Effect.Effect<void>
  /** Returns the id of a new client, for several sign-ins in one browser. */
  readonly createClient: Effect.Effect<string>
  /**
   * Signs a user in as a frontend does. Creates a session, and returns it with the tokens that the browser then has.
   */
  readonly signIn: (userId: string, options?: Inputs.SignInOptions) => Effect.Effect<Model.SignedIn>
  /**
   * Signs a user in on a new browser, and returns by name the cookies that it then has for the application. They are
   * the session token with and without the suffix, `__client_uat` and the refresh token. In development there is also
   * the dev browser, by which a handshake recognizes the browser.
   *
   * A user who is already signed in on the given client keeps the session.
   */
  readonly signInBrowser: (
    userId: string,
    options?: Inputs.SignInOptions
  ) => Effect.Effect<Readonly<Record<string, string>>>
  /** Changes fields of a session, such as its status, a time or its organization. */
  readonly updateSession: (
    sessionId: string,
    patch: Model.EmulatedSessionPatch
  ) => Effect.Effect<Model.EmulatedSession>

  /** Issues a session token as a frontend gets it. The options set another age, version or claims. */
  readonly mintSessionToken: (sessionId: string, options?: Inputs.MintOptions) => Effect.Effect<string>
  /** Issues any token, such as an invalid or forged one, or one without a session. */
  readonly mintToken: (options?: Inputs.MintTokenOptions) => Effect.Effect<string>
  /** Returns the current refresh token of a session, or `null` for a session that the Backend API created. */
  readonly refreshToken: (sessionId: string) => Effect.Effect<string | null>
  /**
   * Signs with a new key from now on, and returns its `kid`. The key set keeps the two previous keys, and tokens of
   * older keys are rejected.
   */
  readonly rotateKey: (options?: Inputs.RotateKeyOptions) => Effect.Effect<string>

  /** Returns all users, oldest first. */
  readonly users: Effect.Effect<ReadonlyArray<Model.EmulatedUser>>
  /** Returns all organizations, oldest first. */
  readonly organizations: Effect.Effect<ReadonlyArray<Model.EmulatedOrganization>>
  /** Returns all sessions with their current status, newest first. */
  readonly sessions: Effect.Effect<ReadonlyArray<Model.EmulatedSession>>
  /**
   * Returns the requests so far, oldest first, without their headers. The log keeps the newest 1,000 requests, and at
   * most 2 MiB of JSON. `state.droppedRequests` counts the older ones.
   */
  readonly requests: Effect.Effect<ReadonlyArray<Model.ReceivedRequest>>
  /**
   * Dies unless exactly these requests arrived, in this order, as `ClerkTest.expectRequests` does. It also dies if the
   * log has dropped a request.
   */
  readonly expectRequests: (expected: ReadonlyArray<ExpectedRequest | OperationName>) => Effect.Effect<void>
  /** Returns all data of the emulator at one moment. */
  readonly state: Effect.Effect<Model.EmulatorState>

  /**
   * Waits for the next webhook and takes it. Each webhook is taken once, in the order of the events. The emulator keeps
   * up to 50,000 webhooks and 64 MiB of their text, and drops the oldest.
   */
  readonly nextWebhook: Effect.Effect<Model.EmulatedWebhook>
  /** Takes all webhooks that are not taken yet, without waiting. */
  readonly takeWebhooks: Effect.Effect<ReadonlyArray<Model.EmulatedWebhook>>
  /** Signs any text as a webhook, such as a repeated event, another event, or one with another time. */
  readonly signWebhook: (
    body: string,
    options?: Inputs.SignWebhookOptions
  ) => Effect.Effect<Model.EmulatedWebhook>

  /**
   * Sets the response to the next request, which the emulator then does not execute. Up to 1,000 responses and faults
   * can wait, each for one request.
   */
  readonly respondNext: (response: Inputs.PreparedResponse) => Effect.Effect<void>
  /** Breaks the connection of the next request. Faults and the responses of `respondNext` wait in one queue. */
  readonly failNext: (options: Inputs.FailNextOptions) => Effect.Effect<void>
  /** Delays each request, or each request of one operation, by a duration of `Clock`. Zero ends the delay. */
  readonly setLatency: (duration: DurationInput, operation?: EmulatedOperationName) => Effect.Effect<void>
}

const randomWord = Random.nextIntBetween(0, 2 ** 32)

/** Clerk's times are whole milliseconds. The wait before a retry can move a test clock by a fraction of one. */
const currentMillis = Effect.map(Clock.currentTimeMillis, Math.floor)

const moment: Effect.Effect<Moment> = Effect.map(
  Effect.all([currentMillis, randomWord, randomWord, randomWord]),
  ([now, ...seeds]) => ({ now, random: makeRandom(...seeds) })
)

/** Runs a step of the emulator. A step without cryptography stays synchronous. An error that it throws is a defect. */
const step = <A>(run: (moment: Moment) => A | Promise<A>): Effect.Effect<A> =>
  Effect.flatMap(moment, (now) => {
    const result = run(now)
    return result instanceof Promise ? Effect.promise(() => result) : Effect.succeed(result)
  })

/** Returns a check of the input of a method, which throws. */
const checked = <A, I>(method: string, schema: Codec<A, I>): ((input: unknown) => A) =>
  checker(schema, (issues) => new Methods.EmulatorUsageError(400, sentenceOf(issues, "the input"), method))

/** Handles one request. Always succeeds with a response, unless a test has prepared a fault. */
const exchange = (
  instance: Instance,
  request: Model.EmulatorRequest
): Effect.Effect<Model.EmulatorResponse, EmulatedDisconnect> =>
  Effect.gen(function* () {
    const received = receive(request)
    // A health check does not affect a test: it is not in the log, and takes no prepared response.
    const health = healthResponse(received)
    if (health !== undefined) return health
    const { log } = instance
    const entry = recordRequest(instance, received, yield* currentMillis)
    const prepared = Log.takePrepared(log, entry.operation)
    const wait = Log.latencyOf(log, entry.operation) + (prepared?.delayMillis ?? 0)
    if (wait > 0) yield* Effect.sleep(wait)
    const outcome = prepared?.outcome
    if (outcome === "no-response") return yield* Effect.never
    if (outcome === "reset") return yield* new EmulatedDisconnect()
    const response =
      typeof outcome === "object" ? outcome : yield* step((moment) => respond(instance, received, moment))
    if (outcome === "response-lost") return yield* new EmulatedDisconnect()
    entry.status = response.status
    return response
  })

/** Waits for a message, and takes it. */
const nextMessage = (outbox: Outbox): Effect.Effect<WebhookMessage> =>
  callback((resume) => {
    const take = () => {
      const message = takeMessage(outbox)
      if (message === undefined) outbox.waiting.add(take)
      else resume(Effect.succeed(message))
    }
    take()
    return Effect.sync(() => void outbox.waiting.delete(take))
  })

/** Statuses whose responses have no body, in HTTP and in `Response`. */
const bodiless: ReadonlyArray<number> = [204, 205, 304]

const expectationsIssue = (
  { log }: Instance,
  expected: ReadonlyArray<ExpectedRequest | OperationName>
): string | undefined => {
  const issue = expectationIssue(expected)
  if (issue !== undefined) return issue
  const index = expected.findIndex(
    (each) => !isEmulatedOperation(typeof each === "string" ? each : each.operation)
  )
  if (index >= 0) {
    return `expected.${index}.operation must be one of ${emulatedOperationNames.join(", ")}, because the emulator serves no others`
  }
  return log.dropped === 0
    ? undefined
    : `the log has dropped ${log.dropped} older requests; it keeps ${limits.requests} requests and ${inMiB(limits.requestBytes)}`
}

export const make = (given: ClerkEmulatorOptions = {}): Effect.Effect<ClerkEmulatorService> =>
  Effect.gen(function* () {
    const options = yield* Effect.sync(() => checked("make", Options)(given))
    const instance = yield* step((moment) => makeInstance(settingsOf(options), moment))
    const { keys, limiter, log, state } = instance

    const seed = (data: unknown) =>
      Effect.flatMap(
        step((moment) => storeSeed(instance, moment, data)),
        (error) => (error === undefined ? Effect.void : Effect.fail(error))
      )
    const initialSeed = options.seed === undefined ? Effect.void : Effect.orDie(seed(options.seed))
    yield* initialSeed

    const method = <A, I, B>(
      name: string,
      schema: Codec<A, I>,
      run: (moment: Moment, input: A) => B | Promise<B>
    ) => {
      const check = checked(name, schema)
      return (input: unknown = {}) => step((moment) => run(moment, check(input)))
    }
    const sessionMethod = <A, I, B>(
      name: string,
      schema: Codec<A, I>,
      run: (instance: Instance, moment: Moment, id: string, input: A) => B | Promise<B>
    ) => {
      const check = checked(name, schema)
      return (id: string, input: unknown = {}) => step((moment) => run(instance, moment, id, check(input)))
    }
    const prepare = (
      name: string,
      { delay, operation }: Pick<Inputs.FailNextOptions, "delay" | "operation">,
      outcome: Log.Prepared["outcome"]
    ) => {
      const full = Log.prepare(log, { operation, delayMillis: Duration.toMillis(delay ?? 0), outcome })
      if (full !== undefined) throw new Methods.EmulatorUsageError(409, full, name)
    }
    const setLatency = method("setLatency", Schemas.Latency, (_, { duration, operation }) => {
      log.latencies.set(operation, Duration.toMillis(duration))
    })
    const checkRequest = checked("exchange", Schemas.Request)
    const exchangeChecked = (request: Model.EmulatorRequest) =>
      Effect.suspend(() => exchange(instance, checkRequest(request)))
    const outbox = (method: string) => Effect.sync(() => Methods.outboxOf(instance, method))
    const checkWebhook = checked("signWebhook", Schemas.SignWebhook)
    const sessionsAt = (now: number) => listSessions(state, now).map(visible)

    return {
      handle: (request) => Effect.orDie(exchangeChecked(request)),
      exchange: exchangeChecked,
      secretKey: options.secretKey ?? DEFAULT_SECRET_KEY,
      publishableKey: instance.publishableKey,
      cookieSuffix: instance.cookieSuffix,
      issuer: instance.issuer,
      instanceId: instance.id,
      get jwks() {
        return jwksOf(keys)
      },
      get publicKeyPem() {
        return keys.published[0].pem
      },
      createUser: method("createUser", Schemas.CreateUser, (moment, input) =>
        Methods.store(instance, { name: "users", record: Methods.newUser(moment, input) })
      ),
      createOrganization: method("createOrganization", Schemas.CreateOrganization, (moment, input) => {
        const issues = permissionIssues(input, "")
        if (issues.length > 0) {
          throw new Methods.EmulatorUsageError(400, sentenceOf(issues, "the input"), "createOrganization")
        }
        return Methods.store(instance, {
          name: "organizations",
          record: Methods.newOrganization(moment, input)
        })
      }),
      createTemplate: method("createTemplate", Schemas.CreateTemplate, (_, input): void => {
        Methods.store(instance, { name: "templates", record: Methods.newTemplate(input) })
      }),
      seed,
      reset: Effect.suspend(() => {
        clearState(state)
        Log.clearRequestLog(log)
        if (limiter !== undefined) clearRateLimiter(limiter)
        if (instance.outbox !== undefined) clearOutbox(instance.outbox)
        return initialSeed
      }),
      createClient: step((moment) => makeId("client", moment)),
      signIn: sessionMethod("signIn", Schemas.SignIn, Methods.signIn),
      signInBrowser: sessionMethod("signInBrowser", Schemas.SignIn, Methods.signInBrowser),
      updateSession: sessionMethod("updateSession", Schemas.SessionPatch, Methods.updateSession),
      mintSessionToken: sessionMethod("mintSessionToken", Schemas.Mint, Methods.mintSessionToken),
      mintToken: method("mintToken", Schemas.MintToken, (moment, input) =>
        Methods.mintToken(instance, moment, input)
      ),
      refreshToken: (id) => step((moment) => Methods.sessionOf(instance, moment, id).refreshToken),
      rotateKey: method("rotateKey", Schemas.RotateKey, async (moment, { removePrevious = false }) => {
        const kid = makeId("ins", moment)
        await rotateKeys(keys, kid, removePrevious)
        return kid
      }),
      users: Effect.sync(() => [...state.users.values()]),
      organizations: Effect.sync(() => [...state.organizations.values()]),
      sessions: step(({ now }) => sessionsAt(now)),
      requests: Effect.sync(() => Log.requestsOf(log)),
      expectRequests: (expected) =>
        Effect.suspend(() => {
          const issue = expectationsIssue(instance, expected)
          if (issue !== undefined) {
            return Effect.die(new Methods.EmulatorUsageError(400, issue, "expectRequests"))
          }
          const difference = compareRequests(expected, Log.requestsOf(log))
          return difference === undefined ? Effect.void : Effect.die(difference)
        }),
      state: step(({ now }) => ({
        users: [...state.users.values()],
        organizations: [...state.organizations.values()],
        templates: [...state.templates.values()],
        sessions: sessionsAt(now),
        keys: keys.published.map(({ kid }) => kid),
        requests: Log.requestsOf(log),
        droppedRequests: log.dropped,
        rateLimit: limiter && rateLimitOf(limiter)
      })),
      nextWebhook: Effect.flatMap(outbox("nextWebhook"), (outbox) =>
        Effect.flatMap(nextMessage(outbox), (message) => Effect.promise(() => signMessage(outbox, message)))
      ),
      takeWebhooks: Effect.flatMap(outbox("takeWebhooks"), (outbox) =>
        Effect.promise(() => Promise.all(takeMessages(outbox).map((message) => signMessage(outbox, message))))
      ),
      signWebhook: (body, options) =>
        Effect.flatMap(outbox("signWebhook"), (outbox) =>
          step((moment) => {
            const {
              at = moment.now,
              id = makeId("msg", moment),
              ...given
            } = checkWebhook({ ...options, body })
            return signMessage(outbox, { id, at, body: given.body })
          })
        ),
      respondNext: method(
        "respondNext",
        Schemas.RespondNext,
        (_, { body = "", headers = {}, status, ...when }) => {
          if (body !== "" && bodiless.includes(status)) {
            const rule = "body must be empty for the status 204, 205 or 304"
            throw new Methods.EmulatorUsageError(400, rule, "respondNext")
          }
          prepare("respondNext", when, { status, headers: lowerCased(headers), body })
        }
      ),
      failNext: method("failNext", Schemas.FailNext, (_, { fault, ...when }) =>
        prepare("failNext", when, fault)
      ),
      setLatency: (duration, operation) => setLatency({ duration, operation })
    }
  })
