import type * as Clock from "effect/Clock"
import type { ConfigProvider } from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type ConfigError, configProvider } from "#major/config.js"
import { isBare, liveClock, type RunningFiber } from "#major/fiber.js"
import { clientOptionsFlaw, readClientOptions } from "../core/call/clientSettings.js"
import type { Call } from "../core/call/loop.js"
import type { OperationFacts } from "../core/call/operation.js"
import { fullBudget } from "../core/call/retry.js"
import { broken, inField, own, RuleBreak } from "../core/input.js"
import type { ClerkRequest, ClerkResponse, Priority, WireFailure } from "../core/model.js"
import { makeRedactor, noSecrets, type Redactor } from "../core/redaction/redact.js"
import { fromClerkResponse, toClerkResponse, type WireResponse } from "../core/wire/body.js"
import { transportFailure } from "../core/wire/faults.js"
import { type Api, wireRequests, withoutSecrets } from "../core/wire/request.js"
import type { ClerkDecodeError, ClerkTimeout, ClerkTransportError } from "../errors/CallErrors.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { configError, wireError, wireFailure } from "./errors.js"
import { overFetch } from "./fetch.js"
import type { KeyCache } from "./keyCache.js"
import { clientLimits, type PolicyLimits, readSettings, type Settings, standard } from "./policy.js"
import type { Send, TimedOut } from "./send.js"
import { within, withoutEnd } from "./time.js"
import { flagVariable, secretVariable, textVariable } from "./variables.js"

/**
 * The service behind `ClerkHttp`, which sends requests to Clerk. A mock needs only `execute`:
 * `Layer.mock(ClerkHttp, { execute })`.
 *
 * The library reads the other members only if they are the object's own properties, so a getter of a class does not
 * count.
 *
 * @since 4.0.0
 * @category models
 */
export interface ClerkHttpService {
  /** Sends one request and returns the response. Any status is a success. It does not retry. */
  readonly execute: (
    request: ClerkRequest
  ) => Effect.Effect<ClerkResponse, ClerkTransportError | ClerkDecodeError>
  /** The host that receives the requests, for traces. Default: none. */
  readonly address?: string | undefined
  /** The retries and time limits of calls. Default: one attempt and no time limit. */
  readonly policy?: Settings | undefined
  /** Delays requests, as a rate limiter does. Default: none. */
  readonly admission?: Admission | undefined
  /**
   * Runs around each attempt. `RequestHooks.layer` sets it. Default: none.
   *
   * @internal
   */
  readonly around?: Around | undefined
}

/**
 * Decides when a client may send its requests. `FleetLimit` makes one.
 *
 * @since 4.0.0
 * @category models
 */
export interface Admission {
  /**
   * Succeeds when the request may be sent. It runs before each request, retries included. `millis` is the time until
   * the deadline of the call in milliseconds, which may be `Infinity`.
   *
   * Its time counts towards the `deadline` of the call, not towards the `timeout` of the attempt. At the deadline it is
   * interrupted, and the call fails with `ClerkTimeout` (phase `admission`). If the wait would be too long, it can fail
   * with a `ClerkTimeout` at once.
   */
  readonly acquire: (
    request: ClerkRequest,
    priority: Priority,
    millis: number
  ) => Effect.Effect<void, ClerkTransportError | ClerkTimeout>
  /**
   * Runs after each response, with the status and the `Retry-After` in milliseconds, if valid. The call waits for it.
   */
  readonly observe: (status: number, retryAfterMillis: number | undefined) => Effect.Effect<void>
}

/** The facts of a call that code around an attempt gets. */
interface RunningCallFacts extends Omit<Call<never>, "operation" | "prepared"> {
  readonly operation: OperationFacts
}

/**
 * Sends one attempt of a call, with the caller's code around it. `RequestHooks` makes one.
 *
 * @since 4.0.0
 * @category models
 */
export type Around = (
  client: Client,
  request: ClerkRequest,
  millis: number,
  clock: Clock.Clock,
  call: RunningCallFacts,
  attempt: number
) => Effect.Effect<WireResponse, WireFailure | TimedOut>

/** The key of the service in a context. */
export const clerkHttpKey = "effect-clerk/services/ClerkHttp"

type Execute = ClerkHttpService["execute"]

/** Sends one request within a time limit in milliseconds, which may be `Infinity`. */
type SendWithin = (
  request: ClerkRequest,
  millis: number
) => Effect.Effect<WireResponse, WireFailure | TimedOut>

/** The parts of an `execute` of this library. */
export interface Sender {
  /** Applies the time limit itself. Absent if a wrapper replaced the `execute`. */
  readonly send: SendWithin | undefined
  readonly redactor: Redactor
  /** Lends the secret key. Absent for an `execute` of the caller, and for an API without a key. */
  readonly withKey?: <A>(use: (secretKey: string) => A) => A | undefined
}

/** A wrapper of an `execute` is another function without this member, so the requests go through the wrapper. */
const senderKey: unique symbol = Symbol("effect-clerk/sender")

const withSender = (execute: Execute, sender: Sender): Execute =>
  Object.defineProperty(execute, senderKey, { value: sender })

const foreign: Sender = { send: undefined, redactor: noSecrets }

export const senderOf = (execute: unknown): Sender =>
  typeof execute === "function" && Object.hasOwn(execute, senderKey)
    ? (Reflect.get(execute, senderKey) as Sender) // only `withSender` sets it
    : foreign

/** Makes the `execute` of a sender. */
export const executeOf = (sender: Sender & { readonly send: SendWithin }): Execute =>
  withSender(
    (request) =>
      Effect.mapBoth(withoutEnd(sender.send(request, Number.POSITIVE_INFINITY)), {
        onFailure: wireError,
        onSuccess: (response) => withoutSecrets(toClerkResponse(response), sender.redactor)
      }),
    sender
  )

/** Makes the `execute` of an API, with any way to send. */
export const makeExecute = (send: Send, api: Api): Execute => {
  const { caller } = api
  const toWire = wireRequests(api)
  return executeOf({
    redactor: makeRedactor(caller === undefined ? [] : [caller.secretKey]),
    send: (request, millis) => {
      const outgoing = toWire(request)
      return "_tag" in outgoing ? Effect.fail(outgoing) : send(outgoing, api.maxResponseBytes, millis)
    },
    withKey: (use) => caller && use(caller.secretKey)
  })
}

/** Gives a wrapper the secrets of the `execute` inside, so that errors do not show them. */
export const withSecretsOf = (inner: Execute, execute: Execute): Execute =>
  withSender(execute, { ...senderOf(inner), send: undefined })

/** Lends the secret key of a client. Returns `undefined` for an `execute` of the caller. */
export const withSecretKey = <A>(
  { execute }: ClerkHttpService,
  use: (secretKey: string) => A
): A | undefined => senderOf(execute).withKey?.(use)

/** All state of a client. */
export interface Client {
  readonly http: ClerkHttpService
  /** The `execute` that `sender` belongs to. A test may replace it in the service. */
  execute: Execute
  sender: Sender
  /** The tokens in the retry budget. */
  budget: number
  /** The policy that `limits` were read from. */
  policy: unknown
  limits: PolicyLimits | RuleBreak
  readonly admission: Admission | undefined
  /** Sends an attempt: `sendThrough`, unless the service has its own. */
  readonly around: Around
  /** The keys of its instance, from the first time that they are needed. */
  keys?: KeyCache
}

const clients = new WeakMap<ClerkHttpService, Client>()

const unknownFailure = transportFailure({ reason: "unknown", sent: "maybe" })

/** The failure in an error of the caller's `execute` or `acquire`. */
export const toWireFailure = (error: unknown): WireFailure => wireFailure(error) ?? unknownFailure

/** Sends one request through a client, within a time limit. */
export const sendThrough = (
  { http, sender: { send } }: Client,
  request: ClerkRequest,
  millis: number,
  clock: Clock.Clock
): Effect.Effect<WireResponse, WireFailure | TimedOut> => {
  if (send !== undefined && (clock === liveClock || millis === Number.POSITIVE_INFINITY)) {
    return send(request, millis)
  }
  const sent = Effect.mapBoth(http.execute(request), {
    onFailure: toWireFailure,
    onSuccess: fromClerkResponse
  })
  return within(sent, millis, clock)
}

/** The state of the client behind a service, which may be any object of the caller. */
export const clientOf = (http: ClerkHttpService): Client => {
  // A mock has a value for every name, so only own members are read.
  const policy = own(http, "policy")
  const known = clients.get(http)
  const { execute } = http
  if (known === undefined) {
    const limits = clientLimits(policy)
    const admission = own(http, "admission")
    const around = own(http, "around") ?? sendThrough
    const sender = senderOf(execute)
    const client = { http, execute, sender, budget: fullBudget, policy, limits, admission, around }
    clients.set(http, client)
    return client
  }
  if (known.execute !== execute) {
    known.execute = execute
    known.sender = senderOf(execute)
  }
  if (known.policy !== policy) {
    known.policy = policy
    known.limits = clientLimits(policy)
  }
  return known
}

const unwrapped = (secretKey: unknown): unknown => {
  if (secretKey === undefined) return undefined
  return Redacted.isRedacted(secretKey)
    ? Redacted.value(secretKey)
    : broken("must be a Redacted string (wrap it with Redacted.make), or SecretKey.fromEffect of an effect")
}

const checkedPolicy = (policy: unknown = standard): Settings | RuleBreak => {
  const flaw = readSettings(policy)
  return flaw instanceof RuleBreak ? flaw : (policy as Settings) // `readSettings` accepts nothing else
}

/**
 * A `secretKey` that you can replace without a restart. `SecretKey.fromEffect` makes one.
 *
 * @since 4.0.0
 * @category models
 */
export class ChangingSecretKey {
  /** Makes the service of a client that has this key. */
  readonly makeClient: typeof makeClient

  constructor(make: typeof makeClient) {
    this.makeClient = make
  }
}

/** Makes the service of a client from its options. */
export const makeClient = <R>(
  options: unknown,
  send: Effect.Effect<Send, never, R>
): Effect.Effect<ClerkHttpService, ClerkConfigError, R> => {
  const key = own(Object(options), "secretKey")
  if (key instanceof ChangingSecretKey) return key.makeClient(options, send)
  const settings = readClientOptions(options, { secretKey: unwrapped, policy: checkedPolicy })
  if (settings instanceof RuleBreak) return Effect.fail(configError(settings))
  const { address, apiUrl, apiVersion, maxResponseBytes, origin, policy, secretKey } = settings
  const caller = { secretKey, apiVersion }
  const api = { baseUrl: `${apiUrl}/v1`, origin, maxResponseBytes, caller }
  return Effect.map(send, (send) => ({ execute: makeExecute(send, api), address, policy }))
}

const variables = {
  secretKey: "CLERK_SECRET_KEY",
  apiUrl: "CLERK_API_URL",
  allowInsecureHttp: "CLERK_ALLOW_INSECURE_HTTP"
} as const

/** An option that can come from the environment. */
export type Source = keyof typeof variables

const isSource = (setting: string): setting is Source => Object.hasOwn(variables, setting)

/** Reads the options that can come from the environment. An absent option is `undefined`. */
export type Sources<E> = { readonly [Setting in Source]: Effect.Effect<unknown, E> }

export const environment: Sources<ClerkConfigError> = {
  secretKey: secretVariable("secretKey", variables.secretKey),
  apiUrl: textVariable("apiUrl", variables.apiUrl),
  allowInsecureHttp: flagVariable("allowInsecureHttp", variables.allowInsecureHttp)
}

/** Makes the service of a client from options, some of which come from the environment. */
export const makeClientFrom = <E extends ClerkConfigError | ConfigError, R>(
  sources: Sources<E>,
  options: object,
  send: Effect.Effect<Send, never, R>
): Effect.Effect<ClerkHttpService, ClerkConfigError | E, R> =>
  Effect.suspend(() => {
    const flaw = clientOptionsFlaw(options)
    if (flaw !== undefined) return Effect.fail(configError(flaw))
    return Effect.flatMap(Effect.all(sources), (read) =>
      Effect.mapError(makeClient({ ...options, ...read }, send), ({ rule, setting }) =>
        configError(
          inField(setting, broken(rule)),
          isSource(setting) && sources[setting] === environment[setting] ? variables[setting] : undefined
        )
      )
    )
  })

/** The client from the environment, over the global `fetch`. */
export const environmentClient: Effect.Effect<ClerkHttpService, ClerkConfigError> = Effect.suspend(() =>
  makeClientFrom(environment, {}, overFetch)
)

/** The clients built from the environment so far. A failed build is not stored. */
const environmentClients = new WeakMap<ConfigProvider, ClerkHttpService>()

const sharedEnvironmentClient: Effect.Effect<ClerkHttpService> = Effect.flatMap(
  configProvider,
  (provider) => {
    const existing = environmentClients.get(provider)
    if (existing !== undefined) return Effect.succeed(existing)
    // The two types of an `Op` have the same errors, so a call without a client or a key is a defect.
    return Effect.map(Effect.orDie(environmentClient), (built) => {
      const client = environmentClients.get(provider) ?? built
      environmentClients.set(provider, client)
      return client
    })
  }
)

const notProvided = Effect.suspend(() =>
  Effect.die(
    new Error(
      "ClerkHttp is not provided. The context has other services, so the client of the environment (CLERK_SECRET_KEY) is not used. Provide a layer: ClerkHttp.layerDefault, layerFetch, layerConfig or layer."
    )
  )
)

/**
 * The client of a call whose context has none. Only an empty context, that of an operation that is run bare, takes the
 * client of the environment. A program that has other services but no `ClerkHttp` has lost it:
 * `Layer.succeed(Repo, { find: Sessions.get })` drops the requirement. It must not use the environment's key unnoticed.
 */
export const missingClerkHttp = (fiber: RunningFiber): Effect.Effect<ClerkHttpService> =>
  isBare(fiber) ? sharedEnvironmentClient : notProvided
