import { createServer, type IncomingMessage, request as nodeRequest } from "node:http"
import type { Socket } from "node:net"
import { Readable } from "node:stream"
import { Deferred, Effect, Fiber, Layer, type Scope } from "effect"
import { WebhookRouter, Webhooks } from "effect-clerk/webhooks"
import { Tag } from "#test/context.js"
import { callback, fork, runner } from "#test/fiber.js"
import { HttpRouter } from "#test/httpServer.js"
import { replaceLogger, simpleLogger, withAllLevels } from "#test/logger.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { listen } from "../support/listen.js"
import { portOf } from "../support/protectedServers.js"
import { untyped } from "../support/requests.js"
import {
  eventOf,
  headersOf,
  now,
  otherSecret,
  requestOf,
  revoked,
  type Signed,
  secret,
  session
} from "../support/webhooks.js"

const setTime = TestClock.setTime(now * 1000)

const url = "https://app.example.com/webhooks"

/** A request whose body is this stream. */
const streaming = (body: ReadableStream<Uint8Array>, headers: Record<string, string> = headersOf()) =>
  new Request(url, untyped<RequestInit>({ method: "POST", headers, body, duplex: "half" }))

const recorder = () => {
  const events: Array<string> = []
  const onEvent = (event: Webhooks.WebhookEvent) =>
    Effect.sync(() => void events.push(`${event.type} ${event.messageId}`))
  return { events, onEvent }
}

const verifier = Webhooks.make({ secret })

const open = (options?: Webhooks.HandlerOptions) =>
  Effect.gen(function* () {
    yield* setTime
    const { events, onEvent } = recorder()
    const handle = yield* Webhooks.toHandler(verifier, onEvent, options)
    return {
      events,
      handle,
      statusOf: (request: Request) => Effect.map(handle(request), ({ status }) => status)
    }
  })

describe("Webhooks.toHandler", () => {
  it.effect("responds with 204 after the event was handled, and not before", () =>
    Effect.gen(function* () {
      yield* setTime
      const started = yield* Deferred.make<void>()
      const written = yield* Deferred.make<void>()
      const handle = yield* Webhooks.toHandler(verifier, () =>
        Effect.andThen(Deferred.succeed(started, undefined), Deferred.await(written))
      )
      const steps: Array<string> = []
      const fiber = yield* fork(
        Effect.map(handle(requestOf()), ({ status }) => void steps.push(`responded ${status}`))
      )
      yield* Deferred.await(started)
      steps.push("wrote")
      yield* Deferred.succeed(written, undefined)
      yield* Fiber.join(fiber)
      expect(steps).toEqual(["wrote", "responded 204"])
    })
  )

  it.effect("responds with 500 when the event is not handled, and logs the cause", () =>
    Effect.gen(function* () {
      yield* setTime
      const failures: ReadonlyArray<() => Effect.Effect<unknown, string>> = [
        () => Effect.fail("the database is full"),
        () => Effect.die(new Error("the database is full")),
        () => Effect.interrupt,
        () => {
          throw new Error("the database is full")
        }
      ]
      for (const onEvent of failures) {
        const lines: Array<string> = []
        const handle = yield* Webhooks.toHandler(verifier, onEvent)
        const response = yield* handle(requestOf()).pipe(
          withAllLevels,
          Effect.provide(replaceLogger(simpleLogger((line) => lines.push(line))))
        )
        expect([response.status, yield* Effect.promise(() => response.text())]).toEqual([500, ""])
        expect(lines.join("\n")).toContain("session.revoked")
      }
    })
  )

  it.effect("responds with the reason to an invalid webhook, and handles no event", () =>
    Effect.gen(function* () {
      const { events, handle } = yield* open()
      const invalid: ReadonlyArray<readonly [Request, reason: string]> = [
        [requestOf({ secret: otherSecret }), "signature"],
        [requestOf({ timestamp: now - 301 }), "timestamp"],
        [requestOf({ id: "a.b" }), "malformed-header"],
        [new Request(url, { method: "POST", body: revoked }), "missing-header"],
        [new Request(url, { method: "POST", headers: headersOf() }), "signature"],
        [requestOf({ body: "[]" }), "body"],
        [requestOf({ body: eventOf("session.ended", {}) }), "schema"]
      ]
      for (const [request, reason] of invalid) {
        const response = yield* handle(request)
        expect(response.status).toBe(400)
        expect(response.headers.get("content-type")).toBe("application/json")
        expect(yield* Effect.promise(() => response.json())).toMatchObject({
          _tag: "ClerkWebhookError",
          reason,
          message: expect.stringMatching(`Webhook rejected \\(${reason}\\)`)
        })
      }
      expect(events).toEqual([])
    })
  )

  it.effect("responds with 405 to every method but POST", () =>
    Effect.gen(function* () {
      const { events, handle } = yield* open()
      for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"]) {
        const response = yield* handle(new Request(url, { method, headers: headersOf() }))
        expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"])
      }
      expect(events).toEqual([])
    })
  )

  it.effect("accepts a body of as many bytes as the limit, and responds with 413 to one more", () =>
    Effect.gen(function* () {
      const size = new TextEncoder().encode(revoked).length
      const exact = yield* open({ maxBytes: size })
      expect(yield* exact.statusOf(requestOf())).toBe(204)
      const smaller = yield* open({ maxBytes: size - 1 })
      expect(yield* smaller.statusOf(requestOf())).toBe(413)
      const { statusOf } = yield* open()
      const mebibyte = 1024 * 1024
      expect(yield* statusOf(requestOf({ body: "x".repeat(mebibyte) }))).toBe(400)
      expect(yield* statusOf(requestOf({ body: "x".repeat(mebibyte + 1) }))).toBe(413)
    })
  )

  it.effect("reads nothing of a body that declares too many bytes", () =>
    Effect.gen(function* () {
      const { statusOf } = yield* open()
      let pulled = 0
      const body = new ReadableStream<Uint8Array>({ pull: () => void pulled++ }, { highWaterMark: 0 })
      const headers = { ...headersOf(), "content-length": "1048577" }
      expect(yield* statusOf(streaming(body, headers))).toBe(413)
      expect(pulled).toBe(0)
    })
  )

  it.effect("stops to read a body that never ends at the limit of bytes", () =>
    Effect.gen(function* () {
      const { statusOf } = yield* open({ maxBytes: 10_000 })
      let sent = 0
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          sent += 1000
          controller.enqueue(new Uint8Array(1000))
        }
      })
      expect(yield* statusOf(streaming(body))).toBe(413)
      expect(sent).toBeLessThan(15_000)
    })
  )

  /** A body that stalls, and an effect that succeeds when somebody waits for it. */
  const stalled = Effect.gen(function* () {
    const pulled = yield* Deferred.make<void>()
    const { runSync } = yield* runner()
    const body = new ReadableStream<Uint8Array>(
      {
        pull: () => {
          runSync(Deferred.succeed(pulled, undefined))
          return new Promise(() => {})
        }
      },
      { highWaterMark: 0 }
    )
    return { request: streaming(body), pulled: Deferred.await(pulled) }
  })

  for (const [bodyTimeout, seconds] of [
    [undefined, 10],
    ["3 seconds", 3]
  ] as const) {
    it.effect(`stops to read a body that stalls after ${seconds} seconds`, () =>
      Effect.gen(function* () {
        const { handle } = yield* open({ bodyTimeout })
        const { pulled, request } = yield* stalled
        const fiber = yield* fork(handle(request))
        yield* pulled
        yield* TestClock.adjust((seconds - 1) * 1000)
        expect(request.body?.locked).toBe(true)
        yield* TestClock.adjust("1 second")
        const response = yield* Fiber.join(fiber)
        expect(response.status).toBe(408)
        expect(request.body?.locked).toBe(false)
      })
    )
  }

  it.effect("stops to read a body when it is interrupted", () =>
    Effect.gen(function* () {
      const { handle } = yield* open()
      const { pulled, request } = yield* stalled
      const fiber = yield* fork(handle(request))
      yield* pulled
      expect(request.body?.locked).toBe(true)
      yield* Fiber.interrupt(fiber)
      expect(request.body?.locked).toBe(false)
    })
  )

  it.effect("responds with 408 to a body that breaks, and with 500 to one that was read before", () =>
    Effect.gen(function* () {
      const { handle, statusOf } = yield* open()
      const broken = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.error(new Error("x"))
      })
      expect(yield* statusOf(streaming(broken))).toBe(408)
      const read = requestOf()
      yield* Effect.promise(() => read.text())
      const response = yield* handle(read)
      expect(response.status).toBe(500)
      expect(yield* Effect.promise(() => response.json())).toMatchObject({ reason: "parsed-body" })
      const locked = requestOf()
      locked.body?.getReader()
      expect(yield* statusOf(locked)).toBe(500)
    })
  )

  it.effect("fails when it is made with an invalid option", () =>
    Effect.gen(function* () {
      const settingOf = (
        options: unknown,
        by: Effect.Effect<Webhooks.Verifier, { readonly setting: string }> = verifier
      ) =>
        Effect.map(
          Effect.flip(Webhooks.toHandler(by, () => Effect.void, untyped(options))),
          ({ setting }) => setting
        )
      for (const maxBytes of [0, 1.5, -1, "1", null, Number.POSITIVE_INFINITY]) {
        expect(yield* settingOf({ maxBytes })).toBe("maxBytes")
      }
      for (const bodyTimeout of [0, -1, "x", null])
        expect(yield* settingOf({ bodyTimeout })).toBe("bodyTimeout")
      expect(yield* settingOf({ maxByte: 1 })).toBe("maxByte")
      expect(yield* settingOf({}, Webhooks.make({ secret: "x" }))).toBe("secret")
    })
  )
})

interface EndedService {
  readonly add: (id: string) => Effect.Effect<void, string>
}

/** The names of the sessions that ended. */
class Ended extends Tag("Ended")<Ended, EndedService>() {}

const onEvent = (event: Webhooks.WebhookEvent) =>
  Effect.flatMap(Ended, ({ add }) => (event._tag === "SessionEvent" ? add(event.data.id) : Effect.void))

/** Serves webhooks on a port of the loopback address until the scope ends. */
type Serve = (
  ended: EndedService,
  options: Webhooks.HandlerOptions
) => Effect.Effect<number, unknown, Scope.Scope>

const overNode: Serve = (ended, options) =>
  Effect.gen(function* () {
    const handle = yield* Webhooks.toHandler(verifier, onEvent, options)
    const { runPromise } = yield* runner()
    const sockets = new Set<Socket>()
    const server = createServer((incoming, outgoing) => {
      const request = new Request(
        new URL(incoming.url ?? "/", "http://127.0.0.1"),
        untyped<RequestInit>({
          method: incoming.method,
          headers: Object.entries(incoming.headersDistinct).flatMap(([name, values = []]) =>
            values.map((value) => [name, value])
          ),
          body: incoming.method === "POST" ? Readable.toWeb(incoming) : undefined,
          duplex: "half"
        })
      )
      runPromise(Effect.provideService(handle(request), Ended, ended)).then(async (response) => {
        outgoing.writeHead(response.status, Object.fromEntries(response.headers))
        outgoing.end(await response.text())
      })
    }).on("connection", (socket) => sockets.add(socket))
    return yield* listen(server, sockets)
  })

const overRouter: Serve = (ended, options) =>
  portOf(
    HttpRouter.serve(
      WebhookRouter.route("/webhooks", verifier, onEvent, options).pipe(
        Layer.provide(Layer.succeed(Ended, ended))
      ),
      { disableLogger: true, disableListenLog: true }
    )
  )

interface Sent extends Signed {
  readonly method?: string
  /** Sends these parts and does not end the body. */
  readonly open?: ReadonlyArray<string>
  readonly headers?: Record<string, string | ReadonlyArray<string>>
}

const send = (port: number, { headers, method = "POST", open, ...message }: Sent = {}) =>
  callback<readonly [status: number, body: string]>((resume) => {
    const respond = (response: IncomingMessage) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("end", () => {
        outgoing.destroy()
        resume(Effect.succeed([response.statusCode ?? 0, Buffer.concat(chunks).toString()]))
      })
    }
    const outgoing = nodeRequest(
      {
        port,
        host: "127.0.0.1",
        path: "/webhooks",
        method,
        agent: false,
        headers: untyped({ ...headersOf(message), ...headers })
      },
      respond
    )
    outgoing.on("error", (error) => resume(Effect.die(error)))
    if (open === undefined) outgoing.end(method === "POST" ? (message.body ?? revoked) : undefined)
    else for (const part of open) outgoing.write(part)
  })

const servers: ReadonlyArray<readonly [name: string, serve: Serve]> = [
  ["Webhooks.toHandler on a socket", overNode],
  ["WebhookRouter.route on a socket", overRouter]
]

for (const [name, serve] of servers) {
  describe(name, () => {
    const seconds = () => Math.floor(Date.now() / 1000)

    const start = (options: Webhooks.HandlerOptions = {}) =>
      Effect.gen(function* () {
        const ids: Array<string> = []
        const state = { fails: false }
        const add = (id: string) =>
          Effect.suspend(() => (state.fails ? Effect.fail("down") : Effect.sync(() => void ids.push(id))))
        const port = yield* serve({ add }, options)
        return {
          ids,
          state,
          statusOf: (sent: Sent = {}) =>
            Effect.map(send(port, { timestamp: seconds(), ...sent }), ([status]) => status),
          port
        }
      })

    it.live("handles an event and responds with 204", () =>
      Effect.gen(function* () {
        const { ids, statusOf } = yield* start()
        expect(yield* statusOf()).toBe(204)
        expect(yield* statusOf({ body: eventOf("session.ended", { ...session, id: "sess_2" }) })).toBe(204)
        expect(yield* statusOf({ body: eventOf("user.created", {}) })).toBe(204)
        expect(ids).toEqual(["sess_1", "sess_2"])
      })
    )

    it.live("responds with 500 while the event is not handled, and with 204 to the next delivery", () =>
      Effect.gen(function* () {
        const { ids, state, statusOf } = yield* start()
        state.fails = true
        expect(yield* statusOf()).toBe(500)
        state.fails = false
        expect(yield* statusOf()).toBe(204)
        expect(ids).toEqual(["sess_1"])
      })
    )

    it.live("responds with 400 to an invalid webhook, with the reason", () =>
      Effect.gen(function* () {
        const { ids, port, statusOf } = yield* start()
        expect(yield* statusOf({ timestamp: seconds() - 302 })).toBe(400)
        expect(yield* statusOf({ headers: { "svix-id": "msg_2" } })).toBe(400)
        expect(yield* statusOf({ headers: { "webhook-id": "msg_1" } })).toBe(400)
        expect(yield* statusOf({ headers: { "svix-id": ["msg_1", "msg_1"] } })).toBe(400)
        const [status, body] = yield* send(port, { timestamp: seconds(), secret: otherSecret })
        expect([status, JSON.parse(body)]).toMatchObject([400, { reason: "signature" }])
        expect(ids).toEqual([])
      })
    )

    it.live("responds with 405 to other methods", () =>
      Effect.gen(function* () {
        const { statusOf } = yield* start()
        for (const method of ["GET", "PUT", "DELETE"]) expect(yield* statusOf({ method })).toBe(405)
      })
    )

    it.live("responds with 413 to a body that is too large, declared or in chunks without an end", () =>
      Effect.gen(function* () {
        const { ids, statusOf } = yield* start({ maxBytes: 20_000 })
        expect(yield* statusOf({ body: "x".repeat(20_001) })).toBe(413)
        expect(yield* statusOf({ open: ["x".repeat(10_000), "x".repeat(10_001)] })).toBe(413)
        expect(ids).toEqual([])
      })
    )

    it.live("responds with 408 to a body that stalls", () =>
      Effect.gen(function* () {
        const { ids, statusOf } = yield* start({ bodyTimeout: "100 millis" })
        expect(yield* statusOf({ open: [revoked.slice(0, 10)] })).toBe(408)
        expect(ids).toEqual([])
      })
    )
  })
}
