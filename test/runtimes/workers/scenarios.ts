import { connect } from "node:net"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { ClerkEmulator } from "effect-clerk/testing"
import { callback } from "#test/fiber.js"
import { type Answer, json, loopback, type Received } from "../../support/loopback.js"
import type { Success } from "../../support/types.js"
import { session } from "../../support/wire.js"
import { type Case, expectMatch, expectThat, type Report, runCases } from "../support/check.js"
import type { WorkerConfig } from "./worker.js"

/** Starts the Worker in a fresh isolate, and gives its URL. */
type Serve = (config: WorkerConfig) => Effect.Effect<string, Error, Scope.Scope>

/** The programs of the Worker that fetch the keys of the instance, and those whose cache has a clock that can move. */
const withKeys = ["jwks", "public", "cached", "api", "router", "pages"] as const
const withClock = ["jwks", "public", "cached"] as const

/** A bearer token, or the headers of a request without one. */
type Credential = string | Readonly<Record<string, string>>

const headersOf = (credential: Credential) =>
  typeof credential === "string" ? { authorization: `Bearer ${credential}` } : credential

/** A Worker before its first request, and a Clerk that takes 50 ms for each response. */
const makeStage = (serve: Serve) =>
  Effect.gen(function* () {
    const clerk = yield* ClerkEmulator.make({ production: true })
    const user = yield* clerk.createUser()
    const signedIn = yield* clerk.signIn(user.id, { expiresIn: "10 minutes" })
    const { origin } = signedIn
    const suffix = clerk.cookieSuffix
    let isDown = false
    const replyTo = async ({ body, headers, method, url }: Received): Promise<Answer> => {
      if (isDown) return json({}, 501)
      if (url.includes("jwks")) return json(clerk.jwks)
      if (!url.includes("/refresh")) return json(session)
      const path = url.replace(/^\/pages/, "")
      const reply = await Effect.runPromise(clerk.handle({ method, url: path, headers, body }))
      return json(JSON.parse(reply.body), reply.status)
    }
    const answer: Answer = (response, request) => {
      const reply = replyTo(request)
      setTimeout(() => void reply.then((send) => send(response, request)), 50)
    }
    const { received, url: peer } = yield* loopback(answer)
    const worker = yield* serve({
      peer,
      secretKey: Redacted.value(clerk.secretKey),
      publicKeyPem: clerk.publicKeyPem,
      publishableKey: clerk.publishableKey,
      origin
    })
    return {
      token: signedIn.sessionToken,
      /** The page load of a browser whose session cookie has expired. */
      sleepingBrowser: Effect.map(
        clerk.signIn(user.id, { age: "2 minutes" }),
        ({ refreshToken, sessionToken }): Credential => ({
          "sec-fetch-dest": "document",
          cookie: `__session=${sessionToken}; __client_uat=1; __refresh_${suffix}=${refreshToken}`
        })
      ),
      /** How many requests of a program have reached Clerk. */
      requests: (program: string) => received.filter(({ url }) => url.startsWith(`/${program}/`)).length,
      tokenOf: (kid?: string) =>
        clerk.mintSessionToken(signedIn.session.id, {
          origin,
          expiresIn: "10 minutes",
          ...(kid === undefined ? {} : { header: { kid } })
        }),
      rotate: clerk.rotateKey({ removePrevious: true }),
      setDown: (down: boolean) =>
        Effect.sync(() => {
          isDown = down
        }),
      advance: (duration: Parameters<typeof Duration.toSeconds>[0]) =>
        Effect.promise(() => fetch(`${worker}/advance?seconds=${Duration.toSeconds(duration)}`)),
      /** Sends a request, and returns the status of the response, with its body unless it is 200. */
      ask: (program: string, credential: Credential) =>
        Effect.promise(async () => {
          const response = await fetch(`${worker}/${program}`, {
            headers: headersOf(credential),
            redirect: "manual"
          })
          const text = await response.text()
          return response.status === 200 ? "200" : `${response.status} ${text.slice(0, 200)}`
        }),
      /** Sends a request and disconnects after some milliseconds. A reset cancels the request at once. */
      hangUp: (program: string, credential: Credential, by: "reset" | "close", millis: number) =>
        callback<void>((resume) => {
          const { hostname, port } = new URL(worker)
          const socket = connect(Number(port), hostname)
          socket.on("error", () => {})
          const headers = Object.entries({ host: hostname, ...headersOf(credential) })
          const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`)
          socket.write(`GET /${program} HTTP/1.1\r\n${lines.join("")}\r\n`)
          const timer = setTimeout(() => {
            if (by === "reset") socket.resetAndDestroy()
            else socket.destroy()
            resume(Effect.void)
          }, millis)
          return Effect.sync(() => clearTimeout(timer))
        })
    }
  })

type Stage = Success<ReturnType<typeof makeStage>>

/** Requests that arrive 5 ms apart. */
const fiveOf = ({ ask }: Stage, program: string, credential: Credential) =>
  Effect.forEach([0, 5, 10, 15, 20], (wait) => Effect.delay(ask(program, credential), wait), {
    concurrency: "unbounded"
  })

const all200 = (outcomes: ReadonlyArray<string>, what: string) =>
  expectMatch(
    outcomes,
    outcomes.map(() => "200"),
    what
  )

const expectRequests = (stage: Stage, program: string, expected: number, what: string) =>
  expectMatch(stage.requests(program), expected, `requests of ${program} ${what}`)

/** Asserts that five requests succeed, and how many requests to Clerk the Worker has caused. */
const servesFive = (stage: Stage, program: string, token: string, requests: number, what: string) =>
  Effect.gen(function* () {
    yield* all200(yield* fiveOf(stage, program, token), `${program} ${what}`)
    yield* expectRequests(stage, program, requests, what)
  })

const cold = (stage: Stage) =>
  Effect.gen(function* () {
    for (const program of withKeys) yield* servesFive(stage, program, stage.token, 1, "in a cold isolate")
    yield* servesFive(stage, "pem", stage.token, 0, "in a cold isolate")
    yield* servesFive(stage, "bare", stage.token, 5, "in a cold isolate")
  })

const rotated = (stage: Stage) =>
  Effect.gen(function* () {
    for (const program of withClock) yield* servesFive(stage, program, stage.token, 1, "at first")
    yield* stage.rotate
    yield* stage.advance("31 seconds")
    const token = yield* stage.tokenOf()
    for (const program of withClock) yield* servesFive(stage, program, token, 2, "after a rotation")
    yield* stage.advance("10 minutes")
    for (const program of withClock) yield* servesFive(stage, program, token, 3, "with stale keys")
  })

/** The first client disconnects while its request fetches. Returns the outcomes of four others, which follow. */
const fourAfter = (stage: Stage, program: string, credential: Credential, by: "reset" | "close") =>
  Effect.map(
    Effect.all(
      [
        stage.hangUp(program, credential, by, 30),
        Effect.forEach([5, 10, 15, 20], (wait) => Effect.delay(stage.ask(program, credential), wait), {
          concurrency: "unbounded"
        })
      ],
      { concurrency: "unbounded" }
    ),
    ([, outcomes]) => outcomes
  )

const servesFour = (stage: Stage, program: string, token: string, by: "reset" | "close", what: string) =>
  Effect.flatMap(fourAfter(stage, program, token, by), (outcomes) =>
    all200(outcomes, `${program} ${what}, after a ${by}`)
  )

const hungUp = (by: "reset" | "close") => (stage: Stage) =>
  Effect.gen(function* () {
    for (const program of [...withKeys, "pem", "bare"]) {
      yield* servesFour(stage, program, stage.token, by, "in a cold isolate")
    }
    yield* stage.rotate
    yield* stage.advance("31 seconds")
    const token = yield* stage.tokenOf()
    for (const program of withClock) yield* servesFour(stage, program, token, by, "after a rotation")
  })

const forged = (stage: Stage, count: number) =>
  Effect.forEach(Array.from({ length: count }), (_, index) => stage.tokenOf(`ins_forged_${index}`))

const flooded = (stage: Stage) =>
  Effect.gen(function* () {
    const tokens = yield* forged(stage, 50)
    for (const program of withClock) yield* servesFive(stage, program, stage.token, 1, "at first")
    yield* stage.advance("31 seconds")
    for (const program of withClock) {
      for (let wave = 0; wave < 2; wave++) {
        const outcomes = yield* Effect.forEach(tokens, (token) => stage.ask(program, token), {
          concurrency: "unbounded"
        })
        yield* expectThat(
          outcomes.every((outcome) => outcome.startsWith("401")),
          `a forged token: ${outcomes}`
        )
        yield* expectRequests(stage, program, 2, "after a flood")
      }
    }
    yield* stage.advance("31 seconds")
    for (const program of withClock) {
      yield* Effect.forEach(tokens, (token, index) => stage.hangUp(program, token, "reset", index), {
        concurrency: "unbounded"
      })
      yield* Effect.sleep("500 millis")
      yield* expectThat(
        stage.requests(program) <= 4,
        `a flood of clients that disconnect caused ${stage.requests(program) - 2} requests`
      )
      yield* servesFive(stage, program, stage.token, stage.requests(program), "after that flood")
    }
  })

const down = (stage: Stage) =>
  Effect.gen(function* () {
    yield* stage.setDown(true)
    for (const program of withKeys) {
      const outcomes = yield* fiveOf(stage, program, stage.token)
      yield* expectThat(
        outcomes.every((outcome) => outcome.startsWith("503") && outcome.includes("ClerkKeysUnavailable")),
        `${program} without keys: ${outcomes}`
      )
      yield* expectRequests(stage, program, 1, "while Clerk is down")
    }
    yield* stage.setDown(false)
    yield* Effect.sleep("1 second")
    for (const program of withKeys) yield* servesFive(stage, program, stage.token, 2, "after an outage")
  })

const refreshesOf = (stage: Stage) => stage.requests("pages/v1/sessions")

const refreshed = (stage: Stage) =>
  Effect.gen(function* () {
    const browser = yield* stage.sleepingBrowser
    yield* all200(yield* fiveOf(stage, "pages", browser), "pages in a cold isolate")
    yield* all200(yield* fiveOf(stage, "pages", browser), "pages after the refresh")
    yield* expectMatch(refreshesOf(stage), 1, "refreshes of one browser")
    yield* all200(yield* fiveOf(stage, "pages", yield* stage.sleepingBrowser), "pages of another browser")
    yield* expectMatch(refreshesOf(stage), 2, "refreshes of two browsers")
  })

const refreshLost = (by: "reset" | "close") => (stage: Stage) =>
  Effect.gen(function* () {
    // With the keys at hand, the first request is in its refresh when its client disconnects.
    yield* all200([yield* stage.ask("pages", stage.token)], "pages with a bearer token")
    const browser = yield* stage.sleepingBrowser
    for (let wave = 0; wave < 2; wave++) {
      const outcomes = yield* fourAfter(stage, "pages", browser, by)
      yield* expectThat(
        outcomes.every((outcome) => outcome === "200" || outcome.trim() === "307"),
        `pages after a ${by}: ${outcomes}`
      )
    }
    yield* all200([yield* stage.ask("pages", stage.token)], "pages with a bearer token, afterwards")
  })

/** The scenarios, and the number of fresh isolates for each. */
const plays: ReadonlyArray<
  readonly [name: string, runs: number, play: (stage: Stage) => Effect.Effect<void>]
> = [
  ["five cold requests are all served, by one fetch of the keys", 20, cold],
  ["five requests are all served after a rotation, and with stale keys, by one fetch each", 20, rotated],
  ["requests are served although the first client closes its connection", 3, hungUp("close")],
  ["requests are served although the first client resets its connection", 10, hungUp("reset")],
  ["five page loads with an expired cookie are all served, by one refresh", 5, refreshed],
  [
    "page loads are served or redirected although the first client closes its connection",
    2,
    refreshLost("close")
  ],
  [
    "page loads are served or redirected although the first client resets its connection",
    5,
    refreshLost("reset")
  ],
  ["a flood of forged tokens causes one fetch in thirty seconds", 2, flooded],
  ["requests are served a second after an outage at the start", 2, down]
]

export const scenarios = (serve: Serve): Effect.Effect<Report> =>
  runCases(
    plays.flatMap(([name, runs, play]) =>
      Array.from(
        { length: runs },
        (_, run): Case => ({
          name: `${name} (run ${run + 1})`,
          run: makeStage(serve).pipe(Effect.flatMap(play), Effect.scoped, Effect.orDie)
        })
      )
    )
  )
