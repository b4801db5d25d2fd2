/**
 * A stateful Clerk in memory: sessions, their tokens signed with a real RSA key, the key set, and errors with Clerk's
 * codes. Programs reach it over HTTP, in process as an `HttpClient` or on a real socket.
 *
 * Time comes from `Clock` and randomness from `Random`, so a run under `TestClock` and a seeded `Random` always has the same results.
 * The RSA keys are the exception: each process makes them once. Signing is real WebCrypto. A test that forks a program,
 * adjusts `TestClock` and joins must not issue a token before the program sleeps.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { ClerkEmulator } from "effect-clerk/testing"
 *
 * const program = Effect.gen(function* () {
 *   const clerk = yield* ClerkEmulator
 *   const user = yield* clerk.createUser()
 *   const { session } = yield* clerk.signIn(user.id)
 *   return yield* clerk.handle({
 *     method: "POST",
 *     url: `/v1/sessions/${session.id}/revoke`,
 *     headers: { authorization: "Bearer sk_test_emulator" },
 *     body: ""
 *   })
 * })
 *
 * Effect.runPromise(program.pipe(Effect.provide(ClerkEmulator.layer())))
 * ```
 *
 * @since 0.1.0
 */
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import { requestText } from "../runtime/httpClient.js"
import type { ClerkEmulatorOptions } from "./emulator/options.js"
import { type ClerkEmulatorService, make } from "./emulator/service.js"

export type * from "../core/emulator/model.js"
export type * from "./emulator/inputs.js"
export { DEFAULT_ORIGIN } from "./emulator/methods.js"
export { type ClerkEmulatorOptions, DEFAULT_ISSUER, DEFAULT_SECRET_KEY } from "./emulator/options.js"
export {
  EmulatorSeed,
  EmulatorSeedError,
  type SeedActivity,
  type SeedDuration,
  type SeedIssue,
  type SeedSession
} from "./emulator/seed.js"
export { type ClerkEmulatorService, EmulatedDisconnect } from "./emulator/service.js"

/** The error of Node's sockets, which the clients classify. */
const reset = (cause: Error) => Object.assign(new Error("read ECONNRESET", { cause }), { code: "ECONNRESET" })

const inProcess = (emulator: ClerkEmulatorService): HttpClient.HttpClient =>
  HttpClient.make((request, url) => {
    const failed = (reason: "Encode" | "Transport") => (cause: unknown) =>
      new HttpClientError.RequestError({ request, reason, cause })
    return requestText(request).pipe(
      Effect.mapError(failed("Encode")),
      Effect.flatMap((body) =>
        emulator
          .exchange({ method: request.method, url: url.href, headers: request.headers, body })
          .pipe(Effect.mapError((error) => failed("Transport")(reset(error))))
      ),
      Effect.map(({ body, headers, status }) =>
        // For statuses without a body, `Response` rejects even an empty text.
        HttpClientResponse.fromWeb(request, new Response(body === "" ? null : body, { headers, status }))
      )
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

/**
 * A stateful Clerk in memory, for requests in process (`layerHttpClient`) or on a socket (`layerServer`).
 *
 * Where Clerk's published material does not define the behavior, the emulator does this:
 *
 * - `create` makes a new client for the session. It responds with 404 if the user is not a member of the organization.
 * - `revoke` revokes a session of any status. A second `revoke` changes nothing and responds with 200.
 * - The operations for tokens accept `active` and `pending` sessions, and respond with 404 for others.
 * - `verify` without a token checks the session only. It responds with 400 `invalid_session_token` for an ended session.
 * - `refresh` accepts a token that has not expired yet, and consumes it. It replaces the refresh token for
 *   `format: "cookie"` only, because the other format cannot bring a new one to the browser. The name of the `__refresh`
 *   cookie always has the suffix.
 * - `list` rejects the filter `pending`, as the published API does.
 *
 * @since 0.1.0
 * @category services
 */
export class ClerkEmulator extends Context.Tag("effect-clerk/testing/ClerkEmulator")<
  ClerkEmulator,
  ClerkEmulatorService
>() {
  /**
   * Makes a new emulator, for programs without layers.
   *
   * @since 0.1.0
   */
  static readonly make: (options?: ClerkEmulatorOptions) => Effect.Effect<ClerkEmulatorService> = make

  /**
   * Makes a new emulator at each build of the layer.
   *
   * @since 0.1.0
   */
  static readonly layer = (options?: ClerkEmulatorOptions): Layer.Layer<ClerkEmulator> =>
    Layer.effect(ClerkEmulator, make(options))

  /**
   * Provides the emulator as the `HttpClient`, which handles the requests to any host in process. A program with two
   * emulators gets one client for each.
   *
   * @since 0.1.0
   */
  // Effect caches layers by reference, so without `fresh` both clients would use the first emulator.
  static readonly layerHttpClient: Layer.Layer<HttpClient.HttpClient, never, ClerkEmulator> = Layer.fresh(
    Layer.effect(HttpClient.HttpClient, Effect.map(ClerkEmulator, inProcess))
  )

  /**
   * The emulator as an app, for a server or a router.
   *
   * @since 0.1.0
   */
  static readonly httpApp: HttpApp.Default<never, ClerkEmulator> = Effect.gen(function* () {
    const emulator = yield* ClerkEmulator
    const request = yield* HttpServerRequest.HttpServerRequest
    const body = yield* Effect.either(request.arrayBuffer)
    // An incomplete request must not be executed.
    if (body._tag === "Left") return HttpServerResponse.empty({ status: 400 })
    const { headers, method, url } = request
    const response = yield* Effect.either(
      emulator.exchange({ method, url, headers, body: new Uint8Array(body.right) })
    )
    if (response._tag === "Left") return yield* disconnect(request)
    const { body: text, headers: sent, status } = response.right
    return HttpServerResponse.text(text, { headers: sent, status, contentType: sent["content-type"] })
  })

  /**
   * Serves the emulator on the provided `HttpServer`, on a real socket.
   *
   * @since 0.1.0
   */
  static readonly layerServer: Layer.Layer<never, never, ClerkEmulator | HttpServer.HttpServer> =
    HttpServer.serve(ClerkEmulator.httpApp)
}
