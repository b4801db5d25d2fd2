// Checked by `npm run check`, never run. It states what the types of the operations promise.
import type { IncomingMessage } from "node:http"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import {
  type ClerkBadRequest,
  type ClerkConfigError,
  type ClerkConflict,
  type ClerkDecodeError,
  ClerkError,
  type ClerkForbidden,
  type ClerkGone,
  ClerkHttp,
  type ClerkInvalidRequest,
  type ClerkNotFound,
  type ClerkRateLimited,
  type ClerkServerError,
  type ClerkTimeout,
  type ClerkTransportError,
  type ClerkUnauthorized,
  type ClerkUnexpectedStatus,
  type ClerkUnprocessableEntity,
  type Op,
  Operation,
  RequestPolicy,
  type Session,
  type SessionCookies,
  type SessionId,
  type SessionPage,
  type SessionStatus,
  Sessions,
  type SessionToken
} from "effect-clerk"
import { expectTypeOf } from "vitest"
import { Tag } from "#test/context.js"
import type { HttpServerRequest } from "#test/httpServer.js"
import { type Result, result, type TimeoutError } from "#test/result.js"
import { structWithKeys } from "#test/schema.js"
import type { Success } from "../support/types.js"

type Common =
  | ClerkBadRequest
  | ClerkUnauthorized
  | ClerkForbidden
  | ClerkRateLimited
  | ClerkServerError
  | ClerkUnexpectedStatus
  | ClerkInvalidRequest
  | ClerkTransportError
  | ClerkTimeout
  | ClerkDecodeError

declare const sessionId: SessionId
const secretKey = Redacted.make("sk_test_type")
const expired = { expiredToken: "a.b.c", refreshToken: secretKey, requestOrigin: "https://app.example.com" }

// Success, error and requirement of each operation.
expectTypeOf(Sessions.list({ userId: "u" })).toEqualTypeOf<
  Op<SessionPage, Common | ClerkUnprocessableEntity>
>()
expectTypeOf(Sessions.create({ userId: "u" })).toEqualTypeOf<
  Op<Session, Common | ClerkNotFound | ClerkConflict | ClerkUnprocessableEntity>
>()
expectTypeOf(Sessions.get("s")).toEqualTypeOf<Op<Session, Common | ClerkNotFound>>()
expectTypeOf(Sessions.get(sessionId)).toEqualTypeOf<Op<Session, Common | ClerkNotFound>>()
expectTypeOf(Sessions.refresh("s", expired)).toEqualTypeOf<
  Op<SessionToken, Common | ClerkUnprocessableEntity>
>()
expectTypeOf(Sessions.refresh("s", { ...expired, format: "token" })).toEqualTypeOf<
  Op<SessionToken, Sessions.RefreshError>
>()
expectTypeOf(Sessions.refresh("s", { ...expired, format: "cookie" })).toEqualTypeOf<
  Op<SessionCookies, Sessions.RefreshError>
>()
declare const format: "token" | "cookie"
expectTypeOf(Sessions.refresh("s", { ...expired, format })).toEqualTypeOf<
  Op<SessionToken | SessionCookies, Sessions.RefreshError>
>()
expectTypeOf(Sessions.revoke("s")).toEqualTypeOf<Op<Session, Common | ClerkNotFound | ClerkConflict>>()
expectTypeOf(Sessions.verify("s")).toEqualTypeOf<Op<Session, Common | ClerkNotFound | ClerkGone>>()
expectTypeOf(Sessions.createToken("s")).toEqualTypeOf<
  Op<SessionToken, Common | ClerkNotFound | ClerkUnprocessableEntity>
>()
expectTypeOf(Sessions.createTokenFromTemplate("s", "t")).toEqualTypeOf<
  Op<SessionToken, Common | ClerkNotFound | ClerkUnprocessableEntity>
>()
expectTypeOf(Sessions.stream({ clientId: "c" })).toEqualTypeOf<
  Stream.Stream<Session, Common | ClerkUnprocessableEntity, ClerkHttp>
>()

// A list is of a user or of a client, or of both, and of nothing else.
Sessions.list({ userId: "u", clientId: "c", status: "active", limit: 1, offset: 0 })
// @ts-expect-error neither userId nor clientId
Sessions.list({ status: "active" })
// @ts-expect-error a misspelt filter
Sessions.list({ userId: "u", stauts: "active" })
// @ts-expect-error not a status
Sessions.list({ userId: "u", status: "gone" })

// Run bare, an operation compiles; composed, it does not until ClerkHttp is provided.
Effect.runPromise(Sessions.get("s"))
Effect.runFork(Sessions.revoke("s"))
const status = Sessions.get("s").pipe(Effect.map((session) => session.status))
expectTypeOf(status).toEqualTypeOf<Effect.Effect<SessionStatus, Sessions.GetError, ClerkHttp>>()
// @ts-expect-error ClerkHttp is missing
Effect.runPromise(status)
Effect.runPromise(Effect.provide(status, ClerkHttp.layerFetch({ secretKey })))
Effect.runPromise(Effect.provide(Sessions.get("s"), ClerkHttp.layerDefault))

// Every usual way of composing keeps the requirement and the error.
type Needs<A, E = Sessions.GetError> = Effect.Effect<A, E, ClerkHttp>
const get = Sessions.get("s")
const generated = Effect.gen(function* () {
  const session = yield* get
  return session.id
})
expectTypeOf(generated).toEqualTypeOf<Needs<SessionId>>()
const traced = Effect.fn("find")(function* (id: string) {
  return yield* Sessions.get(id)
})
expectTypeOf(traced("s")).toEqualTypeOf<Needs<Session>>()
expectTypeOf(Effect.flatMap(get, (session) => Sessions.revoke(session.id))).toEqualTypeOf<
  Needs<Session, Sessions.GetError | Sessions.RevokeError>
>()
expectTypeOf(Effect.retry(get, { times: 2 })).toEqualTypeOf<Needs<Session>>()
expectTypeOf(Effect.retry(get, Schedule.recurs(1))).toEqualTypeOf<Needs<Session>>()
expectTypeOf(Effect.retry(get, { while: ClerkError.isRetryable, times: 2 })).toEqualTypeOf<Needs<Session>>()
expectTypeOf(Effect.all([get, get])).toEqualTypeOf<Needs<[Session, Session]>>()
expectTypeOf(Effect.forEach(["a", "b"], Sessions.get)).toEqualTypeOf<Needs<Array<Session>>>()
expectTypeOf(Effect.forEach(["a"], (id) => Sessions.get(id), { concurrency: 2 })).toEqualTypeOf<
  Needs<Array<Session>>
>()
expectTypeOf(result(get)).toEqualTypeOf<Needs<Result<Session, Sessions.GetError>, never>>()
expectTypeOf(Effect.timeout(get, "1 second")).toEqualTypeOf<
  Needs<Session, Sessions.GetError | TimeoutError>
>()
expectTypeOf(Effect.withSpan(get, "x")).toEqualTypeOf<Needs<Session>>()
expectTypeOf(Effect.catchTag(get, "ClerkNotFound", () => Effect.succeed(null))).toEqualTypeOf<
  Needs<Session | null, Exclude<Sessions.GetError, ClerkNotFound>>
>()
expectTypeOf(get.pipe(Effect.option, Effect.asVoid)).toEqualTypeOf<Needs<void, never>>()
expectTypeOf(get.pipe(Effect.provide(ClerkHttp.layerFetch({ secretKey })))).toEqualTypeOf<
  Effect.Effect<Session, Sessions.GetError | ClerkConfigError>
>()
// @ts-expect-error a status that Sessions.get does not document is not in its errors
Effect.catchTag(get, "ClerkConflict", () => Effect.succeed(null))

// The client has every function of the module, with the same signatures, values and errors, and without requirements.
type Functions = {
  [Name in keyof typeof Sessions as (typeof Sessions)[Name] extends (...args: never) => unknown
    ? Name
    : never]: (typeof Sessions)[Name]
}
expectTypeOf<keyof Sessions.SessionsClient>().toEqualTypeOf<keyof Functions>()
type Bound<Result> =
  Result extends Op<infer A, infer E>
    ? Effect.Effect<A, E>
    : Result extends Stream.Stream<infer A, infer E, ClerkHttp>
      ? Stream.Stream<A, E>
      : never
/** The parameters and the result of each signature. No operation has more than three signatures. */
type Signatures<Operation, IsBound extends boolean> = Operation extends {
  (...args: infer First): infer FirstResult
  (...args: infer Second): infer SecondResult
  (...args: infer Third): infer ThirdResult
}
  ? {
      readonly first: readonly [First, IsBound extends true ? FirstResult : Bound<FirstResult>]
      readonly second: readonly [Second, IsBound extends true ? SecondResult : Bound<SecondResult>]
      readonly third: readonly [Third, IsBound extends true ? ThirdResult : Bound<ThirdResult>]
    }
  : never
expectTypeOf<{
  readonly [Name in keyof Sessions.SessionsClient]: Signatures<Sessions.SessionsClient[Name], true>
}>().toEqualTypeOf<{ readonly [Name in keyof Functions]: Signatures<Functions[Name], false> }>()
expectTypeOf(Sessions.client).toEqualTypeOf<Effect.Effect<Sessions.SessionsClient, never, ClerkHttp>>()
// @ts-expect-error ClerkHttp is missing
Effect.runPromise(Sessions.client)
declare const client: Sessions.SessionsClient
expectTypeOf(Effect.runPromise(client.get("s"))).toEqualTypeOf<Promise<Session>>()
expectTypeOf(client.get(sessionId)).toEqualTypeOf<Effect.Effect<Session, Common | ClerkNotFound>>()
expectTypeOf(client.list({ userId: "u" })).toEqualTypeOf<
  Effect.Effect<SessionPage, Common | ClerkUnprocessableEntity>
>()
// @ts-expect-error neither userId nor clientId
client.list({ status: "active" })
// @ts-expect-error neither userId nor clientId
client.stream({ status: "active" })
expectTypeOf(client.stream({ clientId: "c" })).toEqualTypeOf<
  Stream.Stream<Session, Common | ClerkUnprocessableEntity>
>()
type Refreshed<A> = Effect.Effect<A, Common | ClerkUnprocessableEntity>
expectTypeOf(client.refresh("s", expired)).toEqualTypeOf<Refreshed<SessionToken>>()
expectTypeOf(client.refresh("s", { ...expired, format: "token" })).toEqualTypeOf<Refreshed<SessionToken>>()
expectTypeOf(client.refresh("s", { ...expired, format: "cookie" })).toEqualTypeOf<Refreshed<SessionCookies>>()
expectTypeOf(client.refresh("s", { ...expired, format })).toEqualTypeOf<
  Refreshed<SessionToken | SessionCookies>
>()

// A service of these operations has no requirement left, and neither has one that captures ClerkHttp.
const makeDevices = Effect.gen(function* () {
  const sessions = yield* Sessions.client
  const http = yield* ClerkHttp
  return {
    find: (id: string) => sessions.get(id),
    findThrough: (id: string) => Sessions.get(id).pipe(Effect.provideService(ClerkHttp, http))
  }
})
type DevicesShape = Success<typeof makeDevices>
class Devices extends Tag("Devices")<Devices, DevicesShape>() {}
expectTypeOf(Layer.effect(Devices, makeDevices)).toEqualTypeOf<Layer.Layer<Devices, never, ClerkHttp>>()
expectTypeOf<DevicesShape["find"]>().returns.toEqualTypeOf<Effect.Effect<Session, Sessions.GetError>>()
expectTypeOf<DevicesShape["findThrough"]>().returns.toEqualTypeOf<Effect.Effect<Session, Sessions.GetError>>()

// A policy is data.
const policy: RequestPolicy.Settings = { ...RequestPolicy.standard, maxAttempts: 5 }
expectTypeOf(ClerkHttp.layerFetch({ secretKey, policy })).toEqualTypeOf<
  Layer.Layer<ClerkHttp, ClerkConfigError>
>()
// @ts-expect-error the key is Redacted
ClerkHttp.layerFetch({ secretKey: "sk_test_plain" })
// @ts-expect-error there is no such option
ClerkHttp.layerFetch({ secretKey, retries: 3 })

// A custom operation.
const Invitation = Schema.Struct({ id: Schema.String, createdAt: Schema.DateFromString })
const resend = Operation.make({
  name: "Invitations.resend",
  method: "POST",
  path: "/organizations/{organizationId}/invitations/{id}/resend",
  kind: "once",
  query: Schema.Struct({ notify: Schema.optional(Schema.Boolean) }),
  body: structWithKeys({ expiresInDays: Schema.optional(Schema.Int) }, { expiresInDays: "expires_in_days" }),
  success: Invitation,
  errors: [404, 422],
  responseId: "id",
  secrets: ["expires_in_days"]
})
const resent = resend({
  path: { organizationId: "org_1", id: "inv_1" },
  query: { notify: true },
  body: { expiresInDays: 3 }
})
expectTypeOf(resent).toEqualTypeOf<
  Op<typeof Invitation.Type, Common | ClerkNotFound | ClerkUnprocessableEntity>
>()
// @ts-expect-error a path parameter is missing
resend({ path: { id: "inv_1" }, query: {}, body: {} })
// @ts-expect-error the body is missing
resend({ path: { organizationId: "org_1", id: "inv_1" }, query: {} })
const jwks = Operation.make({
  name: "Jwks.get",
  method: "GET",
  path: "/jwks",
  kind: "read",
  success: Schema.Struct({ keys: Schema.Array(Schema.Unknown) })
})
expectTypeOf(jwks({})).toEqualTypeOf<Op<{ readonly keys: ReadonlyArray<unknown> }, Common>>()
Operation.make({
  name: "X",
  method: "GET",
  path: "/x/{id}",
  kind: "read",
  success: Schema.Void,
  // @ts-expect-error a status that is not one of the declarable ones
  errors: [418]
})
Operation.make({
  name: "X",
  method: "GET",
  path: "/x/{id}",
  kind: "read",
  success: Schema.Void,
  // @ts-expect-error not a parameter of the path
  responseId: "name"
})
// @ts-expect-error a misspelt part of the input
jwks({ paht: { id: "1" } })
// @ts-expect-error a part that is not declared
jwks({ query: { limit: 5 } })
// @ts-expect-error a parameter too many
resend({ path: { organizationId: "o", id: "i", other: "x" }, query: {}, body: {} })
// @ts-expect-error a misspelt parameter
resend({ path: { organizationID: "o", id: "i" }, query: {}, body: {} })

// The compiler's message for an invalid path is the expected form.
expectTypeOf<
  Operation.CheckedPath<"/things/{id}/parts/{part}">
>().toEqualTypeOf<"/things/{id}/parts/{part}">()
expectTypeOf<Operation.CheckedPath<"/jwks">>().toEqualTypeOf<"/jwks">()
expectTypeOf<Operation.CheckedPath<`/${string}`>>().toEqualTypeOf<`/${string}`>()
type Twice = "a path has a parameter only once, and id is in it twice"
type Nameless = "a parameter of a path needs a name, as in /users/{id}"
type Dots = "a path has no segment . or .."
type Empty = "a path has no empty segment, and no / at its end"
type Part = "a parameter of a path is a segment of its own, as in /users/{id}"
type Query = "a path has no query or fragment: declare the query as query"
interface Faults {
  "/{id}/{id}": Twice
  "/a/{id}/b/{other}/{id}": Twice
  "/{}": Nameless
  "/../x": Dots
  "/x/.": Dots
  "/x/": Empty
  "//x": Empty
  "/x{id}": Part
  "/{id": Part
  "/x?limit=5": Query
}
expectTypeOf<{ [Path in keyof Faults]: Operation.CheckedPath<Path> }>().toEqualTypeOf<{
  [Path in keyof Faults]: Faults[Path]
}>()
Operation.make({
  name: "X",
  method: "GET",
  // @ts-expect-error a parameter that stands twice
  path: "/x/{id}/{id}",
  kind: "read",
  success: Schema.Void
})
Operation.make({
  name: "X",
  method: "GET",
  // @ts-expect-error no slash at the beginning
  path: "x/{id}",
  kind: "read",
  success: Schema.Void
})
Operation.make({
  name: "X",
  // @ts-expect-error not a method
  method: "get",
  path: "/x/{id}",
  kind: "read",
  success: Schema.Void
})
Operation.make({
  name: "X",
  method: "POST",
  path: "/x/{id}",
  // @ts-expect-error not a kind
  kind: "Once",
  success: Schema.Void
})
Operation.make({
  name: "X",
  method: "GET",
  path: "/x/{id}",
  kind: "read",
  success: Schema.Void,
  // @ts-expect-error a misspelt part
  erors: [404]
})
expectTypeOf<Operation.ErrorOf>().toEqualTypeOf<Common>()
expectTypeOf<Operation.ErrorOf<404 | 410>>().toEqualTypeOf<Common | ClerkNotFound | ClerkGone>()

// Codes complete in an editor, and others are accepted.
declare const unknownError: unknown
ClerkError.hasCode(unknownError, "resource_not_found")
ClerkError.hasCode(unknownError, "a_code_of_tomorrow")

// A caught value may be a FiberFailure that holds the error, so it is not narrowed. `from` returns the error.
expectTypeOf(ClerkError.from(unknownError)).toEqualTypeOf<ClerkError | undefined>()
expectTypeOf(ClerkError.is(unknownError)).toEqualTypeOf<boolean>()
declare const caught: Error
if (ClerkError.is(unknownError)) expectTypeOf(unknownError).toBeUnknown()
if (ClerkError.is(caught)) expectTypeOf(caught).toEqualTypeOf<Error>()
// An error with a tag, as in an error channel, is narrowed.
class Own extends Data.TaggedError("Own")<{ readonly why: string }> {}
declare const ofCall: Sessions.GetError | Own
if (ClerkError.is(ofCall)) expectTypeOf(ofCall).toEqualTypeOf<Sessions.GetError>()
else expectTypeOf(ofCall).toEqualTypeOf<Own>()
declare const program: Effect.Effect<number, Sessions.GetError | Own, ClerkHttp>
expectTypeOf(Effect.catchIf(program, ClerkError.is, () => Effect.succeed(0))).toMatchTypeOf<
  Effect.Effect<number, Sessions.GetError | Own, ClerkHttp>
>()
Effect.catchIf(
  program,
  (error) => ClerkError.is(error),
  (error) => Effect.succeed(error.operation.length)
)

// Request headers are taken in every form a server has them.
declare const nodeRequest: IncomingMessage
declare const webRequest: Request
declare const platformRequest: HttpServerRequest.HttpServerRequest
for (const requestHeaders of [
  nodeRequest.headers,
  nodeRequest.headersDistinct,
  webRequest.headers,
  webRequest.headers.entries(),
  platformRequest.headers,
  new Map([["cookie", "a=1"]]),
  new Map([["cookie", ["a=1"]]]),
  [["cookie", "a=1"]] as const,
  Object.entries({ cookie: "a=1" }),
  { cookie: "a=1", accept: undefined, "x-forwarded-for": ["10.0.0.1"] }
]) {
  Sessions.refresh("s", { ...expired, requestHeaders })
}
// @ts-expect-error lines of text
Sessions.refresh("s", { ...expired, requestHeaders: ["cookie: a=1"] })
// @ts-expect-error a text
Sessions.refresh("s", { ...expired, requestHeaders: "cookie: a=1" })
// @ts-expect-error a number as a value
Sessions.refresh("s", { ...expired, requestHeaders: { "content-length": 5 } })
// @ts-expect-error the request in place of its headers
Sessions.refresh("s", { ...expired, requestHeaders: webRequest })
