import { Duration, Effect, Layer, Schema } from "effect"
import { ClerkKeysUnavailable, SigningKeys } from "effect-clerk"
import {
  Authenticator,
  ClerkAuth,
  ClerkAuthRequiring,
  ClerkRouter,
  CurrentSession
} from "effect-clerk/http-api"
import * as Endpoint from "#test/httpApi.js"
import {
  apiHandler,
  HttpApi,
  HttpApiGroup,
  type LiveApi,
  layerApi,
  layerGroup,
  servingTwice
} from "#test/httpApi.js"
import { HttpRouter, jsonResponse, layerServices } from "#test/httpServer.js"
import { Claims, TenantAuth, TenantSession } from "#test/ownAuth.js"
import { describe, expect, it } from "#test/vitest.js"
import {
  app,
  bearer,
  clerkWithKeys,
  inProcess,
  newUser,
  outcome,
  standard
} from "../support/protectedServers.js"

const tenant = Effect.map(TenantSession, ({ custom }) => custom.tenant)

const get = <const Name extends string>(name: Name) => Endpoint.get(name, `/${name}`, Schema.String)

class Tenants extends HttpApi.make("tenants").add(
  HttpApiGroup.make("group").add(get("tenant")).middleware(TenantAuth)
) {}

const webOf = <E>(live: LiveApi<E>) => inProcess(() => apiHandler(live))

describe("custom claims", () => {
  const servers = {
    "through a custom middleware": (keys: Layer.Layer<SigningKeys>) =>
      webOf(
        layerApi(Tenants).pipe(
          Layer.provide(layerGroup(Tenants, "group", (handlers) => handlers.handle("tenant", () => tenant))),
          Layer.provide(TenantAuth.layer),
          Layer.provide(keys)
        )
      ),
    "through ClerkRouter.make": (keys: Layer.Layer<SigningKeys>) =>
      inProcess(() =>
        HttpRouter.toWebHandler(
          HttpRouter.add(
            "GET",
            "/tenant",
            Effect.map(tenant, (name) => jsonResponse(name))
          ).pipe(
            Layer.provide(
              ClerkRouter.make(TenantSession, Authenticator.make({ cookies: false, claims: Claims })).layer
            ),
            Layer.provide(keys),
            Layer.provide(layerServices)
          ),
          { disableLogger: true }
        )
      )
  }

  it.live.each(Object.entries(servers))("reach the handler %s, and errors have their headers", ([, serve]) =>
    Effect.gen(function* () {
      const { clerk, keys } = yield* clerkWithKeys()
      const send = yield* serve(keys)
      const { sessionId, token } = yield* newUser(clerk)
      const good = yield* clerk.mintSessionToken(sessionId, { origin: app, claims: { tenant: "acme" } })
      expect(outcome(yield* send("GET /tenant", bearer(good)))).toBe("200 acme")
      const rejected = yield* send("GET /tenant", bearer(token))
      expect(rejected.status).toBe(401)
      // The path of the issue in the claims is for the log.
      expect(JSON.parse(rejected.body)).toEqual({ _tag: "ClerkTokenError", reason: "claims" })
      expect(rejected.headers["www-authenticate"]).toBe(
        'Bearer realm="clerk", error="invalid_token", error_description="the token was rejected (claims)"'
      )
    })
  )
})

class Deletes extends ClerkAuthRequiring<Deletes>()("Deletes", { permission: "org:teams:delete" }) {}

class Stacked extends HttpApi.make("stacked").add(
  HttpApiGroup.make("group").add(get("me")).add(get("teams").middleware(Deletes)).middleware(ClerkAuth)
) {}

const user = Effect.map(CurrentSession, ({ userId }) => userId)

const stacked = (keys: Layer.Layer<SigningKeys>) =>
  layerApi(Stacked).pipe(
    Layer.provide(
      layerGroup(Stacked, "group", (handlers) =>
        handlers.handle("me", () => user).handle("teams", () => user)
      )
    ),
    Layer.provide(ClerkAuth.layer(standard)),
    Layer.provide(Deletes.layer(standard)),
    Layer.provide(keys)
  )

describe("two middlewares on one endpoint", () => {
  it.live("both have to accept a request", () =>
    Effect.gen(function* () {
      const { clerk, keys } = yield* clerkWithKeys()
      const send = yield* webOf(stacked(keys))
      const { id } = yield* clerk.createUser()
      const { id: organizationId } = yield* clerk.createOrganization({
        features: ["teams"],
        members: [{ userId: id, permissions: ["org:teams:delete"] }]
      })
      const { sessionToken } = yield* clerk.signIn(id, { organizationId })
      expect(outcome(yield* send("GET /teams", bearer(sessionToken)))).toBe(`200 ${id}`)
      expect((yield* send("GET /teams", bearer((yield* newUser(clerk)).token))).status).toBe(403)
      const rejected = yield* send("GET /teams")
      expect(outcome(rejected)).toBe("401 missing")
      expect(rejected.headers["www-authenticate"]).toBe('Bearer realm="clerk"')
    })
  )
})

describe("a request that is served again", () => {
  it.live("is authenticated again", () =>
    Effect.gen(function* () {
      const { clerk, keys } = yield* clerkWithKeys()
      const { find } = yield* Effect.provide(SigningKeys, keys)
      let calls = 0
      const recovering = Layer.succeed(SigningKeys, {
        find: (kid) =>
          Effect.suspend(() =>
            calls++ === 0
              ? Effect.fail(
                  new ClerkKeysUnavailable({
                    reason: "unreachable",
                    retryAfter: Duration.seconds(1),
                    retryable: true
                  })
                )
              : find(kid)
          )
      })
      const send = yield* webOf(servingTwice(stacked(recovering)))
      const { id, token } = yield* newUser(clerk)
      const response = yield* send("GET /me", bearer(token))
      expect(outcome(response)).toBe(`200 ${id}`)
      expect(response.headers["retry-after"]).toBeUndefined()
      expect(response.headers["cache-control"]).toBeUndefined()
      expect(calls).toBe(2)
    })
  )
})
