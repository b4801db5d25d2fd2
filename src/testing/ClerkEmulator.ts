/**
 * An in-memory Clerk with state: sessions, tokens signed with a real RSA key, the key set, and errors with Clerk's
 * codes. Programs reach it over HTTP, in process as an `HttpClient` or on a real socket.
 *
 * @since 4.0.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import { Service } from "#major/context.js"
import { requestError } from "#major/http.js"
import type { HttpApp } from "#major/httpApp.js"
import * as HttpClient from "#major/httpClient.js"
import * as HttpClientResponse from "#major/httpClientResponse.js"
import * as Cookies from "#major/httpCookies.js"
import * as HttpServer from "#major/httpServer.js"
import * as HttpServerRequest from "#major/httpServerRequest.js"
import * as HttpServerResponse from "#major/httpServerResponse.js"
import { scopedDiscard } from "#major/layer.js"
import type { EmulatorResponse } from "../core/emulator/model.js"
import { requestText } from "../runtime/httpClient.js"
import type { ClerkEmulatorOptions } from "./emulator/options.js"
import { type SendWebhooksOptions, sendWebhooks } from "./emulator/sendWebhooks.js"
import { type ClerkEmulatorService, make } from "./emulator/service.js"

export type * from "../core/emulator/model.js"
export type * from "./emulator/inputs.js"
export { DEFAULT_ORIGIN } from "./emulator/methods.js"
export {
  type ClerkEmulatorOptions,
  DEFAULT_ISSUER,
  DEFAULT_SECRET_KEY,
  DEFAULT_WEBHOOK_SECRET,
  type RateLimitOptions
} from "./emulator/options.js"
export {
  EmulatorSeed,
  EmulatorSeedError,
  type SeedActivity,
  type SeedDuration,
  type SeedIssue,
  type SeedSession
} from "./emulator/seed.js"
export type { SendWebhooksOptions } from "./emulator/sendWebhooks.js"
export { type ClerkEmulatorService, EmulatedDisconnect } from "./emulator/service.js"

/** The error of Node's sockets, which the clients classify. */
const reset = (cause: Error) => Object.assign(new Error("read ECONNRESET", { cause }), { code: "ECONNRESET" })

/** The response as that of the web. */
const toWeb = ({ body, cookies = [], headers, status }: EmulatorResponse): Response => {
  // For statuses without a body, `Response` rejects even an empty text.
  const response = new Response(body === "" ? null : body, { headers, status })
  for (const cookie of cookies) response.headers.append("set-cookie", cookie)
  return response
}

const inProcess = (emulator: ClerkEmulatorService): HttpClient.HttpClient =>
  HttpClient.make((request, url) => {
    const failed = (reason: "Encode" | "Transport") => (cause: unknown) =>
      requestError(request, reason, cause)
    return requestText(request).pipe(
      Effect.mapError(failed("Encode")),
      Effect.flatMap((body) =>
        emulator
          .exchange({ method: request.method, url: url.href, headers: request.headers, body })
          .pipe(Effect.mapError((error) => failed("Transport")(reset(error))))
      ),
      Effect.map((response) => HttpClientResponse.fromWeb(request, toWeb(response)))
    )
  })

/** Breaks the connection of a request. A server without a socket responds as a gateway does. */
const disconnect = ({ source }: HttpServerRequest.HttpServerRequest) => {
  const socket = Predicate.hasProperty(source, "socket") ? source.socket : undefined
  if (!(Predicate.hasProperty(socket, "destroy") && Predicate.isFunction(socket.destroy))) {
    return Effect.succeed(HttpServerResponse.empty({ status: 502 }))
  }
  socket.destroy()
  return Effect.never
}

const respond = (request: HttpServerRequest.HttpServerRequest, body: Uint8Array) => {
  const { headers, method, url } = request
  return Effect.matchEffect(
    Effect.flatMap(ClerkEmulator, (emulator) => emulator.exchange({ method, url, headers, body })),
    {
      onFailure: () => disconnect(request),
      onSuccess: ({ body, cookies = [], headers, status }) =>
        Effect.succeed(
          HttpServerResponse.text(body, {
            headers,
            status,
            contentType: headers["content-type"],
            cookies: Cookies.fromSetCookie(cookies)
          })
        )
    }
  )
}

/**
 * Provides an in-memory Clerk, for requests in process (`layerHttpClient`) or on a socket (`layerServer`).
 *
 * Time comes from `Clock` and randomness from `Random`, so a run with `TestClock` and a seeded `Random` has the same
 * results each time. The RSA keys are the exception: each process makes them once. Signing is real WebCrypto, which
 * `TestClock` does not wait for. A test that forks a program and adjusts `TestClock` must not issue a token before the
 * program sleeps.
 *
 * Where Clerk's published material does not define the behavior, the emulator does this:
 *
 * - `create` makes a new client for the session. It responds with 404 if the user is not a member of the organization.
 * - `revoke` revokes a session of any status. A second `revoke` changes nothing and responds with 200.
 * - The operations for tokens accept `active` and `pending` sessions, and respond with 404 for others.
 * - `verify` without a token checks only the session. It responds with 400 `invalid_session_token` for an ended
 *   session.
 * - `refresh` accepts a token that has not expired yet, and consumes it. It replaces the refresh token only for
 *   `format: "cookie"`, because the other format cannot bring a new one to the browser. The name of the `__refresh`
 *   cookie always has the suffix.
 * - A handshake returns the token of the newest session that is signed in on the browser.
 * - `list` rejects the filter `pending`, as the published API does.
 *
 * @example
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { ClerkHttp, Sessions } from "effect-clerk"
 * import { ClerkEmulator, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
 *
 * const Clerk = ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY }).pipe(
 *   Layer.provide(ClerkEmulator.layerHttpClient),
 *   Layer.provideMerge(ClerkEmulator.layer())
 * )
 *
 * export const test = Effect.gen(function* () {
 *   const clerk = yield* ClerkEmulator
 *   const user = yield* clerk.createUser()
 *   const { session } = yield* clerk.signIn(user.id)
 *   const revoked = yield* Sessions.revoke(session.id)
 *   return revoked.status === "revoked"
 * }).pipe(Effect.provide(Clerk))
 * ```
 *
 * @since 4.0.0
 * @category services
 */
export class ClerkEmulator extends Service<ClerkEmulator, ClerkEmulatorService>()(
  "effect-clerk/testing/ClerkEmulator"
) {
  /**
   * Makes a new emulator, for programs without layers. An invalid option is a defect that names it.
   *
   * @since 4.0.0
   */
  static readonly make: (options?: ClerkEmulatorOptions) => Effect.Effect<ClerkEmulatorService> = make

  /**
   * Provides a new emulator with each build of the layer. An invalid option is a defect that names it.
   *
   * @since 4.0.0
   */
  static readonly layer = (options?: ClerkEmulatorOptions): Layer.Layer<ClerkEmulator> =>
    Layer.effect(ClerkEmulator, make(options))

  /**
   * Provides an `HttpClient` that sends the requests to any host to the emulator, in process. A program with two
   * emulators gets one client for each.
   *
   * @since 4.0.0
   */
  // Effect caches layers by reference, so without `fresh` both clients would use the first emulator.
  static readonly layerHttpClient: Layer.Layer<HttpClient.HttpClient, never, ClerkEmulator> = Layer.fresh(
    Layer.effect(HttpClient.HttpClient, Effect.map(ClerkEmulator, inProcess))
  )

  /**
   * The emulator as an HTTP app, for a server or a router.
   *
   * @since 4.0.0
   */
  // A server of Effect 4 runs an app without a router uninterruptibly. A request without a response would never end.
  static readonly httpApp: HttpApp<never, ClerkEmulator> = Effect.interruptible(
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
      Effect.matchEffect(request.arrayBuffer, {
        // An incomplete request must not be executed.
        onFailure: () => Effect.succeed(HttpServerResponse.empty({ status: 400 })),
        onSuccess: (body) => respond(request, new Uint8Array(body))
      })
    )
  )

  /**
   * Serves the emulator on the `HttpServer` that you provide, on a real socket.
   *
   * @since 4.0.0
   */
  static readonly layerServer: Layer.Layer<never, never, ClerkEmulator | HttpServer.HttpServer> =
    HttpServer.serve(ClerkEmulator.httpApp)

  /**
   * Sends the webhooks of the emulator to a URL, over the `HttpClient` that you provide. The emulator needs the option
   * `webhookSecret`.
   *
   * An attempt without a status from 200 to 299 within 15 seconds has failed, and the webhook is sent another time.
   * Webhooks can arrive in another order than their events. Requests to the emulator do not wait for webhooks.
   *
   * @since 4.0.0
   */
  static readonly layerWebhooks = (
    options: SendWebhooksOptions
  ): Layer.Layer<never, never, ClerkEmulator | HttpClient.HttpClient> =>
    scopedDiscard(Effect.flatMap(ClerkEmulator, (clerk) => sendWebhooks(clerk, options)))
}
