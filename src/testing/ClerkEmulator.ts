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
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { requestText } from "../internal/requestText.js"
import * as FrontEnd from "./emulator/frontEnd.js"
import { handle } from "./emulator/handle.js"
import * as Ids from "./emulator/ids.js"
import * as Instance from "./emulator/instance.js"
import type * as Model from "./emulator/model.js"
import * as State from "./emulator/state.js"

export type * from "./emulator/model.js"

/**
 * The secret key an emulator accepts unless told otherwise: `sk_test_emulator`.
 *
 * @since 0.1.0
 * @category constants
 */
export const DEFAULT_SECRET_KEY: Redacted.Redacted<string> = Instance.DEFAULT_SECRET_KEY

/**
 * The issuer of an emulator's tokens unless told otherwise.
 *
 * @since 0.1.0
 * @category constants
 */
export const DEFAULT_ISSUER: string = Instance.DEFAULT_ISSUER

/**
 * The web origin users sign in from unless told otherwise, `azp` of their tokens.
 *
 * @since 0.1.0
 * @category constants
 */
export const DEFAULT_ORIGIN: string = FrontEnd.DEFAULT_ORIGIN

/**
 * An emulated Clerk instance: its wire (`handle`), its identity, and what a test arranges behind Clerk's back.
 *
 * No method fails. One that is given an id the emulator does not know dies, since the test itself is then wrong.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClerkEmulatorService {
  /** Answers one request as Clerk's Backend API would; total, a refusal is a response too. */
  readonly handle: (request: Model.EmulatorRequest) => Effect.Effect<Model.EmulatorResponse>
  readonly secretKey: Redacted.Redacted<string>
  readonly publishableKey: string
  readonly issuer: string
  /** `ins_…`, the `kid` of the tokens. */
  readonly instanceId: string
  readonly jwks: Model.EmulatorJwks
  /** The public key as PEM (SPKI), what Clerk's dashboard shows as the JWKS public key. */
  readonly publicKeyPem: string
  readonly createUser: (options?: Model.CreateUserOptions) => Effect.Effect<Model.EmulatedUser>
  readonly createOrganization: (
    options?: Model.CreateOrganizationOptions
  ) => Effect.Effect<Model.EmulatedOrganization>
  readonly createTemplate: (options: Model.CreateTemplateOptions) => Effect.Effect<void>
  /** Gives the id of a new client, for several sign-ins in one browser. */
  readonly createClient: Effect.Effect<string>
  /** What the front end does: makes a session and gives what the browser then holds. */
  readonly signIn: (userId: string, options?: Model.SignInOptions) => Effect.Effect<Model.SignedIn>
  readonly mintSessionToken: (sessionId: string, options?: Model.MintOptions) => Effect.Effect<string>
  readonly updateSession: (
    sessionId: string,
    patch: Model.EmulatedSessionPatch
  ) => Effect.Effect<Model.EmulatedSession>
  /** The refresh token a session has now; null for one made over the Backend API. */
  readonly refreshToken: (sessionId: string) => Effect.Effect<string | null>
  /** All sessions as they are now, newest first. */
  readonly sessions: Effect.Effect<ReadonlyArray<Model.EmulatedSession>>
  /** Answers the next request with this and does nothing else; more calls line up. For faults: 429, 503, garbage. */
  readonly answerNext: (response: Model.PreparedResponse) => Effect.Effect<void>
}

const make = (options: Model.ClerkEmulatorOptions = {}): Effect.Effect<ClerkEmulatorService> =>
  Effect.map(Instance.make(options), (instance) => {
    const { state } = instance
    return {
      handle: handle(instance),
      secretKey: instance.secretKey,
      publishableKey: instance.publishableKey,
      issuer: instance.issuer,
      instanceId: instance.id,
      jwks: Instance.jwks(instance),
      publicKeyPem: instance.key.pem,
      createUser: ({ features = [], id, plan } = {}) =>
        Effect.map(id === undefined ? Ids.make("user") : Effect.succeed(id), (id) => {
          const user = { id, features, plan }
          state.users.set(id, user)
          return user
        }),
      createOrganization: ({ features = [], id, members = [], plan, slug } = {}) =>
        Effect.map(id === undefined ? Ids.make("org") : Effect.succeed(id), (id) => {
          const organization: Model.EmulatedOrganization = {
            id,
            slug: slug ?? id.toLowerCase().replaceAll("_", "-"),
            features,
            plan,
            members: members.map(({ permissions = [], role = "org:member", userId }) => ({
              userId,
              role,
              permissions
            }))
          }
          state.organizations.set(id, organization)
          return organization
        }),
      createTemplate: ({ claims = {}, lifetime = "60 seconds", name }) =>
        Effect.sync(() => {
          state.templates.set(name, { claims, lifetimeSeconds: Instance.seconds(lifetime) })
        }),
      createClient: Ids.make("client"),
      signIn: (userId, options) => FrontEnd.signIn(instance, userId, options),
      mintSessionToken: (id, options) => FrontEnd.mintSessionToken(instance, id, options),
      updateSession: (id, patch) => FrontEnd.updateSession(instance, id, patch),
      refreshToken: (id) => FrontEnd.refreshTokenOf(instance, id),
      sessions: Effect.map(Clock.currentTimeMillis, (now) =>
        State.listSessions(state, now).map(FrontEnd.visible)
      ),
      answerNext: ({ body = "", headers = {}, status }) =>
        Effect.sync(() => {
          state.prepared.push({ status, headers, body })
        })
    }
  })

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
  static readonly make: (options?: Model.ClerkEmulatorOptions) => Effect.Effect<ClerkEmulatorService> = make

  /**
   * An emulator per build of the layer, empty at first.
   *
   * @since 0.1.0
   */
  static readonly layer = (options?: Model.ClerkEmulatorOptions): Layer.Layer<ClerkEmulator> =>
    Layer.effect(ClerkEmulator, make(options))

  /**
   * The emulator as the `HttpClient`: every request is answered in process, whatever its host.
   *
   * @since 0.1.0
   */
  static readonly layerHttpClient: Layer.Layer<HttpClient.HttpClient, never, ClerkEmulator> = Layer.effect(
    HttpClient.HttpClient,
    Effect.map(ClerkEmulator, (emulator) =>
      HttpClient.make((request, url) =>
        requestText(request).pipe(
          Effect.mapError((cause) => new HttpClientError.RequestError({ request, reason: "Encode", cause })),
          Effect.flatMap((body) =>
            emulator.handle({ method: request.method, url: url.href, headers: request.headers, body })
          ),
          Effect.map(({ body, headers, status }) =>
            // A body, be it empty, is refused by `Response` for the statuses that must not have one.
            HttpClientResponse.fromWeb(request, new Response(body === "" ? null : body, { headers, status }))
          )
        )
      )
    )
  )

  /**
   * The emulator as an app, to be served or put under a router.
   *
   * @since 0.1.0
   */
  static readonly httpApp: HttpApp.Default<never, ClerkEmulator> = Effect.gen(function* () {
    const emulator = yield* ClerkEmulator
    const request = yield* HttpServerRequest.HttpServerRequest
    const text = yield* Effect.either(request.text)
    // Half a request must not be done as if it were a whole one.
    if (text._tag === "Left") return HttpServerResponse.empty({ status: 400 })
    const { body, headers, status } = yield* emulator.handle({
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: text.right
    })
    return HttpServerResponse.text(body, { headers, status, contentType: headers["content-type"] })
  })

  /**
   * The emulator on the `HttpServer` provided, on a real socket.
   *
   * @since 0.1.0
   */
  static readonly layerServer: Layer.Layer<never, never, ClerkEmulator | HttpServer.HttpServer> =
    HttpServer.serve(ClerkEmulator.httpApp)
}
