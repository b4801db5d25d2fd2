import { inspect } from "node:util"
import { Effect, Layer, Redacted, type Scope } from "effect"
import { type ClerkConfigError, ClerkHttp, SigningKeys } from "effect-clerk"
import { ClerkEmulator } from "effect-clerk/testing"
import { serveApi } from "#test/httpApi.js"
import { HttpRouter, spanNameOf } from "#test/httpServer.js"
import { addLogger, formats, replaceLogger, withAllLevels } from "#test/logger.js"
import { describe, expect, it } from "#test/vitest.js"
import { type Channels, leaks } from "../support/channels.js"
import { apiLive, protectedRoutes } from "../support/protectedApi.js"
import { app, bearer, cookie, onSocket, type Send } from "../support/protectedServers.js"
import { recordingTracer } from "../support/spans.js"

const secretKey = "sk_test_CanaryServerKey4b7d2e9f6a1c8035"
const canary = "CanaryToken7f39c15e8a2b4d60"

/** All lines that Effect's loggers write. */
const recordingLogs = () => {
  const lines: Array<string> = []
  const [first, ...others] = formats.map(([, logger]) =>
    logger((line) => void lines.push(typeof line === "string" ? line : inspect(line, { depth: 20 })))
  )
  if (first === undefined) throw new Error("there is no logger")
  const layer = others.map(addLogger).reduce((all, one) => Layer.provideMerge(one, all), replaceLogger(first))
  return { lines, layer }
}

type Serve = (keys: Layer.Layer<SigningKeys>) => Effect.Effect<Send, ClerkConfigError, Scope.Scope>

const options = { authorizedParties: [app], publishableKey: "pk_test_Y2xlcmsuZW11bGF0b3IudGVzdCQ" }

const servers: ReadonlyArray<readonly [name: string, serve: Serve]> = [
  ["an HttpApi", (keys) => onSocket(serveApi(Layer.provide(apiLive(options), keys), { log: true }))],
  [
    "a router",
    (keys) =>
      onSocket(HttpRouter.serve(Layer.provide(protectedRoutes(options), keys), { disableListenLog: true }))
  ]
]

/** Keys that are fetched from Clerk with the canary, and that Clerk. */
const clerkBehind = Effect.gen(function* () {
  const clerk = yield* ClerkEmulator.make({ secretKey: Redacted.make(secretKey) })
  const keys = SigningKeys.layerJwks.pipe(
    Layer.provide(ClerkHttp.layer({ secretKey: clerk.secretKey, policy: { maxAttempts: 1 } })),
    Layer.provide(ClerkEmulator.layerHttpClient),
    Layer.provide(Layer.succeed(ClerkEmulator, clerk)),
    Layer.orDie
  )
  return { clerk, keys }
})

describe.each(servers)("%s shows no token and no secret key", (_, serve) => {
  it.live("in a response, a log line of any level, or a span", () => {
    const { layer, lines } = recordingLogs()
    const { spans, tracer } = recordingTracer()
    return Effect.gen(function* () {
      const { clerk, keys } = yield* clerkBehind
      const { id } = yield* clerk.createUser()
      const { session, sessionToken } = yield* clerk.signIn(id)
      const mint = (options: object) => clerk.mintSessionToken(session.id, { origin: app, ...options })
      const tokens = {
        good: sessionToken,
        expired: yield* mint({ age: "5 minutes" }),
        foreign: yield* mint({ claims: { iss: "https://evil.test" } }),
        forged: `${sessionToken.split(".").slice(0, 2).join(".")}.${"B".repeat(342)}`,
        text: canary,
        parts: `${canary}.${canary}.${canary}`
      }
      const responses: Array<readonly [string, string]> = []
      const ask = (send: Send, line: string, headers: Record<string, string>) =>
        Effect.map(send(line, headers), (response) => {
          responses.push([`${line}: ${response.status}`, inspect(response)])
          return response.status
        })
      const askAll = (send: Send) =>
        Effect.forEach(Object.values(tokens), (token) =>
          Effect.forEach(["GET /me", "POST /me", "GET /visitor", "GET /teams"], (line) =>
            Effect.all([
              ask(send, line, bearer(token)),
              ask(send, line, { ...cookie(token), origin: "https://evil.test" }),
              ask(send, line, { authorization: `Basic ${canary}`, cookie: `a=${canary}; __session=${token}` })
            ])
          )
        )

      yield* askAll(yield* serve(keys))
      // And while the keys are unavailable.
      const down = yield* clerkBehind
      for (let i = 0; i < 100; i++) yield* down.clerk.respondNext({ status: 503, body: canary })
      yield* askAll(yield* serve(down.keys))

      const segments = Object.entries(tokens).flatMap(([name, token]) => {
        const [, payload = token, signature = token] = token.split(".")
        return [
          [name, token],
          [`payload of ${name}`, payload],
          [`signature of ${name}`, signature]
        ]
      })
      const channels: Channels = [
        ...responses,
        ...lines.map((line) => ["log", line] as const),
        ...spans.map((span) => [`span ${span.name}`, inspect(span, { depth: 20 })] as const)
      ]
      expect(leaks(channels, { secretKey, canary, ...Object.fromEntries(segments) })).toEqual([])

      // The check is void if there was nothing to search.
      const statuses = new Set(responses.map(([name]) => name.split(": ")[1]))
      expect(statuses).toEqual(new Set(["200", "401", "403", "503"]))
      expect(lines.some((line) => line.includes("level=DEBUG"))).toBe(true)
      expect(lines.some((line) => line.includes("Token rejected (exp)"))).toBe(true)
      expect(lines.some((line) => line.includes("Signing keys unavailable"))).toBe(true)
      expect(new Set(spans.map(({ name }) => name))).toEqual(
        new Set([spanNameOf("GET"), spanNameOf("POST"), "SessionTokens.verify", "SigningKeys.jwks"])
      )
    }).pipe(Effect.withTracer(tracer), withAllLevels, Effect.provide(layer))
  })
})
