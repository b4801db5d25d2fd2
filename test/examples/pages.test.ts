import type { AddressInfo } from "node:net"
import { Effect, Layer, type Scope } from "effect"
import { ClerkHttp, SigningKeys } from "effect-clerk"
import type { RequestAuth } from "effect-clerk/http-api"
import { ClerkEmulator, type ClerkEmulatorService, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import { pagesRoutes } from "#test/examples.js"
import { HttpRouter, layerServices } from "#test/httpServer.js"
import { assert, describe, expect, it } from "#test/vitest.js"
import { type Authenticate, makeAuthenticate } from "../../examples/pages/auth.js"
import { makeExpress } from "../../examples/pages/express.js"
import { makeHandler } from "../../examples/pages/handler.js"
import { makeHono } from "../../examples/pages/hono.js"
import { makeGet, makeMiddleware } from "../../examples/pages/next.js"

const app = "https://app.example.com"

type Send = (request: Request) => Promise<Response>

interface Server {
  readonly options: RequestAuth.Options
  readonly clerk: Layer.Layer<ClerkHttp | SigningKeys>
}

const authenticateFor = ({ clerk, options }: Server): Effect.Effect<Authenticate> =>
  Effect.promise(() => makeAuthenticate(options, clerk))

/** Next.js renders the page with the headers that the middleware gives it, and keeps the headers of its response. */
const overNext = (authenticate: Authenticate): Send => {
  const get = makeGet(authenticate)
  return async (request) => {
    let seen = request
    const response = await makeMiddleware(authenticate, (init) => {
      seen = new Request(request.url, init.request)
      return new Response(null, { headers: { "x-middleware-next": "1" } })
    })(request)
    if (!response.headers.has("x-middleware-next")) return response
    const path = new URL(seen.url).pathname
    const page = path === "/api/me" ? await get(seen) : await makeHandler(authenticate)(seen)
    for (const cookie of response.headers.getSetCookie()) page.headers.append("set-cookie", cookie)
    const control = response.headers.get("cache-control")
    if (control !== null) page.headers.set("cache-control", control)
    return page
  }
}

const overExpress = (authenticate: Authenticate): Effect.Effect<Send, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(
        () =>
          new Promise<ReturnType<ReturnType<typeof makeExpress>["listen"]>>((resolve) => {
            const server = makeExpress(authenticate).listen(0, "127.0.0.1", () => resolve(server))
          })
      ),
      (server) => Effect.sync(() => server.closeAllConnections() ?? server.close())
    ),
    (server) => (request) => {
      // Sound: the server listens on TCP.
      const { port } = server.address() as AddressInfo
      const { pathname, search } = new URL(request.url)
      return fetch(`http://127.0.0.1:${port}${pathname}${search}`, {
        method: request.method,
        headers: request.headers,
        redirect: "manual"
      })
    }
  )

const frameworks: ReadonlyArray<
  readonly [name: string, open: (server: Server) => Effect.Effect<Send, never, Scope.Scope>]
> = [
  ["a plain handler", (server) => Effect.map(authenticateFor(server), makeHandler)],
  [
    "Hono",
    (server) =>
      Effect.map(authenticateFor(server), (authenticate) => {
        const hono = makeHono(authenticate)
        return async (request) => hono.fetch(request)
      })
  ],
  ["Express", (server) => Effect.flatMap(authenticateFor(server), overExpress)],
  ["Next.js", (server) => Effect.map(authenticateFor(server), overNext)],
  [
    "the router of Effect",
    ({ clerk, options }) =>
      Effect.map(
        Effect.acquireRelease(
          Effect.sync(() =>
            HttpRouter.toWebHandler(
              pagesRoutes(options).pipe(Layer.provide(clerk), Layer.provide(layerServices)),
              { disableLogger: true }
            )
          ),
          ({ dispose }) => Effect.promise(dispose)
        ),
        ({ handler }) =>
          (request) =>
            handler(request)
      )
  ]
]

const open = (serve: (server: Server) => Effect.Effect<Send, never, Scope.Scope>) =>
  Effect.gen(function* () {
    const emulator = yield* ClerkEmulator.make({ production: true })
    const clerk = SigningKeys.layerJwks.pipe(
      Layer.provideMerge(ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY })),
      Layer.provide(ClerkEmulator.layerHttpClient),
      Layer.provide(Layer.succeed(ClerkEmulator, emulator)),
      Layer.orDie
    )
    const options = { publishableKey: emulator.publishableKey, authorizedParties: [app], origin: app }
    const send = yield* serve({ clerk, options })
    return {
      emulator,
      get: (path: string, headers: Record<string, string> = {}) =>
        Effect.promise(async () => {
          const response = await send(new Request(`${app}${path}`, { headers }))
          return { status: response.status, headers: response.headers, body: await response.text() }
        })
    }
  })

/** The cookies of a browser whose session token has expired. */
const sleeping = (emulator: ClerkEmulatorService) =>
  Effect.gen(function* () {
    const { id } = yield* emulator.createUser()
    const { refreshToken, sessionToken } = yield* emulator.signIn(id, { age: "2 minutes", origin: app })
    const cookie = `__session=${sessionToken}; __client_uat=1`
    return {
      id,
      expired: cookie,
      refreshable: `${cookie}; __refresh_${emulator.cookieSuffix}=${refreshToken}`
    }
  })

const document = { "sec-fetch-dest": "document" }

describe.each(frameworks)("the pages with %s", (_, serve) => {
  it.live("greet a user and a stranger, and have an API for users", () =>
    Effect.gen(function* () {
      const { emulator, get } = yield* open(serve)
      const { id } = yield* emulator.createUser()
      const { sessionToken } = yield* emulator.signIn(id, { origin: app })
      const cookie = `__session=${sessionToken}; __client_uat=1`
      expect((yield* get("/", { ...document, cookie })).body).toBe(`Hello ${id}`)
      expect((yield* get("/", document)).body).toBe("Hello stranger")
      expect(JSON.parse((yield* get("/api/me", { cookie })).body)).toEqual({ userId: id })
      expect((yield* get("/api/me")).status).toBe(401)
    })
  )

  it.live("keep a user signed in whose token has expired", () =>
    Effect.gen(function* () {
      const { emulator, get } = yield* open(serve)
      const { id, refreshable } = yield* sleeping(emulator)
      for (const path of ["/", "/api/me"]) {
        const response = yield* get(path, { cookie: refreshable })
        assert.strictEqual(response.status, 200)
        expect(response.body).toContain(id)
        expect(response.headers.get("cache-control")).toBe("no-store")
        expect(response.headers.getSetCookie().some((each) => each.startsWith("__session="))).toBe(true)
      }
      const refreshes = (yield* emulator.requests).filter(({ operation }) => operation === "Sessions.refresh")
      expect(refreshes).toHaveLength(1)
    })
  )

  it.live("send a page load to the handshake, and a call of the API away", () =>
    Effect.gen(function* () {
      const { emulator, get } = yield* open(serve)
      const { expired } = yield* sleeping(emulator)
      const response = yield* get("/?tab=1", { ...document, cookie: expired })
      expect(response.status).toBe(307)
      expect(response.headers.get("cache-control")).toBe("no-store")
      const location = new URL(response.headers.get("location") ?? "")
      expect(location.pathname).toBe("/v1/client/handshake")
      expect(location.searchParams.get("redirect_url")).toBe(`${app}/?tab=1`)
      expect(response.headers.getSetCookie()[0]).toContain("__clerk_redirect_count=1")
      expect((yield* get("/api/me", { cookie: expired })).status).toBe(401)
    })
  )

  it.live("respond with 503 while the keys are unavailable", () =>
    Effect.gen(function* () {
      const { emulator, get } = yield* open(serve)
      const { id } = yield* emulator.createUser()
      const { sessionToken } = yield* emulator.signIn(id, { origin: app })
      yield* emulator.respondNext({ operation: "SigningKeys.jwks", status: 401 })
      const response = yield* get("/", { cookie: `__session=${sessionToken}; __client_uat=1` })
      expect(response.status).toBe(503)
    })
  )
})
