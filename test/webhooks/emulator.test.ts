/** Webhooks of the emulator, from the change of a session to the write of the receiver. */
import { Effect, Layer } from "effect"
import { ClerkHttp, Sessions } from "effect-clerk"
import { ClerkEmulator, DEFAULT_SECRET_KEY, DEFAULT_WEBHOOK_SECRET } from "effect-clerk/testing"
import { WebhookRouter, Webhooks } from "effect-clerk/webhooks"
import { FetchHttpClient } from "#test/http.js"
import { HttpRouter } from "#test/httpServer.js"
import { describe, expect, it } from "#test/vitest.js"
import { portOf } from "../support/protectedServers.js"

const verifier = Webhooks.make({ secret: DEFAULT_WEBHOOK_SECRET })

/** A receiver on a socket. It fails the first delivery of each message, and writes the second one. */
const receiver = Effect.gen(function* () {
  const seen = new Set<string>()
  const written = new Map<string, string>()
  const deliveries: Array<string> = []
  const onEvent = (event: Webhooks.WebhookEvent) =>
    Effect.suspend(() => {
      deliveries.push(event.messageId)
      if (!seen.has(event.messageId)) {
        seen.add(event.messageId)
        return Effect.fail("the database is down")
      }
      if (event._tag === "SessionEvent" && written.get(event.data.id) !== "revoked") {
        written.set(event.data.id, event.data.status)
      }
      return Effect.void
    })
  const port = yield* portOf(
    HttpRouter.serve(WebhookRouter.route("/webhooks", verifier, onEvent), {
      disableLogger: true,
      disableListenLog: true
    })
  )
  return { url: `http://127.0.0.1:${port}/webhooks`, written, deliveries }
})

const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() =>
    condition() ? Effect.void : Effect.andThen(Effect.sleep("10 millis"), until(condition))
  )

describe("the webhooks of the emulator", () => {
  it.live("are delivered until the receiver has written them", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make({ webhookSecret: DEFAULT_WEBHOOK_SECRET })
      const { deliveries, url, written } = yield* receiver
      yield* Effect.gen(function* () {
        const user = yield* clerk.createUser()
        const { id } = yield* Sessions.create({ userId: user.id })
        yield* Sessions.revoke(id)
        yield* Effect.timeout(
          until(() => deliveries.length >= 4),
          "10 seconds"
        )
        yield* Effect.timeout(
          until(() => written.get(id) === "revoked"),
          "10 seconds"
        )
        expect(new Set(deliveries).size).toBe(2)
      }).pipe(
        Effect.provide(
          Layer.merge(
            ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY }).pipe(
              Layer.provide(ClerkEmulator.layerHttpClient)
            ),
            ClerkEmulator.layerWebhooks({ url, retryDelays: ["50 millis", "100 millis"] }).pipe(
              Layer.provide(FetchHttpClient.layer)
            )
          )
        ),
        Effect.provideService(ClerkEmulator, clerk)
      )
    })
  )

  it.live("are verified, a repeated one has the id of the first, and an old one is rejected", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make({ webhookSecret: DEFAULT_WEBHOOK_SECRET })
      const user = yield* clerk.createUser()
      yield* clerk.signIn(user.id)
      const [created] = yield* clerk.takeWebhooks
      if (created === undefined) return yield* Effect.die("there is no webhook")
      const verify = yield* verifier
      const event = yield* verify(created)
      const again = yield* verify(yield* clerk.signWebhook(created.body, { id: created.headers["svix-id"] }))
      expect(again).toMatchObject({ messageId: event.messageId, type: "session.created" })
      expect(event).toMatchObject({ _tag: "SessionEvent", data: { userId: user.id, status: "active" } })
      const late = yield* clerk.signWebhook(created.body, { at: Date.now() - 302_000 })
      expect(yield* Effect.flip(verify(late))).toMatchObject({ reason: "timestamp" })
    })
  )
})
