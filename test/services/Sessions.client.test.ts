import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import {
  ClerkHttp,
  type ClerkHttpService,
  ClerkNotFound,
  type ClerkRequest,
  type ClerkResponse,
  RequestPolicy,
  type Session,
  Sessions
} from "effect-clerk"
import { ClerkEmulator, ClerkTest, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import { variables, withConfigProvider } from "#test/config.js"
import { Tag } from "#test/context.js"
import { describe, expect, it } from "#test/vitest.js"
import { defectOf } from "../support/exits.js"
import { type AnyError, everyRefreshParameter, operations, refreshParams } from "../support/operations.js"
import { untyped } from "../support/requests.js"
import { refused, runScripted, runToFailure } from "../support/scriptedCalls.js"
import { spansOf } from "../support/spans.js"
import * as wire from "../support/wire.js"

/** A ClerkHttp that records its requests. */
const recorder = (respond: (request: ClerkRequest) => ClerkResponse) => {
  const requests: Array<ClerkRequest> = []
  const http: ClerkHttpService = {
    execute: (request) => {
      requests.push(request)
      return Effect.succeed(respond(request))
    }
  }
  return { http, requests }
}

const clientOf = (http: ClerkHttpService) => Effect.provideService(Sessions.client, ClerkHttp, http)

const asksForCookies = (body: unknown) =>
  typeof body === "object" && body !== null && "format" in body && body.format === "cookie"

/** The successful response to each request. */
const success = ({ body, operation }: ClerkRequest) =>
  ClerkTest.json(
    200,
    asksForCookies(body) ? wire.cookies : operations.find(({ name }) => name === operation)?.answer
  )

const session = () => ClerkTest.json(200, wire.session)

const notFound = () => ClerkTest.json(404, { errors: [{ code: "resource_not_found", message: "no" }] })

type Single = Exclude<keyof Sessions.SessionsClient, "stream">
type Call = (sessions: Pick<Sessions.SessionsClient, Single>) => Effect.Effect<unknown, AnyError>

/** Calls of every operation, with few and with all parameters. The stream has tests of its own. */
const calls: { readonly [Name in Single]: readonly [Call, ...ReadonlyArray<Call>] } = {
  list: [
    ({ list }) => list({ userId: "user_1" }),
    ({ list }) => list({ clientId: "client_1", status: "active", limit: 5, offset: 10 })
  ],
  create: [({ create }) => create({ userId: "user_1", activeOrganizationId: "org_1" })],
  get: [({ get }) => get("sess_1")],
  refresh: [
    ({ refresh }) => refresh("sess_1", refreshParams),
    ({ refresh }) => refresh("sess_1", { ...everyRefreshParameter, format: "token", suffixedCookies: true }),
    ({ refresh }) => refresh("sess_1", { ...refreshParams, format: "cookie" })
  ],
  revoke: [({ revoke }) => revoke("sess_1")],
  verify: [({ verify }) => verify("sess_1"), ({ verify }) => verify("sess_1", { token: wire.token.jwt })],
  createToken: [
    ({ createToken }) => createToken("sess_1"),
    ({ createToken }) => createToken("sess_1", { expiresIn: "1 minute" })
  ],
  createTokenFromTemplate: [
    ({ createTokenFromTemplate }) => createTokenFromTemplate("sess_1", "supabase"),
    ({ createTokenFromTemplate }) => createTokenFromTemplate("sess_1", "supabase", { expiresIn: "1 hour" })
  ]
}

const cases = Object.entries(calls).flatMap(([name, variants]) =>
  variants.map((call, index) => ({ name, call, does: index === 0 ? name : `${name}, variant ${index + 1}` }))
)

describe("a client of Sessions", () => {
  it.effect.each(cases)(
    "sends the request of its function, and returns its result: $does",
    ({ call, name }) =>
      Effect.gen(function* () {
        const ofFunction = recorder(success)
        const ofClient = recorder(success)
        const expected = yield* Effect.provideService(call(Sessions), ClerkHttp, ofFunction.http)
        const found = yield* call(yield* clientOf(ofClient.http))
        expect(ofClient.requests.map(({ operation }) => operation)).toEqual([`Sessions.${name}`])
        expect(ofClient.requests).toStrictEqual(ofFunction.requests)
        expect(found).toEqual(expected)
      })
  )

  it.effect.each(cases)("fails with the error of its function: $does", ({ call }) =>
    Effect.gen(function* () {
      const expected = yield* call(Sessions).pipe(
        Effect.provideService(ClerkHttp, recorder(notFound).http),
        Effect.flip
      )
      const error = yield* Effect.flip(call(yield* clientOf(recorder(notFound).http)))
      expect(error.constructor).toBe(expected.constructor)
      expect(error).toMatchObject({ operation: expected.operation, message: expected.message })
    })
  )

  it.effect.each(cases)("keeps its ClerkHttp under another one: $does", ({ call, name }) =>
    Effect.gen(function* () {
      const own = recorder(success)
      const other = recorder(success)
      const client = yield* clientOf(own.http)
      yield* call(client).pipe(Effect.ignore, Effect.provideService(ClerkHttp, other.http))
      expect(own.requests.map(({ operation }) => operation)).toEqual([`Sessions.${name}`])
      expect(other.requests).toEqual([])
    })
  )

  it.effect("has functions that work without the object", () =>
    Effect.gen(function* () {
      const { http, requests } = recorder(session)
      const { get } = yield* clientOf(http)
      yield* Effect.forEach(["sess_1", "sess_1"], (id) => get(id))
      expect(requests).toHaveLength(2)
    })
  )

  it.effect("fails with errors that catchTag handles, and rejects invalid input before a request", () =>
    Effect.gen(function* () {
      const { http, requests } = recorder(notFound)
      const { get } = yield* clientOf(http)
      const missing = yield* Effect.catchTag(get("sess_1"), "ClerkNotFound", (error) => Effect.succeed(error))
      expect(missing).toBeInstanceOf(ClerkNotFound)
      expect(yield* Effect.flip(get("../users"))).toMatchObject({ _tag: "ClerkInvalidRequest", field: "id" })
      expect(requests).toHaveLength(1)
    })
  )

  it.effect("has its span below the span of the caller", () =>
    Effect.gen(function* () {
      const { get } = yield* clientOf(recorder(session).http)
      const spans = yield* spansOf(Effect.withSpan(get("sess_1"), "outer"))
      expect(spans.map(({ name, parent }) => [name, parent])).toEqual([
        ["outer", undefined],
        ["Sessions.get", "outer"]
      ])
    })
  )
})

describe("a client of Sessions that is run bare", () => {
  /** A provider with a key, which counts how often it is read. */
  const environment = () => {
    const counted = { reads: 0 }
    const provider = variables({ CLERK_SECRET_KEY: "sk_test_of_the_environment" }, () => {
      counted.reads++
    })
    return { counted, provider }
  }

  /** Runs without any services, not even those of a test. */
  const runBare = <A, E>(self: Effect.Effect<A, E>) => Effect.promise(() => Effect.runPromiseExit(self))

  it.live("uses its ClerkHttp and not the environment", () =>
    Effect.gen(function* () {
      const { http, requests } = recorder(({ operation }) =>
        operation === "Sessions.list" ? ClerkTest.json(200, wire.page) : session()
      )
      const sessions = yield* clientOf(http)
      const { counted, provider } = environment()
      const id = sessions.get("sess_1").pipe(
        Effect.map((found) => found.id),
        withConfigProvider(provider)
      )
      expect(yield* runBare(id)).toEqual(Exit.succeed("sess_1"))
      const count = sessions.stream({ userId: "user_1" }).pipe(Stream.runCount, withConfigProvider(provider))
      expect(yield* runBare(count)).toEqual(Exit.succeed(1))
      expect(requests.map(({ operation }) => operation)).toEqual(["Sessions.get", "Sessions.list"])
      expect(counted.reads).toBe(0)
    })
  )

  it.live("works among services without ClerkHttp", () =>
    Effect.gen(function* () {
      class Repo extends Tag("test/Repo")<
        Repo,
        { readonly find: (id: string) => Effect.Effect<Session, Sessions.GetError> }
      >() {}
      const { http } = recorder(session)
      const layer = Layer.effect(
        Repo,
        Effect.map(Sessions.client, ({ get }) => ({ find: (id: string) => get(id) }))
      )
      const found = Effect.flatMap(Repo, ({ find }) => find("sess_1")).pipe(
        Effect.map(({ id }) => id),
        Effect.provide(Layer.provide(layer, Layer.succeed(ClerkHttp, http)))
      )
      expect(yield* runBare(found)).toEqual(Exit.succeed("sess_1"))
    })
  )

  it.live("cannot be built from the environment", () =>
    Effect.gen(function* () {
      const { counted, provider } = environment()
      // The types require ClerkHttp, but a caller without types can omit it.
      const build = untyped<Effect.Effect<Sessions.SessionsClient>>(Sessions.client)
      const exit = yield* runBare(withConfigProvider(provider)(build))
      expect(String(defectOf(exit))).toContain("effect-clerk/services/ClerkHttp")
      expect(counted.reads).toBe(0)
    })
  )
})

describe("the policy of a client of Sessions", () => {
  const get = Effect.flatMap(Sessions.client, (sessions) => sessions.get("sess_1"))
  const policy = { maxAttempts: 2, timeout: "3 seconds" } as const

  it.effect("is that of its ClerkHttp, also under another one", () =>
    Effect.gen(function* () {
      const own = yield* runToFailure(get, { turns: [refused], policy })
      expect(own.requests).toHaveLength(2)
      const other = { ...recorder(session).http, policy: { maxAttempts: 5 } }
      const under = Effect.flatMap(Sessions.client, (sessions) =>
        Effect.provideService(sessions.get("sess_1"), ClerkHttp, other)
      )
      expect((yield* runToFailure(under, { turns: [refused], policy })).requests).toHaveLength(2)
    })
  )

  it.effect("gives way to the combinators around a call", () =>
    Effect.gen(function* () {
      const attempts = (combinator: typeof RequestPolicy.noRetry) =>
        Effect.map(
          runToFailure(combinator(get), { turns: [refused], policy }),
          ({ requests }) => requests.length
        )
      expect(yield* attempts(RequestPolicy.retry({ maxAttempts: 4 }))).toBe(4)
      expect(yield* attempts(RequestPolicy.noRetry)).toBe(1)
      const silent = { turns: [Effect.never], policy } as const
      const { ended } = yield* runToFailure(RequestPolicy.timeout("5 seconds")(get), silent)
      expect(ended).toBe(10_000)
      const limited = yield* runToFailure(RequestPolicy.deadline("4 seconds")(get), silent)
      expect([limited.error._tag, limited.ended]).toEqual(["ClerkTimeout", 3_999])
    })
  )

  it.effect("shares the retry budget with direct calls on the same ClerkHttp", () =>
    Effect.gen(function* () {
      const spend = (call: Effect.Effect<unknown, unknown, ClerkHttp>) =>
        Effect.forEach(Array.from({ length: 35 }), () => Effect.ignore(call), { discard: true })
      const direct = Sessions.get("sess_1")
      const attempts = (call: Effect.Effect<unknown, unknown, ClerkHttp>) =>
        Effect.map(
          runScripted(Effect.exit(call), { turns: [refused], policy }),
          ({ requests }) => requests.length
        )
      expect(yield* attempts(get)).toBe(2)
      // 35 retries use up the budget, so the last call is sent once.
      expect(yield* attempts(Effect.andThen(spend(direct), get))).toBe(71)
      expect(yield* attempts(Effect.andThen(spend(get), direct))).toBe(71)
    })
  )
})

describe("the stream of a client of Sessions", () => {
  const idsOf = <R>(stream: Stream.Stream<Session, Sessions.ListError, R>) =>
    Effect.map(Stream.runCollect(stream), (all) => Array.from(all).map(({ id }) => id))

  const three = ({ query }: ClerkRequest) => {
    const offset = Number(query?.["offset"])
    const ids = ["sess_1", "sess_2", "sess_3"].slice(offset, offset + Number(query?.["limit"]))
    return ClerkTest.json(200, { data: ids.map((id) => wire.sessionWith({ id })), total_count: 3 })
  }

  it.effect("sends the requests of Sessions.stream, each time that it runs", () =>
    Effect.gen(function* () {
      const own = recorder(three)
      const other = recorder(three)
      const { stream } = yield* clientOf(own.http)
      const ids = idsOf(stream({ userId: "user_1", limit: 2 }))
      expect(own.requests).toEqual([])
      expect(yield* Effect.provideService(ids, ClerkHttp, other.http)).toEqual(["sess_1", "sess_2", "sess_3"])
      expect(other.requests).toEqual([])
      yield* Effect.provideService(
        idsOf(Sessions.stream({ userId: "user_1", limit: 2 })),
        ClerkHttp,
        other.http
      )
      expect(own.requests).toHaveLength(2)
      expect(own.requests).toStrictEqual(other.requests)
      expect(yield* ids).toHaveLength(3)
      expect(own.requests).toHaveLength(4)
    })
  )

  it.effect("keeps the policy around it", () =>
    Effect.gen(function* () {
      const { requests } = yield* Effect.flatMap(Sessions.client, ({ stream }) =>
        RequestPolicy.retry({ maxAttempts: 4 })(Stream.runDrain(stream({ userId: "user_1" })))
      ).pipe((call) => runToFailure(call, { turns: [refused], policy: { maxAttempts: 2 } }))
      expect(requests).toHaveLength(4)
    })
  )

  it.effect("reads the sessions of an in-memory Clerk", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const sessions = yield* Sessions.client
      const user = yield* clerk.createUser()
      const first = yield* clerk.signIn(user.id)
      const second = yield* clerk.signIn(user.id)
      yield* sessions.revoke(first.session.id)
      const open = Stream.filter(sessions.stream({ userId: user.id }), ({ status }) => status === "active")
      expect(yield* idsOf(open)).toEqual([second.session.id])
    }).pipe(
      Effect.provide(
        ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY }).pipe(
          Layer.provide(ClerkEmulator.layerHttpClient),
          Layer.provideMerge(ClerkEmulator.layer())
        )
      )
    )
  )
})
