/**
 * A stateful Clerk in memory: sessions, their tokens signed with a real RSA key, the key set, and Clerk's refusals with
 * Clerk's error codes. It stands on the other side of the wire, in process as an `HttpClient` or on a real socket.
 *
 * Time comes from `Clock` and chance from `Random`, so a run under `TestClock` and a seeded `Random` replays (the RSA
 * key, made once per process, is the exception). Signing is real WebCrypto: a test that forks a program, adjusts
 * `TestClock` and joins must not have a token minted before the program sleeps.
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
import type { EmulatorRequest } from "../core/emulator/model.js"
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

/** What Node's sockets fail with, which the clients classify. */
const reset = (cause: Error) => Object.assign(new Error("read ECONNRESET", { cause }), { code: "ECONNRESET" })

const inProcess = (emulator: ClerkEmulatorService): HttpClient.HttpClient =>
  HttpClient.make((request, url) =>
    requestText(request).pipe(
      Effect.mapError((cause) => new HttpClientError.RequestError({ request, reason: "Encode", cause })),
      Effect.flatMap((body) =>
        Effect.mapError(
          emulator.exchange({ method: request.method, url: url.href, headers: request.headers, body }),
          (error) => new HttpClientError.RequestError({ request, reason: "Transport", cause: reset(error) })
        )
      ),
      Effect.map(({ body, headers, status }) =>
        // A body, be it empty, is refused by `Response` for the statuses that must not have one.
        HttpClientResponse.fromWeb(request, new Response(body === "" ? null : body, { headers, status }))
      )
    )
  )

/** Cuts the connection of a request, where there is one to be cut; elsewhere a gateway would say this of it. */
const hangUp = ({ source }: HttpServerRequest.HttpServerRequest) => {
  const socket = Predicate.hasProperty(source, "socket") ? source.socket : undefined
  if (!(Predicate.hasProperty(socket, "destroy") && Predicate.isFunction(socket.destroy))) {
    return Effect.succeed(HttpServerResponse.empty({ status: 502 }))
  }
  socket.destroy()
  return Effect.never
}

/**
 * A stateful Clerk in memory, to be talked to in process (`layerHttpClient`) or on a socket (`layerServer`).
 *
 * Where Clerk's published material is silent, it does this:
 *
 * - `create` gives the session a client of its own; an organization the user is no member of is not found.
 * - `revoke` revokes whatever the session's state was; a second time changes nothing and answers 200.
 * - tokens are minted for `active` and `pending` sessions; one that is over answers 404.
 * - `verify` without a token looks at the session only; a session that is over answers 400 `invalid_session_token`.
 * - `refresh` accepts a token that is not expired yet, uses it up, and changes the refresh token for `format: "cookie"`
 *   only, since the other format cannot bring a new one to the browser. The `__refresh` cookie's name is always suffixed.
 * - `list` refuses the filter `pending`, as the published API has it.
 *
 * @since 0.1.0
 * @category services
 */
export class ClerkEmulator extends Context.Tag("effect-clerk/testing/ClerkEmulator")<
  ClerkEmulator,
  ClerkEmulatorService
>() {
  /**
   * A new emulator, for those who do not want a layer.
   *
   * @since 0.1.0
   */
  static readonly make: (options?: ClerkEmulatorOptions) => Effect.Effect<ClerkEmulatorService> = make

  /**
   * An emulator per build of the layer, empty at first.
   *
   * @since 0.1.0
   */
  static readonly layer = (options?: ClerkEmulatorOptions): Layer.Layer<ClerkEmulator> =>
    Layer.effect(ClerkEmulator, make(options))

  /**
   * The emulator as the `HttpClient`: every request is answered in process, whatever its host. A program with two
   * emulators gets one of each.
   *
   * @since 0.1.0
   */
  // Layers are remembered by reference whatever they are built from, so without `fresh` the first would answer for both.
  static readonly layerHttpClient: Layer.Layer<HttpClient.HttpClient, never, ClerkEmulator> = Layer.fresh(
    Layer.effect(HttpClient.HttpClient, Effect.map(ClerkEmulator, inProcess))
  )

  /**
   * The emulator as an app, to be served or put under a router.
   *
   * @since 0.1.0
   */
  static readonly httpApp: HttpApp.Default<never, ClerkEmulator> = Effect.gen(function* () {
    const emulator = yield* ClerkEmulator
    const request = yield* HttpServerRequest.HttpServerRequest
    const body = yield* Effect.either(request.arrayBuffer)
    // Half a request must not be done as if it were a whole one.
    if (body._tag === "Left") return HttpServerResponse.empty({ status: 400 })
    const question: EmulatorRequest = {
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: new Uint8Array(body.right)
    }
    const answer = yield* Effect.either(emulator.exchange(question))
    if (answer._tag === "Left") return yield* hangUp(request)
    const { body: text, headers, status } = answer.right
    return HttpServerResponse.text(text, { headers, status, contentType: headers["content-type"] })
  })

  /**
   * The emulator on the `HttpServer` provided, on a real socket.
   *
   * @since 0.1.0
   */
  static readonly layerServer: Layer.Layer<never, never, ClerkEmulator | HttpServer.HttpServer> =
    HttpServer.serve(ClerkEmulator.httpApp)
}
