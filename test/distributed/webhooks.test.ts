import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkEmulator, DEFAULT_WEBHOOK_SECRET, type EmulatedWebhook } from "effect-clerk/testing"
import { layerNodeHttp } from "#test/node.js"
import { describe, expect, it } from "#test/vitest.js"
import { startWorker, type Worker } from "./support/processes.js"
import { redis } from "./support/servers.js"
import type { Request, Response } from "./support/webhooks.worker.js"

type Process = Worker<Request, Response>

const secret = Redacted.value(DEFAULT_WEBHOOK_SECRET)

const clerk = ClerkEmulator.layer({
  webhookSecret: DEFAULT_WEBHOOK_SECRET,
  seed: { users: [{ id: "user_1" }] }
})

/** Two processes over one Redis. The first one receives the webhooks. */
const fleet = Effect.gen(function* () {
  const server = yield* redis()
  const start = Effect.gen(function* () {
    const worker = yield* startWorker<Request, Response>(
      new URL("./support/webhooks.worker.ts", import.meta.url),
      { args: [String(server.port), secret] }
    )
    const ready = yield* worker.next
    if (ready._tag !== "ready") return yield* Effect.die(new Error("a process reports before its work"))
    return { worker, url: ready.url }
  })
  const [receiver, reader] = yield* Effect.all([start, start], { concurrency: "unbounded" })
  const processes = [receiver.worker, reader.worker]
  return { server, url: receiver.url, otherUrl: reader.url, processes }
})

const post = (url: string, { body, headers }: Pick<EmulatedWebhook, "body"> & { readonly headers: object }) =>
  Effect.promise(async () => {
    const response = await fetch(url, { method: "POST", headers: { ...headers }, body })
    await response.arrayBuffer()
    return response.status
  })

/** Returns whether each process denies the session. */
const denials = (processes: ReadonlyArray<Process>, sessionId: string) =>
  Effect.forEach(processes, (each) =>
    Effect.andThen(
      each.send({ sessionId }),
      Effect.flatMap(each.next, (message) =>
        message._tag === "looked" && message.sessionId === sessionId
          ? Effect.succeed(message.isDenied)
          : Effect.die(new Error("a process reports before its work"))
      )
    )
  )

/** Waits until all processes deny the session. */
const deniedByAll = (processes: ReadonlyArray<Process>, sessionId: string): Effect.Effect<void> =>
  Effect.flatMap(denials(processes, sessionId), (each) =>
    each.every((isDenied) => isDenied)
      ? Effect.void
      : Effect.andThen(Effect.sleep(10), deniedByAll(processes, sessionId))
  )

/** The webhooks of a session that was created and revoked. */
const eventsOf = (sessionId: string) =>
  Effect.gen(function* () {
    const clerk = yield* ClerkEmulator
    yield* clerk.signIn("user_1", { sessionId })
    const { status } = yield* clerk.handle({
      method: "POST",
      url: `/v1/sessions/${sessionId}/revoke`,
      headers: { authorization: `Bearer ${Redacted.value(clerk.secretKey)}` },
      body: ""
    })
    expect(status).toBe(200)
    const [created, revoked] = yield* clerk.takeWebhooks
    if (created === undefined || revoked === undefined) return expect.unreachable()
    expect([created, revoked].map(({ body }) => JSON.parse(body).type)).toEqual([
      "session.created",
      "session.revoked"
    ])
    return { created, revoked }
  })

/** Sends a webhook until it is accepted, as Clerk does. Only a failed write rejects it. */
const accepted = (url: string, webhook: EmulatedWebhook): Effect.Effect<void> =>
  Effect.flatMap(post(url, webhook), (status) => {
    if (status === 204) return Effect.void
    expect(status).toBe(500)
    return Effect.andThen(Effect.sleep(200), accepted(url, webhook))
  })

const fiveMinutes = 300_000

describe("two processes that receive webhooks, over one Redis", () => {
  it.live("ignore forged webhooks", () =>
    Effect.gen(function* () {
      const { processes, url } = yield* fleet
      const clerk = yield* ClerkEmulator
      const { revoked } = yield* eventsOf("sess_1")
      const other = yield* ClerkEmulator.make({
        webhookSecret: Redacted.make(`whsec_${btoa("another secret of 24 bytes")}`)
      })
      const forged = [
        yield* other.signWebhook(revoked.body),
        { ...revoked, body: revoked.body.replace("sess_1", "sess_2") },
        { ...revoked, headers: { ...revoked.headers, "svix-id": "msg_other" } },
        { ...revoked, headers: { ...revoked.headers, "svix-signature": "v1,AAAA" } },
        { body: revoked.body, headers: { "content-type": "application/json" } },
        yield* clerk.signWebhook(revoked.body, { at: Date.now() - fiveMinutes - 10_000 }),
        yield* clerk.signWebhook(revoked.body, { at: Date.now() + fiveMinutes + 10_000 })
      ]
      for (const each of forged) expect(yield* post(url, each)).toBe(400)
      // Redis delivers in order, so after this one each process would deny what a forged one has written.
      const later = yield* eventsOf("sess_3")
      expect(yield* post(url, later.revoked)).toBe(204)
      yield* deniedByAll(processes, "sess_3")
      for (const id of ["sess_1", "sess_2"]) expect(yield* denials(processes, id)).toEqual([false, false])
      expect(yield* post(url, revoked)).toBe(204)
      yield* deniedByAll(processes, "sess_1")
    }).pipe(Effect.scoped, Effect.provide(clerk))
  )

  it.live("change nothing further for repeated webhooks, at whichever process they arrive", () =>
    Effect.gen(function* () {
      const { otherUrl, processes, url } = yield* fleet
      const { created, revoked } = yield* eventsOf("sess_1")
      const { created: createdOther } = yield* eventsOf("sess_2")
      expect(yield* post(url, revoked)).toBe(204)
      yield* deniedByAll(processes, "sess_1")
      for (const each of [revoked, created, revoked, createdOther, created]) {
        for (const to of [url, otherUrl]) expect(yield* post(to, each)).toBe(204)
      }
      expect(yield* denials(processes, "sess_1")).toEqual([true, true])
      expect(yield* denials(processes, "sess_2")).toEqual([false, false])
    }).pipe(Effect.scoped, Effect.provide(clerk))
  )

  it.live("deny a session whose end arrives before its creation", () =>
    Effect.gen(function* () {
      const { otherUrl, processes, url } = yield* fleet
      for (const [at, [first, second]] of [
        [url, otherUrl],
        [otherUrl, url],
        [url, url]
      ].entries()) {
        const { created, revoked } = yield* eventsOf(`sess_${at}`)
        expect(yield* post(first ?? url, revoked)).toBe(204)
        expect(yield* post(second ?? url, created)).toBe(204)
        yield* deniedByAll(processes, `sess_${at}`)
      }
      const ids = ["sess_0", "sess_1", "sess_2"]
      for (const id of ids) expect(yield* denials(processes, id)).toEqual([true, true])
    }).pipe(Effect.scoped, Effect.provide(clerk))
  )

  for (const fault of ["kill", "hang"] as const) {
    it.live(`respond with 500 while Redis is down (${fault}), and write when Clerk repeats the webhook`, () =>
      Effect.gen(function* () {
        const { processes, server, url } = yield* fleet
        const { created, revoked } = yield* eventsOf("sess_1")
        yield* server[fault]
        // The event that needs no write succeeds.
        expect(yield* post(url, created)).toBe(204)
        expect(yield* post(url, revoked)).toBe(500)
        yield* fault === "kill" ? server.restart : server.resume
        yield* accepted(url, revoked)
        yield* deniedByAll(processes, "sess_1")
      }).pipe(Effect.scoped, Effect.provide(clerk))
    )
  }

  it.live(
    "deny a revoked session after the emulator's own attempts, while Redis is down for some of them",
    () =>
      Effect.gen(function* () {
        const { processes, server, url } = yield* fleet
        const clerk = yield* ClerkEmulator
        yield* Layer.build(
          Layer.provide(
            ClerkEmulator.layerWebhooks({
              url,
              retryDelays: Array.from({ length: 30 }, () => "1 second" as const)
            }),
            layerNodeHttp
          )
        )
        yield* server.kill
        yield* clerk.signIn("user_1", { sessionId: "sess_1" })
        yield* clerk.updateSession("sess_1", { status: "revoked" })
        yield* Effect.sleep("3 seconds")
        const [, reader] = processes
        if (reader === undefined) return expect.unreachable()
        expect(yield* denials([reader], "sess_1")).toEqual([false])
        yield* server.restart
        yield* deniedByAll(processes, "sess_1")
      }).pipe(Effect.scoped, Effect.provide(clerk))
  )
})
