/**
 * A fast transport for Node.js: an `HttpClient` on undici's dispatcher, without the cost of `fetch`.
 *
 * It needs the package `undici` (7 or 8) beside it, and is the entry `effect-clerk/undici`.
 *
 * @example
 * ```ts
 * import { Effect, Layer, Redacted } from "effect"
 * import { ClerkHttp, Sessions } from "effect-clerk"
 * import * as Undici from "effect-clerk/undici"
 *
 * const Clerk = ClerkHttp.layer({ secretKey: Redacted.make("sk_test_…") }).pipe(
 *   Layer.provide(Undici.layer({ connections: 32 }))
 * )
 *
 * export const program = Sessions.get("sess_123").pipe(Effect.provide(Clerk))
 * ```
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { Agent, Client, type Dispatcher, Pool } from "undici"
import { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { checkMaxResponseBytes, defaultMaxResponseBytes } from "../internal/maxResponseBytes.js"
import { ownProperties } from "../internal/ownProperties.js"
import { requestText } from "../internal/requestText.js"
import { type RuleBreak, unknownOption } from "../internal/ruleBreak.js"
import { withDirectSend } from "../internal/send.js"
import { withoutEnd } from "../internal/timeLimit.js"
import { undiciSend } from "../internal/undiciSend.js"
import { visibleText } from "../internal/visibleText.js"

/**
 * How the pool keeps its connections: the options of undici's `Agent` (`connections`, `keepAliveTimeout`, `connect`,
 * `pipelining`, …). Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export type UndiciOptions = Agent.Options

/**
 * The options of `make`.
 *
 * @since 0.1.0
 * @category models
 */
export interface MakeOptions {
  /** How many bytes of a response, after decompression, are accepted. Default 8 MiB. */
  readonly maxResponseBytes?: number | undefined
}

const makeOptionNames = Object.keys({ maxResponseBytes: true } satisfies Record<keyof MakeOptions, true>)

const configError = ({ field, rule }: RuleBreak) => new ClerkConfigError({ setting: field, rule }, true)

/**
 * Makes an `HttpClient` over a dispatcher of your own, which you also close. It reads responses whole and rejects one
 * of more than `maxResponseBytes`. A `ClerkHttp` on top of it applies its own limit instead.
 *
 * Throws a `ClerkConfigError` when an option is unknown or breaks a rule.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (dispatcher: Dispatcher, options: MakeOptions = {}): HttpClient.HttpClient => {
  const flaw =
    unknownOption(options, makeOptionNames, "is not an option of Undici.make") ??
    (typeof dispatcher?.dispatch === "function"
      ? undefined
      : { field: "dispatcher", rule: "must be a Dispatcher of undici, such as an Agent" })
  if (flaw !== undefined) throw configError(flaw)
  const maxResponseBytes = Either.getOrThrowWith(
    checkMaxResponseBytes(ownProperties(options).maxResponseBytes ?? defaultMaxResponseBytes),
    configError
  )
  const send = undiciSend(dispatcher)
  return withDirectSend(
    HttpClient.make((request, url) =>
      requestText(request).pipe(
        Effect.mapError((cause) => new HttpClientError.RequestError({ request, reason: "Encode", cause })),
        Effect.flatMap((text) => {
          const { method, headers } = request
          const body = request.body._tag === "Empty" ? undefined : text
          return Effect.mapError(
            withoutEnd(
              send({ method, url: url.href, headers, body }, maxResponseBytes, Number.POSITIVE_INFINITY)
            ),
            (cause) => new HttpClientError.RequestError({ request, reason: "Transport", cause })
          )
        }),
        Effect.map(({ status, headers, body }) =>
          // A body, be it empty, is refused by `Response` for the statuses that must not have one.
          HttpClientResponse.fromWeb(request, new Response(body === "" ? null : body, { status, headers }))
        )
      )
    ),
    send
  )
}

/** The origin of clients that only check options. They never connect. */
const origin = "http://localhost"

/** The options that the installed undici reads: its constructors say so themselves, in every version. */
const knownOptions = (): ReadonlyArray<string> => {
  const names = new Set<string>(["interceptors"]) // in the types, and read from a copy
  const recorder = new Proxy<Agent.Options>(
    {},
    {
      get: (_, name) => {
        names.add(String(name))
      }
    }
  )
  for (const construct of constructors) construct(recorder)
  return [...names]
}

const constructors: ReadonlyArray<(options: Agent.Options) => Dispatcher> = [
  (options) => new Agent(options),
  (options) => new Pool(origin, options),
  (options) => new Client(origin, options)
]

/** Finds an option that undici does not know or rejects. It would tell of the latter when the first call fails. */
const optionsFlaw = (options: UndiciOptions): RuleBreak | undefined => {
  if (typeof options !== "object" || options === null) return { field: "options", rule: "must be an object" }
  const unknown = unknownOption(options, knownOptions(), "is not an option of undici's Agent")
  if (unknown !== undefined) return unknown
  for (const [field, value] of Object.entries(options)) {
    try {
      for (const construct of constructors) construct({ [field]: value })
    } catch (cause) {
      return {
        field,
        rule: `is rejected by undici: ${visibleText(cause instanceof Error ? cause.message : String(cause))}`
      }
    }
  }
  return undefined
}

/**
 * Provides an `HttpClient` with a pool of connections of its own, which closes with the layer's scope. Fails with
 * `ClerkConfigError` when undici does not know an option or rejects its value.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: UndiciOptions = {}): Layer.Layer<HttpClient.HttpClient, ClerkConfigError> =>
  Layer.scoped(
    HttpClient.HttpClient,
    Effect.suspend(() => {
      const flaw = optionsFlaw(options)
      return flaw === undefined
        ? Effect.map(
            Effect.acquireRelease(
              Effect.sync(() => new Agent(options)),
              (agent) => Effect.promise(() => agent.destroy())
            ),
            (agent) => make(agent)
          )
        : Effect.fail(configError(flaw))
    })
  )
