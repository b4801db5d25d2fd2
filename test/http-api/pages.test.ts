import { Data, Effect, Layer, Option } from "effect"
import { ClerkHttp, SigningKeys } from "effect-clerk"
import { ClerkRouter, OptionalSession } from "effect-clerk/http-api"
import { DEFAULT_ORIGIN as app, ClerkEmulator, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import { HttpRouter, HttpServerResponse, layerServices } from "#test/httpServer.js"
import { describe, expect, it } from "#test/vitest.js"
import { inProcess, onSocket } from "../support/protectedServers.js"

const quietly = { disableLogger: true, disableListenLog: true } as const

const hello = Effect.map(OptionalSession, (session) =>
  HttpServerResponse.text(Option.isSome(session) ? session.value.userId : "nobody", {
    headers: { "cache-control": "public" }
  })
)

class Broken extends Data.TaggedError("Broken") {}

/** Each way in which a route can fail, and the status of the response. */
const failures = [
  ["/fails", Effect.fail(new Broken()), 500],
  ["/dies", Effect.die(new Error("a defect")), 500],
  ["/throws", Effect.sync(() => JSON.parse("{")), 500],
  ["/responds", Effect.fail(HttpServerResponse.text("gone", { status: 410 })), 410]
] as const

const failing = Layer.mergeAll(
  HttpRouter.add("GET", failures[0][0], failures[0][1]),
  HttpRouter.add("GET", failures[1][0], failures[1][1]),
  HttpRouter.add("GET", failures[2][0], failures[2][1]),
  HttpRouter.add("GET", failures[3][0], failures[3][1])
)

const routes = (clerk: Layer.Layer<ClerkEmulator>, publishableKey: string) =>
  Layer.mergeAll(HttpRouter.add("GET", "/", hello), HttpRouter.add("POST", "/", hello), failing).pipe(
    Layer.provide(ClerkRouter.pages({ publishableKey, authorizedParties: [app], origin: app }).layer),
    Layer.provide(SigningKeys.layerJwks),
    Layer.provide(ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY })),
    Layer.provide(ClerkEmulator.layerHttpClient),
    Layer.provide(clerk)
  )

const stages = [
  {
    name: "as a web handler",
    serve: (clerk: Layer.Layer<ClerkEmulator>, key: string) =>
      inProcess(() => HttpRouter.toWebHandler(routes(clerk, key).pipe(Layer.provide(layerServices)), quietly))
  },
  {
    name: "on a socket",
    serve: (clerk: Layer.Layer<ClerkEmulator>, key: string) =>
      onSocket(HttpRouter.serve(routes(clerk, key), quietly))
  }
] as const

describe.each(stages)("ClerkRouter.pages $name", ({ serve }) => {
  const open = Effect.gen(function* () {
    const clerk = yield* ClerkEmulator.make({ production: true })
    const user = yield* clerk.createUser()
    const send = yield* serve(Layer.succeed(ClerkEmulator, clerk), clerk.publishableKey)
    return { clerk, send, user, suffix: clerk.cookieSuffix }
  })

  it.live("serves the page of a signed-in user and of nobody, and leaves its headers", () =>
    Effect.gen(function* () {
      const { clerk, send, user } = yield* open
      const { sessionToken } = yield* clerk.signIn(user.id)
      const response = yield* send("GET /", { cookie: `__session=${sessionToken}; __client_uat=1` })
      expect([response.status, response.body]).toEqual([200, user.id])
      expect(response.headers["cache-control"]).toBe("public")
      expect((yield* send("GET /", {})).body).toBe("nobody")
    })
  )

  it.live("refreshes an expired session and sets the cookies on the page", () =>
    Effect.gen(function* () {
      const { clerk, send, suffix, user } = yield* open
      const { refreshToken, sessionToken } = yield* clerk.signIn(user.id, { age: "2 minutes" })
      const cookie = `__session=${sessionToken}; __client_uat=1; __refresh_${suffix}=${refreshToken}`
      const response = yield* send("GET /", { cookie })
      expect([response.status, response.body]).toEqual([200, user.id])
      expect(response.headers["cache-control"]).toBe("no-store")
      expect(response.headers["set-cookie"]).toMatch(/__session=eyJ[^;,]+; [^,]*Secure; SameSite=Lax/)
      expect(response.headers["set-cookie"]).toMatch(new RegExp(`__refresh_${suffix}=[^;]+; .*HttpOnly`))
    })
  )

  it.live.each(failures)("sets the cookies of a refresh also where the route %s", ([path, , status]) =>
    Effect.gen(function* () {
      const { clerk, send, suffix, user } = yield* open
      const { refreshToken, sessionToken } = yield* clerk.signIn(user.id, { age: "2 minutes" })
      const cookie = `__session=${sessionToken}; __client_uat=1; __refresh_${suffix}=${refreshToken}`
      const response = yield* send(`GET ${path}`, { cookie })
      expect(response.status).toBe(status)
      expect(response.headers["cache-control"]).toBe("no-store")
      expect(response.headers["set-cookie"]).toMatch(/__session=eyJ[^;,]+; [^,]*Secure; SameSite=Lax/)
      expect(response.headers["set-cookie"]?.match(new RegExp(`__refresh_${suffix}=`, "g"))).toHaveLength(1)
    })
  )

  it.live("redirects a page load to the handshake, and serves any other request signed out", () =>
    Effect.gen(function* () {
      const { clerk, send, user } = yield* open
      const { sessionToken } = yield* clerk.signIn(user.id, { age: "2 minutes" })
      const cookie = `__session=${sessionToken}; __client_uat=1`
      const response = yield* send("GET /", { cookie, "sec-fetch-dest": "document" })
      expect(response.status).toBe(307)
      expect(response.headers["cache-control"]).toBe("no-store")
      expect(response.headers["set-cookie"]).toContain("__clerk_redirect_count=1")
      const location = new URL(response.headers["location"] ?? "")
      expect(location.origin + location.pathname).toBe(`${clerk.issuer}/v1/client/handshake`)
      expect(location.searchParams.get("redirect_url")).toBe(`${app}/`)
      expect((yield* send("GET /", { cookie, "sec-fetch-dest": "empty" })).body).toBe("nobody")
      expect((yield* send("POST /", { cookie, "sec-fetch-dest": "document" })).body).toBe("nobody")
    })
  )

  it.live("responds with 503 while the keys are unavailable", () =>
    Effect.gen(function* () {
      const { clerk, send, user } = yield* open
      const { sessionToken } = yield* clerk.signIn(user.id)
      yield* clerk.respondNext({ operation: "SigningKeys.jwks", status: 401 })
      const response = yield* send("GET /", { cookie: `__session=${sessionToken}; __client_uat=1` })
      expect(response.status).toBe(503)
      expect(response.body).toContain("ClerkKeysUnavailable")
    })
  )
})
