import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import {
  ClerkEmulator,
  type ClerkEmulatorService,
  DEFAULT_WEBHOOK_SECRET,
  type EmulatedWebhook
} from "effect-clerk/testing"
import { Webhook } from "standardwebhooks"
import { clockAhead, withClock } from "#major/clock.js"
import { fork, yieldNow } from "#test/fiber.js"
import { FetchHttpClient, HttpClient, HttpClientResponse } from "#test/http.js"
import { replaceLogger, simpleLogger } from "#test/logger.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { limits } from "../../src/core/emulator/limits.js"
import { defectOf } from "../support/exits.js"
import { loopback } from "../support/loopback.js"
import { ask, outcome } from "./ClerkEmulator.support.js"

const webhookSecret = DEFAULT_WEBHOOK_SECRET

const emulator = () =>
  ClerkEmulator.make({
    webhookSecret,
    seed: { users: [{ id: "user_1" }, { id: "user_2" }], sessions: [{ id: "sess_old", userId: "user_1" }] }
  })

interface Event {
  readonly type: string
  readonly timestamp: number
  readonly instance_id: string
  readonly data: { readonly id: string; readonly status: string }
}

const wrongHeaders = {
  "content-type": "application/json",
  "svix-id": "",
  "svix-timestamp": "",
  "svix-signature": ""
} as const

/** The event of a webhook. Sound in a test: it compares each value that it reads. */
const eventOf = ({ body }: EmulatedWebhook): Event => JSON.parse(body)

const brief = (webhooks: ReadonlyArray<EmulatedWebhook>) =>
  webhooks.map(eventOf).map(({ data, type }) => `${type} ${data.id} ${data.status}`)

const taken = (clerk: ClerkEmulatorService) => Effect.map(clerk.takeWebhooks, brief)

const dead = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.exit(effect), (exit) => String(defectOf(exit)))

describe("the webhooks of an emulator", () => {
  it.effect("tell of sessions that are created, ended, removed and revoked, in order and once", () =>
    Effect.gen(function* () {
      const clerk = yield* emulator()
      expect(yield* taken(clerk)).toEqual([])
      yield* clerk.signIn("user_1", { sessionId: "sess_1" })
      yield* clerk.signIn("user_1", { sessionId: "sess_2", status: "pending" })
      yield* clerk.updateSession("sess_1", { status: "ended" })
      yield* clerk.updateSession("sess_1", { lastActiveAt: 1 })
      yield* clerk.updateSession("sess_2", { status: "active" })
      yield* outcome(clerk, "POST /v1/sessions/sess_2/revoke")
      yield* outcome(clerk, "POST /v1/sessions/sess_2/revoke")
      yield* outcome(clerk, "POST /v1/sessions/sess_unknown/revoke")
      const { json } = yield* ask(clerk, "POST /v1/sessions", { body: { user_id: "user_1" } })
      yield* outcome(clerk, "POST /v1/sessions", { body: { user_id: "user_unknown" } })
      expect(yield* taken(clerk)).toEqual([
        "session.created sess_1 active",
        "session.created sess_2 pending",
        "session.ended sess_1 ended",
        "session.revoked sess_2 revoked",
        `session.created ${json.id} active`
      ])
      expect(yield* taken(clerk)).toEqual([])
    })
  )

  it.effect("tell of a sign-in and a sign-out in a browser", () =>
    Effect.gen(function* () {
      const clerk = yield* emulator()
      const submit = (path: string, body: string, cookie = "") =>
        clerk.handle({
          method: "POST",
          url: `http://127.0.0.1${path}?redirect_url=http://localhost/`,
          headers: { cookie },
          body
        })
      const { cookies = [] } = yield* submit("/sign-in", "user_id=user_2")
      yield* submit("/sign-out", "", cookies[0]?.split(";")[0])
      const [session] = yield* clerk.sessions
      expect(yield* taken(clerk)).toEqual([
        `session.created ${session?.id} active`,
        `session.removed ${session?.id} removed`
      ])
    })
  )

  it.effect("have the form of Clerk's, and a signature that standardwebhooks verifies", () =>
    Effect.gen(function* () {
      const now = Date.now()
      yield* TestClock.setTime(now)
      const clerk = yield* emulator()
      const { session } = yield* clerk.signIn("user_1", { activity: { city: "Zürich" } })
      const [webhook] = yield* clerk.takeWebhooks
      expect(webhook?.headers).toEqual({
        "content-type": "application/json",
        "svix-id": expect.stringMatching(/^msg_\w{27}$/),
        "svix-timestamp": String(Math.floor(now / 1000)),
        "svix-signature": expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/)
      })
      const { json } = yield* ask(clerk, `GET /v1/sessions/${session.id}`)
      const { body, headers } = webhook ?? { body: "", headers: wrongHeaders }
      const verifier = new Webhook(Redacted.value(webhookSecret))
      const standard = {
        "webhook-id": headers["svix-id"],
        "webhook-timestamp": headers["svix-timestamp"],
        "webhook-signature": headers["svix-signature"]
      }
      expect(verifier.verify(body, standard)).toEqual({
        data: json,
        event_attributes: { http_request: { client_ip: "192.0.2.1", user_agent: "" } },
        instance_id: clerk.instanceId,
        object: "event",
        timestamp: now,
        type: "session.created"
      })
      expect(() => verifier.verify(body.replace("user_1", "user_2"), standard)).toThrow()
    })
  )

  it.effect("can be awaited, also by several fibers, each of which gets another one", () =>
    Effect.gen(function* () {
      const clerk = yield* emulator()
      const first = yield* fork(clerk.nextWebhook)
      const interrupted = yield* fork(clerk.nextWebhook)
      const second = yield* fork(clerk.nextWebhook)
      yield* yieldNow
      yield* Fiber.interrupt(interrupted)
      yield* clerk.signIn("user_1", { sessionId: "sess_1" })
      yield* clerk.signIn("user_1", { sessionId: "sess_2" })
      yield* clerk.signIn("user_1", { sessionId: "sess_3" })
      const webhooks = [yield* Fiber.join(first), yield* Fiber.join(second), yield* clerk.nextWebhook]
      expect(brief(webhooks)).toEqual([
        "session.created sess_1 active",
        "session.created sess_2 active",
        "session.created sess_3 active"
      ])
    })
  )

  it.effect("can be made of any text, id and time, for tests of a receiver", () =>
    Effect.gen(function* () {
      const clerk = yield* emulator()
      const { body, headers } = yield* clerk.signWebhook('{"type":"user.created"}', {
        id: "msg_1",
        at: 5_999
      })
      expect(body).toBe('{"type":"user.created"}')
      expect(headers).toMatchObject({ "svix-id": "msg_1", "svix-timestamp": "5" })
      expect(yield* dead(clerk.signWebhook("", { id: "" }))).toBe(
        "Error: ClerkEmulator: signWebhook: id must be a text that is not empty"
      )
    })
  )

  it.effect("are removed by a reset, and limited in number", () =>
    Effect.gen(function* () {
      const clerk = yield* emulator()
      yield* clerk.signIn("user_1")
      yield* clerk.reset
      expect(yield* taken(clerk)).toEqual([])
      const large = { text: "x".repeat(60_000) }
      const count = Math.ceil(limits.webhookText / 60_000) + 10
      for (let index = 0; index < count; index++) {
        const id = `sess_${index}`
        yield* clerk.signIn("user_1", { sessionId: id, ...(index < 1_200 ? { actor: large } : {}) })
      }
      const webhooks = yield* clerk.takeWebhooks
      expect(webhooks.length).toBeLessThan(count)
      expect(webhooks.reduce((sum, { body }) => sum + body.length, 0)).toBeLessThanOrEqual(limits.webhookText)
      expect(eventOf(webhooks.at(-1) ?? { headers: wrongHeaders, body: "{}" }).data.id).toBe(
        `sess_${count - 1}`
      )
    })
  )

  it.effect("need the option webhookSecret", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      for (const [name, effect] of Object.entries<Effect.Effect<unknown>>({
        nextWebhook: clerk.nextWebhook,
        takeWebhooks: clerk.takeWebhooks,
        signWebhook: clerk.signWebhook("")
      })) {
        expect(yield* dead(effect)).toBe(
          `Error: ClerkEmulator: ${name}: the emulator makes no webhooks without the option webhookSecret`
        )
      }
    })
  )
})

/** A clock on which a sleep takes no time, except the sleeps of a number of milliseconds that never end. */
const hurriedClock = (endless?: number) => {
  const sleeps: Array<number> = []
  let ahead = 0
  const clock = clockAhead(
    () => ahead,
    (duration) =>
      Effect.suspend(() => {
        const millis = Duration.toMillis(duration)
        if (millis === endless) return Effect.never
        if (millis > 0) sleeps.push(millis)
        ahead += millis
        return Effect.void
      })
  )
  return { clock, sleeps }
}

type Outcome = number | "defect" | "no-response"

/** An `HttpClient` that keeps the requests. It responds by the number of earlier requests. */
const receiver = (outcomeOf: (earlier: number) => Outcome) => {
  const requests: Array<{ url: string; id: string; timestamp: number; type: unknown }> = []
  const client = HttpClient.make((request, url) =>
    Effect.suspend(() => {
      const { body, headers } = request
      const outcome = outcomeOf(requests.length)
      requests.push({
        url: url.href,
        id: headers["svix-id"] ?? "",
        timestamp: Number(headers["svix-timestamp"]),
        type: body._tag === "Uint8Array" ? JSON.parse(new TextDecoder().decode(body.body)).type : body._tag
      })
      if (outcome === "no-response") return Effect.never
      if (outcome === "defect") return Effect.die(new Error("defect"))
      return Effect.succeed(
        HttpClientResponse.fromWeb(request, new Response(outcome === 204 ? null : "", { status: outcome }))
      )
    })
  )
  return { requests, layer: Layer.succeed(HttpClient.HttpClient, client) }
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Waits until the program has done something, for which the test framework sets a limit. */
const until = (isDone: () => boolean) =>
  Effect.promise(async () => {
    while (!isDone()) await nextTurn()
    // Time for a mistake: one more request.
    for (let turn = 0; turn < 20; turn++) await nextTurn()
  })

describe("a layer that sends the webhooks", () => {
  const url = "https://app.test/webhooks"

  const sending = ({ layer }: ReturnType<typeof receiver>) =>
    ClerkEmulator.layerWebhooks({ url }).pipe(
      Layer.provide(layer),
      Layer.provideMerge(ClerkEmulator.layer({ webhookSecret, seed: { users: [{ id: "user_1" }] } }))
    )

  it.live("retries as Svix does, with the same id and a new time, until the status is one of success", () => {
    const receiving = receiver((earlier) => ([500, "defect", 302, 204] as const)[earlier] ?? 500)
    const { clock, sleeps } = hurriedClock(15_000)
    const lines: Array<string> = []
    const program = Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      yield* clerk.signIn("user_1")
      yield* until(() => receiving.requests.length >= 4)
      expect(lines.map((line) => /Webhook [^"]*/.exec(line)?.[0])).toEqual([
        `Webhook session.created to ${url}: status 500. The next attempt is in 5 s`,
        `Webhook session.created to ${url}: no response. The next attempt is in 300 s`,
        `Webhook session.created to ${url}: status 302. The next attempt is in 1800 s`
      ])
      const [first] = receiving.requests
      expect(first).toMatchObject({ url, type: "session.created" })
      expect(receiving.requests.map(({ id }) => id)).toEqual(Array(4).fill(first?.id))
      for (const [index, after] of [0, 5, 305, 2105].entries()) {
        const seconds = (receiving.requests[index]?.timestamp ?? 0) - (first?.timestamp ?? 0)
        expect(seconds).toBeGreaterThanOrEqual(after)
        expect(seconds).toBeLessThan(after + 30)
      }
      expect(sleeps).toEqual([5_000, 300_000, 1_800_000])
    })
    const logging = replaceLogger(simpleLogger((line) => lines.push(line)))
    return withClock(Effect.provide(program, Layer.provideMerge(sending(receiving), logging)), clock)
  })

  it.live("gives up after the fourth attempt, and goes on with the next webhook", () => {
    const receiving = receiver((earlier) => (earlier < 4 ? 503 : 200))
    const program = Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      yield* clerk.signIn("user_1")
      yield* until(() => receiving.requests.length >= 4)
      yield* clerk.signIn("user_1")
      yield* until(() => receiving.requests.length >= 5)
      const ids = receiving.requests.map(({ id }) => id)
      expect(ids).toEqual([...Array(4).fill(ids[0]), ids[4]])
      expect(ids[4]).not.toBe(ids[0])
    })
    return withClock(Effect.provide(program, sending(receiving)), hurriedClock(15_000).clock)
  })

  it.live("ends an attempt without a response after 15 seconds", () => {
    const receiving = receiver(() => "no-response")
    const { clock, sleeps } = hurriedClock()
    const program = Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      yield* clerk.signIn("user_1")
      yield* until(() => receiving.requests.length >= 4)
      expect(sleeps).toEqual([15_000, 5_000, 15_000, 300_000, 15_000, 1_800_000, 15_000])
    })
    return withClock(Effect.provide(program, sending(receiving)), clock)
  })

  it.live("does not hold up the requests to the emulator, or other webhooks", () => {
    const receiving = receiver(() => "no-response")
    const program = Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      for (let index = 0; index < 50; index++) {
        expect(yield* outcome(clerk, "POST /v1/sessions", { body: { user_id: "user_1" } })).toBe("200")
      }
      yield* until(() => receiving.requests.length >= 50)
      expect(new Set(receiving.requests.map(({ id }) => id)).size).toBe(50)
    })
    return withClock(Effect.provide(program, sending(receiving)), hurriedClock(15_000).clock)
  })

  it.effect("is a defect with an invalid option, or for an emulator without webhooks", () =>
    Effect.gen(function* () {
      const built = (options: { readonly url: string }, ofEmulator = {}) =>
        dead(
          Effect.provide(
            Effect.void,
            ClerkEmulator.layerWebhooks(options).pipe(
              Layer.provide(receiver(() => 200).layer),
              Layer.provide(ClerkEmulator.layer(ofEmulator))
            )
          )
        )
      expect(yield* built({ url: "ftp://app.test" }, { webhookSecret })).toBe(
        "Error: ClerkEmulator: layerWebhooks: url must be an http or https URL"
      )
      expect(yield* built({ url })).toContain("makes no webhooks without the option webhookSecret")
    })
  )

  it.live("posts a body that verifies, over a real socket", () =>
    Effect.gen(function* () {
      const { received, url } = yield* loopback((response) => {
        response.writeHead(received.length === 1 ? 500 : 200).end()
      })
      const layer = ClerkEmulator.layerWebhooks({ url, retryDelays: [1] }).pipe(
        Layer.provide(FetchHttpClient.layer),
        Layer.provideMerge(ClerkEmulator.layer({ webhookSecret, seed: { users: [{ id: "user_1" }] } }))
      )
      yield* Effect.provide(
        Effect.gen(function* () {
          const clerk = yield* ClerkEmulator
          yield* clerk.signIn("user_1", { sessionId: "sess_1" })
          yield* until(() => received.length >= 2)
        }),
        layer
      )
      const verifier = new Webhook(Redacted.value(webhookSecret))
      for (const { body, headers, method } of received) {
        expect([method, headers["content-type"]]).toEqual(["POST", "application/json"])
        const standard = Object.fromEntries(
          ["id", "timestamp", "signature"].map((name) => [`webhook-${name}`, headers[`svix-${name}`] ?? ""])
        )
        expect(verifier.verify(body, standard)).toMatchObject({
          type: "session.created",
          data: { id: "sess_1" }
        })
      }
      expect(received).toHaveLength(2)
    }).pipe(Effect.scoped)
  )
})
