/**
 * Verifies the webhooks that Clerk sends through Svix, and decodes the events of sessions, without a call to Clerk.
 *
 * @example
 * ```ts
 * import { Effect, Layer, ManagedRuntime } from "effect"
 * import { Webhooks } from "effect-clerk/webhooks"
 *
 * const onEvent = (event: Webhooks.WebhookEvent) =>
 *   event._tag === "SessionEvent" && event.type !== "session.created"
 *     ? Effect.logInfo(`session ${event.data.id} has ended`) // write it to your database here
 *     : Effect.void
 *
 * const runtime = ManagedRuntime.make(Layer.empty)
 *
 * // Once for the program. It reads CLERK_WEBHOOK_SIGNING_SECRET.
 * const handle = await runtime.runPromise(Webhooks.toHandler(Webhooks.makeConfig(), onEvent))
 *
 * export const POST = (request: Request): Promise<Response> => runtime.runPromise(handle(request))
 * ```
 *
 * @see https://clerk.com/docs/guides/development/webhooks/overview
 * @since 4.0.0
 */
import * as Clock from "effect/Clock"
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { callback, timeoutFail } from "#major/fiber.js"
import { decoder } from "#major/parser.js"
import { construct } from "#major/schemas.js"
import { type DurationInput, dateTimeFromMillis, readDuration } from "#major/time.js"
import { RuleBreak } from "../core/input.js"
import { visibleText } from "../core/redaction/redact.js"
import { isSessionEventType, readEventBody, type SessionEventType } from "../core/webhooks/event.js"
import {
  isSignedBy,
  type Message,
  readMessage,
  rejected,
  type SignedText,
  signedText,
  timestampFlaw,
  type WebhookFailure
} from "../core/webhooks/message.js"
import { readRequestBody } from "../core/webhooks/requestBody.js"
import {
  type BodySettings,
  configOptionsFlaw,
  importSecret,
  readHandlerOptions,
  readWebhookOptions,
  type WebhookReaders
} from "../core/webhooks/settings.js"
import { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { ClerkWebhookError, type WebhookReason } from "../errors/ClerkWebhookError.js"
import { secretVariable } from "../runtime/variables.js"
import { Session } from "../schema/Session.js"
import type { RequestHeadersInput, SecretInput } from "../schema/SessionRequests.js"

export type { SessionEventType } from "../core/webhooks/event.js"

/**
 * Configures how webhooks are verified, without the secret. `makeConfig` reads the secret from `Config`.
 *
 * @since 4.0.0
 * @category models
 */
export interface ConfigOptions {
  /**
   * The secrets before a rotation, which are accepted too: one, or a list of at most 4. Default: no other secret. Svix
   * signs with the old secret for 24 hours after a rotation.
   */
  readonly previous?: SecretInput | ReadonlyArray<SecretInput> | undefined
  /**
   * The accepted difference between the time of the message and the clock of this server, 1 second to 1 hour. Default
   * 5 minutes. An older message is rejected, so that a recorded one cannot be sent later.
   */
  readonly tolerance?: DurationInput | undefined
}

/**
 * Configures how webhooks are verified.
 *
 * @since 4.0.0
 * @category models
 */
export interface Options extends ConfigOptions {
  /** The signing secret of the endpoint, from Clerk's dashboard: `whsec_` and 24 to 75 bytes in base64. */
  readonly secret: SecretInput
}

/**
 * Holds a webhook as your server received it.
 *
 * @since 4.0.0
 * @category models
 */
export interface WebhookInput {
  /** The headers, in any form that servers have. Names are in any case of letters. */
  readonly headers: RequestHeadersInput
  /** The raw body as received: bytes or text. A body that was parsed, as by `express.json()`, cannot be verified. */
  readonly body: Uint8Array | ArrayBuffer | string
}

/**
 * Lists the fields that every event has.
 *
 * @since 4.0.0
 * @category models
 */
export interface EventFields {
  /** The id of the message: `msg_…`. Each delivery of the message has the same id. */
  readonly messageId: string
  /** When this delivery was sent, from `svix-timestamp`. It has whole seconds. */
  readonly sentAt: DateTime.Utc
  /** When the event occurred: Clerk's `timestamp`. Absent if Clerk states no time. */
  readonly occurredAt?: DateTime.Utc | undefined
  /** The id of the instance: Clerk's `instance_id`, `ins_…`. Absent if Clerk states no instance. */
  readonly instanceId?: string | undefined
}

/**
 * Reports that a session was created or has ended.
 *
 * @since 4.0.0
 * @category models
 */
export interface SessionEvent extends EventFields {
  readonly _tag: "SessionEvent"
  /** What happened to the session. */
  readonly type: SessionEventType
  /** The session after the event. The user that Clerk sends beside it is left out. */
  readonly data: Session
}

/**
 * Reports any other event of Clerk. Its data is not decoded.
 *
 * @since 4.0.0
 * @category models
 */
export interface OtherEvent extends EventFields {
  readonly _tag: "OtherEvent"
  /** The type of the event: `user.created`. */
  readonly type: string
  /** The data of the event, as parsed from JSON. */
  readonly data: unknown
}

/**
 * Describes an event of Clerk. `_tag` tells the two kinds apart: after `event._tag === "SessionEvent"`, `event.data` is a `Session`, and
 * `event.type` is one of four. The type of another event may be any text, so `type` alone does not narrow an event.
 *
 * @since 4.0.0
 * @category models
 */
export type WebhookEvent = SessionEvent | OtherEvent

/**
 * Verifies a webhook and returns its event, with options that were checked once. Fails with `ClerkWebhookError` if the
 * webhook is invalid.
 *
 * @since 4.0.0
 * @category models
 */
export type Verifier = (input: WebhookInput) => Effect.Effect<WebhookEvent, ClerkWebhookError>

const readers: WebhookReaders = {
  unwrap: (secret) => (Redacted.isRedacted(secret) ? Redacted.value(secret) : secret),
  millis: (duration) => Option.getOrUndefined(Option.map(readDuration(duration), Duration.toMillis))
}

const webhookError = ({ fields }: WebhookFailure): ClerkWebhookError => {
  const { checkedAt, header, issues, reason, sentAt } = fields
  return construct(ClerkWebhookError, {
    reason,
    ...(header === undefined ? undefined : { header }),
    ...(sentAt === undefined ? undefined : { sentAt: dateTimeFromMillis(sentAt) }),
    ...(checkedAt === undefined ? undefined : { checkedAt: dateTimeFromMillis(checkedAt) }),
    ...(issues === undefined ? undefined : { issues })
  })
}

const reject = (failure: WebhookFailure): Effect.Effect<never, ClerkWebhookError> =>
  Effect.fail(webhookError(failure))

const decodeSession = /*#__PURE__*/ decoder(Session, { all: true, rejectUnknown: false })

/** Reads an event whose signature is valid. */
const readEvent = (message: Message, signed: SignedText): Effect.Effect<WebhookEvent, ClerkWebhookError> => {
  const body = readEventBody(signed)
  if (body === undefined) return reject(rejected("body"))
  const { data, instanceId, timestamp, type } = body
  const fields: EventFields = {
    messageId: message.id,
    sentAt: dateTimeFromMillis(message.timestamp * 1000),
    ...(timestamp === undefined ? undefined : { occurredAt: dateTimeFromMillis(timestamp) }),
    ...(instanceId === undefined ? undefined : { instanceId })
  }
  if (!isSessionEventType(type)) return Effect.succeed({ _tag: "OtherEvent", type, data, ...fields })
  const decoded = decodeSession(data)
  if (decoded._tag === "Success") {
    return Effect.succeed({ _tag: "SessionEvent", type, data: decoded.value, ...fields })
  }
  const issues = decoded
    .issues()
    .map(({ expected, path }) => ({ path: visibleText(path.join(".")), expected }))
  return reject(rejected("schema", { issues }))
}

const makeVerifier = (keys: ReadonlyArray<CryptoKey>, toleranceMillis: number): Verifier => {
  return ({ body, headers }) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const message = readMessage(headers)
      if (message._tag !== "Message") return reject(message)
      const flaw = timestampFlaw(message, now, toleranceMillis)
      if (flaw !== undefined) return reject(flaw)
      const signed = signedText(message, body)
      if (signed === undefined) return reject(rejected("parsed-body"))
      return Effect.flatMap(
        Effect.promise(() => isSignedBy(keys, message, signed)),
        (isSigned) => (isSigned ? readEvent(message, signed) : reject(rejected("signature")))
      )
    })
}

const configError = ({ field, rule }: RuleBreak, variable?: string): ClerkConfigError =>
  construct(ClerkConfigError, {
    setting: field,
    rule,
    ...(variable === undefined ? undefined : { variable })
  })

/**
 * Makes a function that verifies webhooks with these options. Fails with `ClerkConfigError` if an option is invalid.
 *
 * @since 4.0.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Verifier, ClerkConfigError> =>
  Effect.suspend(() => {
    const settings = readWebhookOptions(options, readers)
    return settings instanceof RuleBreak
      ? Effect.fail(configError(settings))
      : Effect.map(
          Effect.promise(() => Promise.all(settings.secrets.map(importSecret))),
          (keys) => makeVerifier(keys, settings.toleranceMillis)
        )
  })

const variable = "CLERK_WEBHOOK_SIGNING_SECRET"

/**
 * Makes a function that verifies webhooks with the secret in the variable `CLERK_WEBHOOK_SIGNING_SECRET`, read from
 * `Config`. Fails with `ClerkConfigError` if the variable is missing or blank, or if an option is invalid.
 *
 * @since 4.0.0
 * @category constructors
 */
export const makeConfig = (options: ConfigOptions = {}): Effect.Effect<Verifier, ClerkConfigError> =>
  Effect.suspend(() => {
    const flaw = configOptionsFlaw(options)
    if (flaw !== undefined) return Effect.fail(configError(flaw))
    return Effect.flatMap(secretVariable("secret", variable), (secret) =>
      // `make` reports a missing secret.
      Effect.mapError(make({ ...options, secret } as Options), (error) =>
        error.setting === "secret" ? configError(new RuleBreak("secret", error.rule), variable) : error
      )
    )
  })

/**
 * Verifies one webhook and returns its event. Fails with `ClerkWebhookError` if the webhook is invalid, and with
 * `ClerkConfigError` if an option is invalid. For many webhooks with the same options, `make` a verifier once.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Webhooks } from "effect-clerk/webhooks"
 *
 * declare const secret: string
 *
 * export const receive = (request: Request) =>
 *   Effect.promise(() => request.arrayBuffer()).pipe(
 *     Effect.flatMap((body) => Webhooks.verify({ headers: request.headers, body }, { secret })),
 *     Effect.map((event) => event.type)
 *   )
 * ```
 *
 * @since 4.0.0
 * @category verification
 */
export const verify = (
  input: WebhookInput,
  options: Options
): Effect.Effect<WebhookEvent, ClerkWebhookError | ClerkConfigError> =>
  Effect.flatMap(make(options), (verifier) => verifier(input))

/**
 * Configures how a handler reads the body.
 *
 * @since 4.0.0
 * @category models
 */
export interface HandlerOptions {
  /** The largest body in bytes, at least 1. Default 1,048,576 (1 MiB). A larger one gets the status 413. */
  readonly maxBytes?: number | undefined
  /** The time limit for reading the body. Default 10 seconds. A slower one gets the status 408. */
  readonly bodyTimeout?: DurationInput | undefined
}

/**
 * Responds to the request of a webhook. It does not fail: a rejected webhook and a failed `onEvent` are responses.
 *
 * @since 4.0.0
 * @category models
 */
export type Handler<R = never> = (request: Request) => Effect.Effect<Response, never, R>

/** Every status other than 2xx makes Svix send the message again later. */
const statuses: { readonly [Reason in WebhookReason]?: number } = {
  oversize: 413,
  "incomplete-body": 408,
  "parsed-body": 500
}

const readBody = (
  request: Request,
  { bodyMillis, maxBytes }: BodySettings
): Effect.Effect<Uint8Array, ClerkWebhookError> =>
  timeoutFail(
    callback<Uint8Array, ClerkWebhookError>((resume) => {
      const { result, stop } = readRequestBody(request, maxBytes)
      result.then((body) => resume(typeof body === "string" ? reject(rejected(body)) : Effect.succeed(body)))
      return Effect.sync(stop)
    }),
    bodyMillis,
    () => webhookError(rejected("incomplete-body"))
  )

const rejection = (error: ClerkWebhookError): Effect.Effect<Response> =>
  Effect.as(
    Effect.logDebug(error.message),
    new Response(JSON.stringify(error), {
      status: statuses[error.reason] ?? 400,
      headers: { "content-type": "application/json" }
    })
  )

/**
 * Makes a handler of webhooks for any server with web requests. It reads the raw body, verifies it, runs `onEvent`, and
 * only then responds:
 *
 * - 204 after `onEvent` succeeded;
 * - 500 after `onEvent` failed or died, so that Svix resends the message. The cause is logged;
 * - 500 if a framework has read the body before;
 * - 400 for an invalid signature or a malformed message;
 * - 413 for a body above `maxBytes`, and 408 for one that did not arrive within `bodyTimeout`;
 * - 405 for any method but POST.
 *
 * Svix delivers a message at least once and in any order, so `onEvent` must be idempotent. Fails with `ClerkConfigError`
 * if an option is invalid, and with the errors of `verifier`.
 *
 * @since 4.0.0
 * @category handlers
 */
export const toHandler = <E, R, EV, RV>(
  verifier: Effect.Effect<Verifier, EV, RV>,
  onEvent: (event: WebhookEvent) => Effect.Effect<unknown, E, R>,
  options: HandlerOptions = {}
): Effect.Effect<Handler<R>, EV | ClerkConfigError, RV> =>
  Effect.suspend((): Effect.Effect<Handler<R>, EV | ClerkConfigError, RV> => {
    const settings = readHandlerOptions(options, readers)
    if (settings instanceof RuleBreak) return Effect.fail(configError(settings))
    return Effect.map(verifier, (verify) => (request: Request) => {
      if (request.method !== "POST") {
        return Effect.succeed(new Response(null, { status: 405, headers: { allow: "POST" } }))
      }
      return readBody(request, settings).pipe(
        Effect.flatMap((body) => verify({ headers: request.headers, body })),
        Effect.matchEffect({
          onFailure: rejection,
          onSuccess: (event) =>
            Effect.matchCauseEffect(
              Effect.suspend(() => onEvent(event)),
              {
                onFailure: (cause) =>
                  Effect.as(
                    Effect.logError(`The handler of the webhook ${event.type} failed`, cause),
                    new Response(null, { status: 500 })
                  ),
                onSuccess: () => Effect.succeed(new Response(null, { status: 204 }))
              }
            )
        })
      )
    })
  })
