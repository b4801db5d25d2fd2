/**
 * Runs your own code before and after each attempt of a client, for logs, metrics or audits.
 *
 * @since 4.0.0
 */

import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { nanosOf } from "#major/fiber.js"
import { remainingMillis } from "../core/call/loop.js"
import { factsOf } from "../core/call/operation.js"
import { traceIdIn } from "../core/call/response.js"
import { broken, optional, own, RuleBreak, readOptions } from "../core/input.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { type Around, sendThrough } from "../runtime/client.js"
import { configError } from "../runtime/errors.js"
import { timedOut } from "../runtime/send.js"
import { within } from "../runtime/time.js"
import { ClerkHttp } from "./ClerkHttp.js"

/**
 * A request that the client is about to send. It contains no ids, parameters or secrets.
 *
 * @since 4.0.0
 * @category models
 */
export interface RequestEvent {
  /** The name of the operation: `Sessions.get`. */
  readonly operation: string
  /** The HTTP method. */
  readonly method: string
  /** The template of the path, without ids: `/sessions/{id}`. */
  readonly path: string
  /** The number of the attempt, from 1. */
  readonly attempt: number
}

/**
 * The result of a request: a status or a failure.
 *
 * @since 4.0.0
 * @category models
 */
export interface ResponseEvent extends RequestEvent {
  /** The HTTP status. Absent if no complete response came. */
  readonly status?: number | undefined
  /**
   * The `_tag` of the failure if no complete response came: `ClerkTransportError`, `ClerkTimeout` or
   * `ClerkDecodeError`.
   */
  readonly failure?: string | undefined
  /** The time that the attempt took. */
  readonly duration: Duration.Duration
  /** Clerk's id of the request, from the header `clerk-trace-id` or `cf-ray`. Absent if the response has none. */
  readonly traceId?: string | undefined
}

/**
 * The hooks of {@link layer}. Both are optional.
 *
 * @since 4.0.0
 * @category models
 */
export interface Options {
  /**
   * Runs before each attempt. Its time counts towards the `deadline` of the call. If it dies, the client logs the
   * defect and continues. Default: none.
   */
  readonly onRequest?: ((event: RequestEvent) => Effect.Effect<void>) | undefined
  /**
   * Runs after each attempt, with its status or its failure, unless the call is interrupted. Its time counts towards
   * the `deadline` of the call. If it dies, the client logs the defect and continues. Default: none.
   */
  readonly onResponse?: ((event: ResponseEvent) => Effect.Effect<void>) | undefined
}

type Hook<Event> = ((event: Event) => Effect.Effect<void>) | undefined

/** Runs a hook within the time that the call has left. */
const run = <Event>(
  name: keyof Options,
  hook: Hook<Event>,
  event: Event,
  millis: number,
  clock: Clock.Clock
): Effect.Effect<void> => {
  if (hook === undefined) return Effect.void
  const done = Effect.matchCauseEffect(
    Effect.suspend(() => {
      const effect = hook(event)
      // Effect 4 ends the fiber for any other value, as that of a function without types.
      return Effect.isEffect(effect) ? effect : Effect.die(new Error("It returned no effect"))
    }),
    {
      onFailure: (cause) => Effect.logError(`The hook ${name} of RequestHooks failed`, cause),
      onSuccess: () => Effect.void
    }
  )
  return Effect.ignore(within(done, Math.max(1, millis), clock))
}

/** Sends each attempt between the hooks. */
const withHooks =
  ({ onRequest, onResponse }: Options, send: Around): Around =>
  (client, request, millis, clock, call, attempts) => {
    const { attempts: attempt, ...facts } = factsOf(call.operation, attempts)
    const event = { ...facts, attempt }
    const remaining = () => remainingMillis(call, { nanos: nanosOf(clock) })
    const ended = (started: bigint, outcome: Pick<ResponseEvent, "status" | "failure" | "traceId">) => {
      const duration = Duration.nanos(nanosOf(clock) - started)
      return run("onResponse", onResponse, { ...event, ...outcome, duration }, remaining(), clock)
    }
    return Effect.flatMap(run("onRequest", onRequest, event, remaining(), clock), () => {
      const started = nanosOf(clock)
      const left = remaining()
      const sent =
        left > 0
          ? send(client, request, Math.min(millis, left), clock, call, attempts)
          : Effect.fail(timedOut("no"))
      return sent.pipe(
        Effect.tap((response) => {
          const traceId = traceIdIn(response, call.redactor)
          return ended(started, {
            status: response.status,
            ...(traceId === undefined ? undefined : { traceId })
          })
        }),
        Effect.tapError(({ _tag }) =>
          ended(started, { failure: _tag === "TimedOut" ? "ClerkTimeout" : _tag })
        )
      )
    })
  }

const kind = { unknown: "is not an option of RequestHooks.layer" }

const hook = <Event>() =>
  optional((value) =>
    typeof value === "function"
      ? // The compiler has checked its parameter and its result where it was written.
        (value as Exclude<Hook<Event>, undefined>)
      : broken("must be a function that returns an effect")
  )

const readers = { onRequest: hook<RequestEvent>(), onResponse: hook<ResponseEvent>() }

/**
 * Runs hooks around each attempt of the `ClerkHttp` that you provide. Fails with `ClerkConfigError` if an option is
 * invalid.
 *
 * The hooks of several such layers all run. Those of the innermost layer run nearest to the request.
 *
 * @example
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { ClerkHttp, RequestHooks } from "effect-clerk"
 *
 * export const Clerk = RequestHooks.layer({
 *   onRequest: ({ operation, attempt }) => Effect.logDebug(`${operation} #${attempt}`)
 * }).pipe(Layer.provide(ClerkHttp.layerDefault))
 * ```
 *
 * @since 4.0.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<ClerkHttp, ClerkConfigError, ClerkHttp> =>
  Layer.effect(
    ClerkHttp,
    Effect.flatMap(ClerkHttp, (http) => {
      const hooks = readOptions(options, kind, readers)
      if (hooks instanceof RuleBreak) return Effect.fail(configError(hooks))
      const { execute } = http
      // Own members only: a mock has a value for every other name.
      const around = withHooks(hooks, own(http, "around") ?? sendThrough)
      return Effect.succeed({ ...http, execute, around })
    })
  )
