import { createServer, request } from "node:http"
import { Context, Effect, Layer, type Scope } from "effect"
import { type ClerkConfigError, SigningKeys } from "effect-clerk"
import type { Authenticator } from "effect-clerk/http-api"
import { ClerkEmulator, type ClerkEmulatorOptions, type ClerkEmulatorService } from "effect-clerk/testing"
import { callback } from "#test/fiber.js"
import { apiHandler, layerRoutes, serveApi } from "#test/httpApi.js"
import { HttpRouter, HttpServer, layerServices, type ServerServices } from "#test/httpServer.js"
import { NodeHttpServer } from "#test/node.js"
import { Api, apiLive, protectedHandlers, protectedRoutes } from "./protectedApi.js"

/** The default origin where the emulator's users sign in. */
export const app = "https://app.emulator.test"

export interface Answer {
  readonly status: number
  /** In lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

export type SentHeaders = { readonly [name: string]: string | ReadonlyArray<string> }

/** Sends one request, given as "GET /me". A list sends one header for each entry. */
export type Send = (line: string, headers?: SentHeaders) => Effect.Effect<Answer>

type Keys = Layer.Layer<SigningKeys, ClerkConfigError>

export interface Stage {
  readonly name: string
  readonly serve: (
    keys: Keys,
    options?: Authenticator.AuthOptions
  ) => Effect.Effect<Send, ClerkConfigError, Scope.Scope>
}

const split = (line: string) => {
  const [method = "", path = ""] = line.split(" ")
  return { method, path }
}

/** Sends through a function from `Request` to `Response`. */
const overWeb =
  (handler: (request: Request) => Promise<Response>): Send =>
  (line, given = {}) =>
    Effect.promise(async () => {
      const { method, path } = split(line)
      const headers = Object.entries(given).flatMap(([name, value]) =>
        [value].flat().map((each): [string, string] => [name, each])
      )
      const response = await handler(new Request(`http://api.test${path}`, { method, headers }))
      return {
        status: response.status,
        headers: {
          ...Object.fromEntries(response.headers),
          "set-cookie": response.headers.getSetCookie().join(",")
        },
        body: await response.text()
      }
    })

/** Sends over a separate connection. */
export const overSocket =
  (port: number): Send =>
  (line, given = {}) =>
    callback((resume, signal) => {
      const { method, path } = split(line)
      const headers = Object.fromEntries(
        Object.entries(given).map(([name, value]) => [name, typeof value === "string" ? value : [...value]])
      )
      request({ port, host: "127.0.0.1", method, path, headers, agent: false, signal }, (response) => {
        const chunks: Array<Buffer> = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("end", () =>
          resume(
            Effect.succeed({
              status: response.statusCode ?? 0,
              headers: Object.fromEntries(
                Object.entries(response.headers).map(([name, value]) => [name, String(value)])
              ),
              body: Buffer.concat(chunks).toString("utf8")
            })
          )
        )
      })
        .on("error", (error) => resume(Effect.die(error)))
        .end()
    })

type ServerContext = HttpServer.HttpServer | ServerServices

/** Serves on a free port of the loopback address until the scope ends, and returns the port. */
export const portOf = <A, E>(server: Layer.Layer<A, E, ServerContext>) =>
  Effect.map(
    Layer.build(
      server.pipe(
        Layer.provideMerge(Layer.orDie(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })))
      )
    ),
    (context) => {
      const { address } = Context.get(context, HttpServer.HttpServer)
      if (!("port" in address)) throw new Error("the server does not listen on TCP")
      return address.port
    }
  )

export const onSocket = <A, E>(server: Layer.Layer<A, E, ServerContext>) =>
  Effect.map(portOf(server), overSocket)

interface WebHandler {
  readonly handler: (request: Request) => Promise<Response>
  readonly dispose: () => Promise<void>
}

/** Serves in process until the scope ends. */
export const inProcess = (make: () => WebHandler) =>
  Effect.map(
    Effect.acquireRelease(Effect.sync(make), ({ dispose }) => Effect.promise(dispose)),
    ({ handler }) => overWeb(handler)
  )

export const standard: Authenticator.AuthOptions = { authorizedParties: [app] }

const quietly = { disableLogger: true, disableListenLog: true } as const

/** The same API, served in every way. */
export const stages: ReadonlyArray<Stage> = [
  {
    name: "an HttpApi as a web handler",
    serve: (keys, options = standard) => inProcess(() => apiHandler(Layer.provide(apiLive(options), keys)))
  },
  {
    name: "an HttpApi on a socket",
    serve: (keys, options = standard) => onSocket(serveApi(Layer.provide(apiLive(options), keys)))
  },
  {
    name: "an HttpApi within a router",
    serve: (keys, options = standard) =>
      inProcess(() =>
        HttpRouter.toWebHandler(
          layerRoutes(Api).pipe(
            Layer.provide(protectedHandlers(options)),
            Layer.provide(keys),
            Layer.provide(layerServices)
          ),
          quietly
        )
      )
  },
  {
    name: "a router as a web handler",
    serve: (keys, options = standard) =>
      inProcess(() =>
        HttpRouter.toWebHandler(
          protectedRoutes(options).pipe(Layer.provide(keys), Layer.provide(layerServices)),
          quietly
        )
      )
  },
  {
    name: "a router on a socket",
    serve: (keys, options = standard) =>
      onSocket(HttpRouter.serve(Layer.provide(protectedRoutes(options), keys), quietly))
  }
]

/** A Clerk, its keys, and how often they were fetched. */
export const clerkWithKeys = (options?: ClerkEmulatorOptions) =>
  Effect.gen(function* () {
    const clerk = yield* ClerkEmulator.make(options)
    const one = Layer.orDie(SigningKeys.layerPem(clerk.publicKeyPem))
    const { find } = yield* Effect.provide(SigningKeys, one)
    let finds = 0
    const keys = Layer.succeed(SigningKeys, {
      find: (kid) =>
        Effect.suspend(() => {
          finds++
          return kid === clerk.instanceId ? find(kid) : Effect.succeed(undefined)
        })
    })
    return { clerk, keys, finds: () => finds }
  })

/** A user of that Clerk who has just signed in. */
export const newUser = (clerk: ClerkEmulatorService) =>
  Effect.gen(function* () {
    const { id } = yield* clerk.createUser()
    const { session, sessionToken } = yield* clerk.signIn(id)
    return { id, sessionId: session.id, token: sessionToken }
  })

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** The cookies of a browser that signed in at a time in epoch seconds. */
export const cookie = (token: string, name = "__session", clientUat: number | string = 1) => ({
  cookie: `${name}=${token}; ${name.replace("__session", "__client_uat")}=${clientUat}`
})

/** The cookie name of an instance. */
export const cookieName = ({ cookieSuffix }: { readonly cookieSuffix: string }) => `__session_${cookieSuffix}`

/** The distinguishing part of a response: the status, and the reason or the user's id. */
export const outcome = ({ body, status }: Answer): string => {
  const json: unknown = body === "" ? "" : JSON.parse(body)
  const text = typeof json === "object" && json !== null && "reason" in json ? json.reason : json
  return `${status} ${typeof text === "string" ? text : JSON.stringify(text)}`
}
