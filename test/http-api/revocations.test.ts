import { DateTime, Duration, Effect, Layer, Option } from "effect"
import { ClerkHttp, SigningKeys } from "effect-clerk"
import { type Authenticator, RequestAuth } from "effect-clerk/http-api"
import { Revocations } from "effect-clerk/revocations"
import { DEFAULT_ORIGIN as app, ClerkEmulator, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import { assert, describe, expect, it } from "#test/vitest.js"
import {
  bearer,
  clerkWithKeys,
  cookie,
  newUser,
  outcome,
  stages,
  standard
} from "../support/protectedServers.js"
import { untyped } from "../support/requests.js"

const stale = Layer.succeed(Revocations, {
  isRevoked: () => false,
  isUnavailable: () => true,
  revoke: () => Effect.void,
  holdUsers: () => Effect.void,
  release: () => Effect.void,
  lag: Effect.succeed(Duration.infinity)
})

const stage = SigningKeys.layerJwks.pipe(
  Layer.provideMerge(ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY })),
  Layer.provide(ClerkEmulator.layerHttpClient),
  Layer.provideMerge(ClerkEmulator.layer({ production: true })),
  Layer.provideMerge(Revocations.layerMemory())
)

const make = Effect.flatMap(ClerkEmulator, ({ publishableKey }) =>
  RequestAuth.make({ publishableKey, authorizedParties: [app], origin: app, revocations: true })
)

const page = (cookie: string, headers: Readonly<Record<string, string>> = {}) =>
  new Request(`${app}/account`, { headers: { "sec-fetch-dest": "document", cookie, ...headers } })

const signedIn = (age?: "2 minutes") =>
  Effect.gen(function* () {
    const clerk = yield* ClerkEmulator
    const user = yield* clerk.createUser()
    return { clerk, user, ...(yield* clerk.signIn(user.id, age === undefined ? {} : { age })) }
  })

const signedOut = { _tag: "SignedOut", reason: "session-token-revoked", setCookies: [] }

const sent = Effect.flatMap(ClerkEmulator, ({ requests }) =>
  Effect.map(requests, (all) => all.map(({ operation }) => operation).filter((name) => name !== "Jwks.get"))
)

describe("RequestAuth with revocations", () => {
  it.live("signs a revoked session out at once, without a refresh or a handshake", () =>
    Effect.gen(function* () {
      const { session, sessionToken } = yield* signedIn()
      const authenticate = yield* make
      const { revoke } = yield* Revocations
      const cookie = `__session=${sessionToken}; __client_uat=1`
      expect((yield* authenticate(page(cookie)))._tag).toBe("SignedIn")
      yield* revoke(session.id)
      const outcome = yield* authenticate(page(cookie))
      expect(outcome).toEqual(signedOut)
      expect(RequestAuth.toResponse(outcome)).toEqual(Option.none())
      // A bearer token on a page load, and a call of an API.
      expect(yield* authenticate(page("", { authorization: `Bearer ${sessionToken}` }))).toEqual(signedOut)
      expect(yield* authenticate({ method: "POST", url: "/", headers: { cookie } })).toEqual(signedOut)
      expect(yield* sent).not.toContain("Sessions.refresh")
    }).pipe(Effect.provide(stage))
  )

  it.live("keeps a refreshed session signed out while its user is held", () =>
    Effect.gen(function* () {
      const { clerk, refreshToken, sessionToken, user } = yield* signedIn("2 minutes")
      const authenticate = yield* make
      const { holdUsers, release } = yield* Revocations
      const cookie = `__session=${sessionToken}; __client_uat=1; __refresh_${clerk.cookieSuffix}=${refreshToken}`
      yield* holdUsers([user.id], yield* DateTime.now)
      const outcome = yield* authenticate(page(cookie))
      // Not a handshake, which would bring another token and begin again.
      expect([outcome._tag, outcome.setCookies.length > 0]).toEqual(["SignedOut", true])
      assert(outcome._tag === "SignedOut")
      expect(outcome.reason).toBe("session-token-revoked")
      yield* release([user.id])
    }).pipe(Effect.provide(stage))
  )

  it.live("signs a revoked session out of a connection", () =>
    Effect.gen(function* () {
      const { session, sessionToken } = yield* signedIn()
      const connect = yield* RequestAuth.connection({ authorizedParties: [app], revocations: true })
      const headers = { cookie: `__session=${sessionToken}; __client_uat=1`, origin: app }
      expect((yield* connect(headers))._tag).toBe("SignedIn")
      yield* Effect.flatMap(Revocations, ({ revoke }) => revoke(session.id))
      expect(yield* connect(headers)).toEqual(signedOut)
    }).pipe(Effect.provide(stage))
  )

  it.live("fails where the copy is too old, so that nobody is signed out", () =>
    Effect.gen(function* () {
      const { sessionToken } = yield* signedIn()
      const authenticate = yield* Effect.provide(make, stale)
      const error = yield* Effect.flip(authenticate(page(`__session=${sessionToken}; __client_uat=1`)))
      expect(error).toMatchObject({ _tag: "ClerkKeysUnavailable", reason: "revocations" })
    }).pipe(Effect.provide(stage))
  )
})

describe.each(stages)("over $name", ({ serve }) => {
  // The servers of these tests are built for any options.
  const options = untyped<Authenticator.AuthOptions>({ ...standard, revocations: true })

  it.live("the token of a revoked session is a 401 that states the reason", () =>
    Effect.gen(function* () {
      const { clerk, keys } = yield* clerkWithKeys()
      const revocations = yield* Revocations
      const send = yield* serve(Layer.merge(keys, Layer.succeed(Revocations, revocations)), options)
      const user = yield* newUser(clerk)
      expect(outcome(yield* send("GET /me", bearer(user.token)))).toBe(`200 ${user.id}`)
      yield* revocations.revoke(user.sessionId)
      for (const headers of [bearer(user.token), cookie(user.token)]) {
        const response = yield* send("GET /me", headers)
        expect(outcome(response)).toBe("401 revoked")
        expect(response.headers["www-authenticate"]).toContain("the token was rejected (revoked)")
        expect(outcome(yield* send("GET /visitor", headers))).toBe("200 nobody")
      }
    }).pipe(Effect.provide(Revocations.layerMemory()))
  )

  it.live("a copy that is too old is a 503", () =>
    Effect.gen(function* () {
      const { clerk, keys } = yield* clerkWithKeys()
      const send = yield* serve(Layer.merge(keys, stale), options)
      const user = yield* newUser(clerk)
      for (const path of ["/me", "/visitor"]) {
        const response = yield* send(`GET ${path}`, bearer(user.token))
        expect([response.status, response.headers["www-authenticate"]]).toEqual([503, undefined])
        expect(JSON.parse(response.body)).toMatchObject({ reason: "revocations" })
      }
    })
  )
})
