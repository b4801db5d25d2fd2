import { connect } from "node:net"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { ClerkEmulator } from "effect-clerk/testing"
import { callback } from "#test/fiber.js"
import { type Answer, json, loopback } from "../../support/loopback.js"
import type { Success } from "../../support/types.js"
import { session } from "../../support/wire.js"
import { type Case, expectMatch, expectThat, type Report, runCases } from "../support/check.js"
import type { WorkerConfig } from "./worker.js"

/** Starts the Worker in a fresh isolate, and gives its URL. */
type Serve = (config: WorkerConfig) => Effect.Effect<string, Error, Scope.Scope>

/** The programs of the Worker that fetch the keys of the instance, and those whose cache has a clock that can move. */
const withKeys = ["jwks", "public", "cached", "api", "router"] as const
const withClock = ["jwks", "public", "cached"] as const

/** A Worker before its first request, and a Clerk that takes 50 ms for each response. */
const makeStage = (serve: Serve) =>
  Effect.gen(function* () {
    const clerk = yield* ClerkEmulator.make()
    const user = yield* clerk.createUser()
    const signedIn = yield* clerk.signIn(user.id, { expiresIn: "10 minutes" })
    const { origin } = signedIn
    let isDown = false
    const answer: Answer = (response, request) => {
      const reply = isDown ? json({}, 501) : json(request.url.includes("jwks") ? clerk.jwks : session)
      setTimeout(() => reply(response, request), 50)
    }
    const { received, url: peer } = yield* loopback(answer)
    const worker = yield* serve({
      peer,
      secretKey: Redacted.value(clerk.secretKey),
      publicKeyPem: clerk.publicKeyPem,
      publishableKey: clerk.publishableKey,
      origin
    })
    const headersOf = (token: string) => ({ authorization: `Bearer ${token}` })
    return {
      token: signedIn.sessionToken,
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
      ask: (program: string, token: string) =>
        Effect.promise(async () => {
          const response = await fetch(`${worker}/${program}`, { headers: headersOf(token) })
          const text = await response.text()
          return response.status === 200 ? "200" : `${response.status} ${text.slice(0, 200)}`
        }),
      /** Sends a request and disconnects after some milliseconds. A reset cancels the request at once. */
      hangUp: (program: string, token: string, by: "reset" | "close", millis: number) =>
        callback<void>((resume) => {
          const { hostname, port } = new URL(worker)
          const socket = connect(Number(port), hostname)
          socket.on("error", () => {})
          socket.write(
            `GET /${program} HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${token}\r\n\r\n`
          )
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
const fiveOf = ({ ask }: Stage, program: string, token: string) =>
  Effect.forEach([0, 5, 10, 15, 20], (wait) => Effect.delay(ask(program, token), wait), {
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

/** The first client disconnects while its request fetches. Four others follow. */
const servesFour = (stage: Stage, program: string, token: string, by: "reset" | "close", what: string) =>
  Effect.gen(function* () {
    const [, outcomes] = yield* Effect.all(
      [
        stage.hangUp(program, token, by, 30),
        Effect.forEach([5, 10, 15, 20], (wait) => Effect.delay(stage.ask(program, token), wait), {
          concurrency: "unbounded"
        })
      ],
      { concurrency: "unbounded" }
    )
    yield* all200(outcomes, `${program} ${what}, after a ${by}`)
  })

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

/** The scenarios, and the number of fresh isolates for each. */
const plays: ReadonlyArray<
  readonly [name: string, runs: number, play: (stage: Stage) => Effect.Effect<void>]
> = [
  ["five cold requests are all served, by one fetch of the keys", 20, cold],
  ["five requests are all served after a rotation, and with stale keys, by one fetch each", 20, rotated],
  ["requests are served although the first client closes its connection", 3, hungUp("close")],
  ["requests are served although the first client resets its connection", 10, hungUp("reset")],
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
