import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as HttpBody from "#major/httpBody.js"
import * as HttpClient from "#major/httpClient.js"
import * as HttpClientRequest from "#major/httpClientRequest.js"
import type { DurationInput } from "#major/time.js"
import type { EmulatedWebhook } from "../../core/emulator/model.js"
import { AnyDuration, checker, sentenceOf } from "../input.js"
import { EmulatorUsageError } from "./methods.js"
import type { ClerkEmulatorService } from "./service.js"

/**
 * The options of `ClerkEmulator.layerWebhooks`.
 *
 * @since 4.0.0
 * @category inputs
 */
export interface SendWebhooksOptions {
  /** The http or https URL that receives the webhooks. */
  readonly url: string
  /**
   * The wait after each failed attempt, by `Clock`. Default: 5 seconds, 5 minutes and 30 minutes, so the fourth attempt
   * is the last.
   */
  readonly retryDelays?: ReadonlyArray<DurationInput> | undefined
}

const Options = Schema.Struct({
  url: Schema.declare(
    (value: unknown): value is string =>
      typeof value === "string" && /^https?:\/\//.test(value) && URL.canParse(value),
    { description: "an http or https URL" }
  ),
  retryDelays: Schema.optional(Schema.Array(AnyDuration))
})

const check = checker(
  Options,
  (issues) => new EmulatorUsageError(400, sentenceOf(issues, "the input"), "layerWebhooks")
)

/** The first delays of Svix, which then goes on for a day. */
const defaultDelays: ReadonlyArray<DurationInput> = ["5 seconds", "5 minutes", "30 minutes"]

/** The time that Svix gives to a response. */
const timeout = "15 seconds"

/** Sends a webhook once. Returns the failure, if there is one. */
const attempt = (client: HttpClient.HttpClient, url: string, { body, headers }: EmulatedWebhook) =>
  client
    .execute(HttpClientRequest.post(url, { headers, body: HttpBody.text(body, headers["content-type"]) }))
    .pipe(
      // A response that nobody reads keeps its connection.
      Effect.flatMap(({ status, text }) =>
        Effect.as(text, status >= 200 && status < 300 ? undefined : `status ${status}`)
      ),
      Effect.timeout(timeout),
      Effect.exit,
      Effect.map((exit) => (exit._tag === "Success" ? exit.value : "no response"))
    )

/** A URL without what can be secret in it. */
const shownUrl = (url: string) => {
  const { host, pathname, protocol } = new URL(url)
  return `${protocol}//${host}${pathname}`
}

/** Sends the webhooks of an emulator until the scope closes. */
export const sendWebhooks = (
  clerk: ClerkEmulatorService,
  given: SendWebhooksOptions,
  log: (line: string) => Effect.Effect<void> = Effect.logWarning
): Effect.Effect<void, never, HttpClient.HttpClient | Scope.Scope> =>
  Effect.gen(function* () {
    const { retryDelays = defaultDelays, url } = yield* Effect.sync(() => check(given))
    // Dies here, and not in a fiber, if the emulator makes no webhooks.
    yield* clerk.signWebhook("")
    const client = yield* HttpClient.HttpClient
    const fork = yield* FiberSet.makeRuntime<never, void, never>()

    /** Sends a webhook until an attempt succeeds. Each attempt signs its own time, because receivers reject old ones. */
    const send = ({ body, headers }: EmulatedWebhook): Effect.Effect<void> =>
      Effect.gen(function* () {
        const { type }: { type: string } = JSON.parse(body) // sound: the emulator wrote it
        for (const delay of [...retryDelays, undefined]) {
          const signed = yield* clerk.signWebhook(body, { id: headers["svix-id"] })
          const failure = yield* attempt(client, url, signed)
          if (failure === undefined) return
          const failed = `Webhook ${type} to ${shownUrl(url)}: ${failure}`
          if (delay === undefined) return yield* log(`${failed}. No attempt is left`)
          const wait = Duration.toMillis(delay)
          yield* log(`${failed}. The next attempt is in ${wait / 1000} s`)
          yield* Effect.sleep(wait)
        }
      })

    fork(Effect.forever(Effect.map(clerk.nextWebhook, (webhook) => void fork(send(webhook)))))
  })
