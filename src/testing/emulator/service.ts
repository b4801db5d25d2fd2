import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { compareRequests, type ExpectedRequest } from "../clerkTest/expectedRequests.js"
import type { OperationName } from "../operationName.js"
import * as Directory from "./directory.js"
import * as FrontEnd from "./frontEnd.js"
import { exchange } from "./handle.js"
import * as Ids from "./ids.js"
import type * as Inputs from "./inputs.js"
import * as Instance from "./instance.js"
import * as Keys from "./keys.js"
import type * as Model from "./model.js"
import { plant } from "./planting.js"
import type { EmulatorSeedError } from "./seed.js"
import * as State from "./state.js"
import type { EmulatedDisconnect, Prepared } from "./traffic.js"

/**
 * An emulated Clerk instance: its wire (`handle`), its identity, and what a test arranges behind Clerk's back.
 *
 * Only `seed` and `exchange` fail. A method that is given an id the emulator does not know dies, since the test itself
 * is then wrong.
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
  ) => Effect.Effect<Model.EmulatorResponse, EmulatedDisconnect>
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
  /** Signs with a new key from now on, and gives its `kid`. */
  readonly rotateKey: (options?: Inputs.RotateKeyOptions) => Effect.Effect<string>

  /** All users, in the order they were made. */
  readonly users: Effect.Effect<ReadonlyArray<Model.EmulatedUser>>
  /** All organizations, in the order they were made. */
  readonly organizations: Effect.Effect<ReadonlyArray<Model.EmulatedOrganization>>
  /** All sessions as they are now, newest first. */
  readonly sessions: Effect.Effect<ReadonlyArray<Model.EmulatedSession>>
  /** The requests so far (the last 1000), in the order they came, without their headers. */
  readonly requests: Effect.Effect<ReadonlyArray<Model.ReceivedRequest>>
  /** Dies unless exactly these requests came, in this order, as `ClerkTest.expectRequests` does. */
  readonly expectRequests: (expected: ReadonlyArray<ExpectedRequest | OperationName>) => Effect.Effect<void>
  /** Everything there is, at one moment. */
  readonly state: Effect.Effect<Model.EmulatorState>

  /** Answers the next request with this and does nothing else; more calls line up. For 429, 503, garbage. */
  readonly answerNext: (response: Inputs.PreparedResponse) => Effect.Effect<void>
  /** Breaks the connection of the next request; lines up with `answerNext`. */
  readonly failNext: (options: Inputs.FailNextOptions) => Effect.Effect<void>
  /** From now on requests (of one operation, if it is named) wait so long by `Clock`. Zero ends it. */
  readonly setLatency: (duration: Duration.DurationInput, operation?: OperationName) => Effect.Effect<void>
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
    requests: requestsOf(instance)
  }))

const requestsOf = ({ state }: Instance.Instance): ReadonlyArray<Model.ReceivedRequest> =>
  state.traffic.received.map((entry) => ({ ...entry }))

const prepare = (
  { state }: Instance.Instance,
  { delay, operation }: Pick<Inputs.PreparedResponse, "delay" | "operation">,
  outcome: Prepared["outcome"]
) =>
  Effect.sync(() => {
    state.traffic.prepared.push({ operation, delayMillis: Duration.toMillis(delay ?? 0), outcome })
  })

export const make = (options: Inputs.ClerkEmulatorOptions = {}): Effect.Effect<ClerkEmulatorService> =>
  Effect.gen(function* () {
    const instance = yield* Instance.make(options)
    const { keys, state } = instance
    const plantSeed = options.seed === undefined ? Effect.void : Effect.orDie(plant(instance, options.seed))
    yield* plantSeed
    return {
      handle: (request) => Effect.orDie(exchange(instance)(request)),
      exchange: exchange(instance),
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
      createUser: (options) => Directory.createUser(instance, options),
      createOrganization: (options) => Directory.createOrganization(instance, options),
      createTemplate: (options) => Directory.createTemplate(instance, options),
      seed: (data) => plant(instance, data),
      reset: Effect.zipRight(
        Effect.sync(() => State.clear(state)),
        plantSeed
      ),
      createClient: Ids.make("client"),
      signIn: (userId, options) => FrontEnd.signIn(instance, userId, options),
      updateSession: (id, patch) => FrontEnd.updateSession(instance, id, patch),
      mintSessionToken: (id, options) => FrontEnd.mintSessionToken(instance, id, options),
      mintToken: (options) => FrontEnd.mintToken(instance, options),
      refreshToken: (id) => FrontEnd.refreshTokenOf(instance, id),
      rotateKey: ({ withdrawOld = false } = {}) =>
        Effect.map(Keys.rotate(keys, withdrawOld), ({ kid }) => kid),
      users: Effect.sync(() => [...state.users.values()]),
      organizations: Effect.sync(() => [...state.organizations.values()]),
      sessions: visibleSessions(instance),
      requests: Effect.sync(() => requestsOf(instance)),
      expectRequests: (expected) =>
        Effect.suspend(() => {
          const difference = compareRequests(expected, requestsOf(instance))
          return difference === undefined ? Effect.void : Effect.die(difference)
        }),
      state: stateOf(instance),
      answerNext: ({ body = "", headers = {}, status, ...when }) =>
        prepare(instance, when, { status, headers, body }),
      failNext: ({ fault, ...when }) => prepare(instance, when, fault),
      setLatency: (duration, operation) =>
        Effect.sync(() => {
          state.traffic.latencies.set(operation, Duration.toMillis(duration))
        })
    }
  })
