import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import { compareRequests, type ExpectedRequest, expectationIssue } from "../clerkTest/expectedRequests.js"
import { lowerCased, reader, sentenceOf } from "../input.js"
import { type KnownOperationName, knownOperationNames, type OperationName } from "../operationName.js"
import * as Directory from "./directory.js"
import * as FrontEnd from "./frontEnd.js"
import { exchange } from "./handle.js"
import * as Ids from "./ids.js"
import * as InputSchemas from "./inputSchemas.js"
import type * as Inputs from "./inputs.js"
import * as Instance from "./instance.js"
import * as Keys from "./keys.js"
import { inMiB, limits } from "./limits.js"
import { EmulatorMisuse } from "./misuse.js"
import type * as Model from "./model.js"
import { plant } from "./planting.js"
import type { EmulatorSeedError } from "./seed.js"
import * as State from "./state.js"
import * as Traffic from "./traffic.js"

/**
 * An emulated Clerk instance: its wire (`handle`), its identity, and what a test arranges behind Clerk's back.
 *
 * Only `seed` and `exchange` fail. A method that is given an unknown id, an unknown field or a value that breaks a rule
 * dies with a message that names the field and the rule, because the test itself is then wrong. Nothing has changed then.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClerkEmulatorService {
  /** Answers one request as Clerk's Backend API would; a refusal is a response too. Dies where `failNext` strikes. */
  readonly handle: (request: Model.EmulatorRequest) => Effect.Effect<Model.EmulatorResponse>
  /** The same for those who have a connection to break. */
  readonly exchange: (
    request: Model.EmulatorRequest
  ) => Effect.Effect<Model.EmulatorResponse, Traffic.EmulatedDisconnect>
  /** What requests have to carry: `Authorization: Bearer …`. */
  readonly secretKey: Redacted.Redacted<string>
  /** `pk_…`, made of the issuer's host as Clerk makes it. */
  readonly publishableKey: string
  /** The Frontend API's address, `iss` of every token. */
  readonly issuer: string
  /** `ins_…`, the `kid` of the tokens until the first `rotateKey`. */
  readonly instanceId: string
  /** The published keys as they are now, the one that signs first. */
  readonly jwks: Model.EmulatorJwks
  /** The public key that signs now as PEM (SPKI), what Clerk's dashboard shows as the JWKS public key. */
  readonly publicKeyPem: string

  /** Makes a user, or replaces the one of that id. */
  readonly createUser: (options?: Inputs.CreateUserOptions) => Effect.Effect<Model.EmulatedUser>
  /** Makes an organization with its members, or replaces the one of that id. */
  readonly createOrganization: (
    options?: Inputs.CreateOrganizationOptions
  ) => Effect.Effect<Model.EmulatedOrganization>
  /** Makes a JWT template, or replaces the one of that name. */
  readonly createTemplate: (options: Inputs.CreateTemplateOptions) => Effect.Effect<void>
  /** Adds what an `EmulatorSeed` describes, such as parsed JSON: all of it, or nothing if something is wrong. */
  readonly seed: (data: unknown) => Effect.Effect<void, EmulatorSeedError>
  /** Forgets everything but the keys, then plants the seed of the options again. */
  readonly reset: Effect.Effect<void>
  /** Gives the id of a new client, for several sign-ins in one browser. */
  readonly createClient: Effect.Effect<string>
  /** What the front end does: makes a session and gives what the browser then holds. */
  readonly signIn: (userId: string, options?: Inputs.SignInOptions) => Effect.Effect<Model.SignedIn>
  /** Changes fields of a session: a status, a time, its organization. */
  readonly updateSession: (
    sessionId: string,
    patch: Model.EmulatedSessionPatch
  ) => Effect.Effect<Model.EmulatedSession>

  /** A token of a session as the front end gets them, or one no request would give: of another age or version. */
  readonly mintSessionToken: (sessionId: string, options?: Inputs.MintOptions) => Effect.Effect<string>
  /** Any token, be it broken, forged or of nobody. */
  readonly mintToken: (options?: Inputs.MintTokenOptions) => Effect.Effect<string>
  /** The refresh token a session has now; null for one made over the Backend API. */
  readonly refreshToken: (sessionId: string) => Effect.Effect<string | null>
  /**
   * Signs with a new key from now on, and gives its `kid`. The key set keeps the two previous keys; a token signed by an
   * older one is rejected.
   */
  readonly rotateKey: (options?: Inputs.RotateKeyOptions) => Effect.Effect<string>

  /** All users, in the order they were made. */
  readonly users: Effect.Effect<ReadonlyArray<Model.EmulatedUser>>
  /** All organizations, in the order they were made. */
  readonly organizations: Effect.Effect<ReadonlyArray<Model.EmulatedOrganization>>
  /** All sessions as they are now, newest first. */
  readonly sessions: Effect.Effect<ReadonlyArray<Model.EmulatedSession>>
  /**
   * The requests so far, in the order they came, without their headers. The log keeps the newest 1,000 requests, and at
   * most 2 MiB of JSON; `state.droppedRequests` counts the older ones.
   */
  readonly requests: Effect.Effect<ReadonlyArray<Model.ReceivedRequest>>
  /**
   * Dies unless exactly these requests came, in this order, as `ClerkTest.expectRequests` does. Dies too once the log has
   * dropped a request.
   */
  readonly expectRequests: (expected: ReadonlyArray<ExpectedRequest | OperationName>) => Effect.Effect<void>
  /** Everything there is, at one moment. */
  readonly state: Effect.Effect<Model.EmulatorState>

  /** Answers the next request with this and does nothing else. Up to 1,000 calls line up. For 429, 503, garbage. */
  readonly respondNext: (response: Inputs.PreparedResponse) => Effect.Effect<void>
  /** Breaks the connection of the next request; lines up with `respondNext`. */
  readonly failNext: (options: Inputs.FailNextOptions) => Effect.Effect<void>
  /** From now on requests (of one operation, if it is named) wait so long by `Clock`. Zero ends it. */
  readonly setLatency: (
    duration: Duration.DurationInput,
    operation?: KnownOperationName
  ) => Effect.Effect<void>
}

const visibleSessions = ({ state }: Instance.Instance) =>
  Effect.map(Clock.currentTimeMillis, (now) => State.listSessions(state, now).map(FrontEnd.visible))

const stateOf = (instance: Instance.Instance): Effect.Effect<Model.EmulatorState> =>
  Effect.map(visibleSessions(instance), (sessions) => ({
    users: [...instance.state.users.values()],
    organizations: [...instance.state.organizations.values()],
    templates: [...instance.state.templates.values()],
    sessions,
    keys: instance.keys.published.map(({ kid }) => kid),
    requests: requestsOf(instance),
    droppedRequests: instance.state.traffic.dropped
  }))

const requestsOf = ({ state }: Instance.Instance): ReadonlyArray<Model.ReceivedRequest> =>
  Traffic.requestsOf(state.traffic)

const misuse = (method: string, sentence: string, status: 400 | 409 = 400) =>
  Effect.die(new EmulatorMisuse(status, sentence, method))

/** Checks the input of a method when it runs, before anything changes. */
const checked = <A, I, B>(
  method: string,
  schema: Schema.Schema<A, I>,
  run: (input: A) => Effect.Effect<B>
): ((input: unknown) => Effect.Effect<B>) => {
  const read = reader(schema)
  return (input) =>
    Effect.suspend(() =>
      Either.match(read(input), {
        onLeft: (issues) => misuse(method, sentenceOf(issues, "the input")),
        onRight: run
      })
    )
}

const prepare = (
  method: string,
  { state }: Instance.Instance,
  { delay, operation }: Pick<Inputs.PreparedResponse, "delay" | "operation">,
  outcome: Traffic.Prepared["outcome"]
) =>
  Effect.suspend(() => {
    const full = Traffic.prepare(state.traffic, {
      operation,
      delayMillis: Duration.toMillis(delay ?? 0),
      outcome
    })
    return full === undefined ? Effect.void : misuse(method, full, 409)
  })

/** Statuses whose responses have no body, in HTTP and in `Response`. */
const bodiless: ReadonlyArray<number> = [204, 205, 304]

/** What only misleads here: the emulator records operations that it serves, and no others. */
const unservedOperation = (expected: ReadonlyArray<ExpectedRequest | OperationName>): string | undefined => {
  const names: ReadonlyArray<string> = knownOperationNames
  const index = expected.findIndex(
    (each) => !names.includes(typeof each === "string" ? each : each.operation)
  )
  return index < 0
    ? undefined
    : `expected.${index}.operation must be one of ${names.join(", ")}, since the emulator serves no others`
}

export const make = (given: Inputs.ClerkEmulatorOptions = {}): Effect.Effect<ClerkEmulatorService> =>
  Effect.gen(function* () {
    const options = yield* checked("make", InputSchemas.Options, Effect.succeed)(given)
    const instance = yield* Instance.make(options)
    const { keys, state } = instance
    const plantSeed = options.seed === undefined ? Effect.void : Effect.orDie(plant(instance, options.seed))
    yield* plantSeed
    const checkRequest = checked("exchange", InputSchemas.Request, Effect.succeed)
    const exchangeChecked = (request: Model.EmulatorRequest) =>
      Effect.flatMap(checkRequest(request), exchange(instance))
    const ofSession = <A, I, B>(
      method: string,
      schema: Schema.Schema<A, I>,
      run: (id: string, input: A) => Effect.Effect<B>
    ) => {
      const check = checked(method, schema, Effect.succeed)
      return (id: string, input: unknown) => Effect.flatMap(check(input), (input) => run(id, input))
    }
    const { CreateOrganization, CreateTemplate, CreateUser, Mint, MintToken, RotateKey } = InputSchemas
    const createUser = checked("createUser", CreateUser, (input) => Directory.createUser(instance, input))
    const createOrganization = checked("createOrganization", CreateOrganization, (input) =>
      Directory.createOrganization(instance, input)
    )
    const signIn = ofSession("signIn", InputSchemas.SignIn, (userId, input) =>
      FrontEnd.signIn(instance, userId, input)
    )
    const mintSessionToken = ofSession("mintSessionToken", Mint, (id, input) =>
      FrontEnd.mintSessionToken(instance, id, input)
    )
    const mintToken = checked("mintToken", MintToken, (input) => FrontEnd.mintToken(instance, input))
    const rotateKey = checked("rotateKey", RotateKey, ({ removePrevious = false }) =>
      Effect.map(Keys.rotate(keys, removePrevious), ({ kid }) => kid)
    )
    const setLatency = checked("setLatency", InputSchemas.Latency, ({ duration, operation }) =>
      Effect.sync(() => {
        state.traffic.latencies.set(operation, Duration.toMillis(duration))
      })
    )
    return {
      handle: (request) => Effect.orDie(exchangeChecked(request)),
      exchange: exchangeChecked,
      secretKey: instance.secretKey,
      publishableKey: instance.publishableKey,
      issuer: instance.issuer,
      instanceId: instance.id,
      get jwks() {
        return Keys.jwks(keys)
      },
      get publicKeyPem() {
        return keys.published[0].pem
      },
      createUser: (options = {}) => createUser(options),
      createOrganization: (options = {}) => createOrganization(options),
      createTemplate: checked("createTemplate", CreateTemplate, (input) =>
        Directory.createTemplate(instance, input)
      ),
      seed: (data) => plant(instance, data),
      reset: Effect.zipRight(
        Effect.sync(() => State.clear(state)),
        plantSeed
      ),
      createClient: Ids.make("client"),
      signIn: (userId, options = {}) => signIn(userId, options),
      updateSession: ofSession("updateSession", InputSchemas.SessionPatch, (id, patch) =>
        FrontEnd.updateSession(instance, id, patch)
      ),
      mintSessionToken: (id, options = {}) => mintSessionToken(id, options),
      mintToken: (options = {}) => mintToken(options),
      refreshToken: (id) => FrontEnd.refreshTokenOf(instance, id),
      rotateKey: (options = {}) => rotateKey(options),
      users: Effect.sync(() => [...state.users.values()]),
      organizations: Effect.sync(() => [...state.organizations.values()]),
      sessions: visibleSessions(instance),
      requests: Effect.sync(() => requestsOf(instance)),
      expectRequests: (expected) =>
        Effect.suspend(() => {
          const issue = expectationIssue(expected) ?? unservedOperation(expected)
          if (issue !== undefined) return misuse("expectRequests", issue)
          const { dropped } = state.traffic
          if (dropped > 0) {
            return misuse(
              "expectRequests",
              `the log has dropped ${dropped} older requests, so it cannot tell; it keeps ${limits.requests} requests and ${inMiB(limits.requestBytes)}`
            )
          }
          const difference = compareRequests(expected, requestsOf(instance))
          return difference === undefined ? Effect.void : Effect.die(difference)
        }),
      state: stateOf(instance),
      respondNext: checked(
        "respondNext",
        InputSchemas.RespondNext,
        ({ body = "", headers = {}, status, ...when }) =>
          body !== "" && bodiless.includes(status)
            ? misuse("respondNext", "body must be empty for the status 204, 205 or 304")
            : prepare("respondNext", instance, when, { status, headers: lowerCased(headers), body })
      ),
      failNext: checked("failNext", InputSchemas.FailNext, ({ fault, ...when }) =>
        prepare("failNext", instance, when, fault)
      ),
      setLatency: (duration, operation) => setLatency({ duration, operation })
    }
  })
