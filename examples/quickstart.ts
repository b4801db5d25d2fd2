/**
 * Runs every session operation and prints its result. The program is the same with Effect 3 and Effect 4.
 *
 *     npm run quickstart                                  against an in-memory Clerk, on a loopback port
 *     npm run quickstart -- --live --user user_…          the read-only part, against Clerk, with CLERK_SECRET_KEY
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { parseArgs } from "node:util"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Console, DateTime, Effect, Layer, Redacted, Stream } from "effect"
import { ClerkHttp, type Session, Sessions } from "effect-clerk"
import { ClerkEmulator } from "effect-clerk/testing"

const print = (call: string, outcome: string) => Console.log(`${call.padEnd(58)} → ${outcome}`)

const summary = (session: Session) =>
  `${session.id} ${session.status}, until ${DateTime.formatIso(session.expireAt)}`

/** The operations that only read, so they are safe on a real instance. */
const readOperations = (userId: string) =>
  Effect.gen(function* () {
    const page = yield* Sessions.list({ userId, limit: 10 })
    yield* print(
      "Sessions.list({ userId, limit: 10 })",
      `${page.data.length} of ${page.totalCount ?? "?"} sessions`
    )

    const [newest] = page.data
    if (newest === undefined) return
    yield* print("Sessions.get(id)", summary(yield* Sessions.get(newest.id)))

    const active = yield* Sessions.stream({ userId, status: "active" }).pipe(Stream.runCount)
    yield* print('Sessions.stream({ userId, status: "active" })', `${active} active`)
  })

/** All operations. Some of them change data, so they use the in-memory Clerk only. */
const allOperations = Effect.gen(function* () {
  const clerk = yield* ClerkEmulator
  const { id: userId } = yield* clerk.createUser()
  yield* clerk.createTemplate({ name: "hasura", claims: { role: "editor" } })

  const laptop = yield* Sessions.create({ userId })
  yield* print("Sessions.create({ userId })", summary(laptop))
  const phone = yield* Sessions.create({ userId })
  yield* print("Sessions.create({ userId })", summary(phone))

  yield* readOperations(userId)

  // Tokens are Redacted, so that printing one does not show it.
  const token = yield* Sessions.createToken(laptop.id, { expiresIn: "5 minutes" })
  yield* print('Sessions.createToken(id, { expiresIn: "5 minutes" })', `jwt ${token.jwt}`)
  const templated = yield* Sessions.createTokenFromTemplate(laptop.id, "hasura")
  yield* print('Sessions.createTokenFromTemplate(id, "hasura")', `jwt ${templated.jwt}`)

  // The tokens of a browser after two minutes: an expired session token and a refresh token.
  const browser = yield* clerk.signIn(userId, { age: "2 minutes" })
  const fresh = yield* Sessions.refresh(browser.session.id, {
    expiredToken: browser.sessionToken,
    refreshToken: browser.refreshToken,
    requestOrigin: browser.origin
  })
  yield* print("Sessions.refresh(id, { expiredToken, … })", `jwt ${fresh.jwt}`)

  const verified = yield* Sessions.verify(laptop.id, { token: token.jwt })
  yield* print("Sessions.verify(id, { token })   (deprecated)", summary(verified))

  const revoked = yield* Sessions.revoke(phone.id)
  yield* print("Sessions.revoke(id)", summary(revoked))

  // Every failure has its own tag, and the type lists the ones of a call.
  for (const id of ["sess_nobody", "../users"]) {
    const call = `Sessions.get("${id}")`
    yield* Sessions.get(id).pipe(
      Effect.flatMap((session) => print(call, summary(session))),
      Effect.catchTags({
        ClerkNotFound: (error) => print(call, error.message),
        ClerkInvalidRequest: (error) => print(call, error.message)
      })
    )
  }
})

const secretKey = Redacted.make("sk_test_quickstart")

const server = createServer()

/** The in-memory Clerk behind a real socket. */
const EmulatorLive = ClerkEmulator.layerServer.pipe(
  Layer.provideMerge(ClerkEmulator.layer({ secretKey })),
  Layer.provide(NodeHttpServer.layer(() => server, { host: "127.0.0.1", port: 0 }))
)

/** Runs the operations through a client of the in-memory Clerk. */
const runLocally = Effect.gen(function* () {
  // The server listens on a port, so its address is an object.
  const { port } = server.address() as AddressInfo
  const apiUrl = `http://127.0.0.1:${port}`
  yield* Console.log(`An in-memory Clerk listens on ${apiUrl}. No request leaves this machine.\n`)
  yield* Effect.provide(allOperations, ClerkHttp.layerFetch({ secretKey, apiUrl }))
}).pipe(Effect.provide(EmulatorLive))

const usage = "npm run quickstart [-- --live --user user_…]"

const readFlags = Effect.try({
  try: () => parseArgs({ options: { live: { type: "boolean" }, user: { type: "string" } } }).values,
  catch: () => new Error(`Unknown flag or argument. Usage: ${usage}`)
})

const main = Effect.gen(function* () {
  const { live, user } = yield* readFlags
  if (live !== true) return yield* runLocally
  if (user === undefined)
    return yield* Effect.fail(
      new Error(`--live needs --user with the id of a user, whose sessions it lists. Usage: ${usage}`)
    )
  yield* Console.log("These read-only operations use your Clerk instance, by CLERK_SECRET_KEY.\n")
  return yield* readOperations(user).pipe(Effect.provide(ClerkHttp.layerDefault))
})

// The message of an expected failure is enough, without a stack.
const reported = Effect.matchEffect(main, {
  onFailure: (error) =>
    Effect.andThen(
      Console.error(error.message),
      Effect.sync(() => {
        process.exitCode = 1
      })
    ),
  onSuccess: () => Effect.void
})

NodeRuntime.runMain(reported)
