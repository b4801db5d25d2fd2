// Checked by `npm run check`, never run. It states what the types of webhooks promise.
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { ClerkConfigError, ClerkWebhookError, Session, SessionId } from "effect-clerk"
import { WebhookRouter, Webhooks } from "effect-clerk/webhooks"
import { expectTypeOf } from "vitest"
import type { HttpRouter } from "#test/httpServer.js"

const headers = new Headers()
const secret = Redacted.make("whsec_…")

// A call names every error, and requires nothing.
const received = Webhooks.verify({ headers, body: "{}" }, { secret })
expectTypeOf(received).toEqualTypeOf<
  Effect.Effect<Webhooks.WebhookEvent, ClerkWebhookError | ClerkConfigError>
>()
expectTypeOf(Webhooks.make({ secret: "whsec_…", previous: [secret, "whsec_…"] })).toEqualTypeOf<
  Effect.Effect<Webhooks.Verifier, ClerkConfigError>
>()
expectTypeOf(Webhooks.makeConfig()).toEqualTypeOf<Effect.Effect<Webhooks.Verifier, ClerkConfigError>>()
expectTypeOf<ReturnType<Webhooks.Verifier>>().toEqualTypeOf<
  Effect.Effect<Webhooks.WebhookEvent, ClerkWebhookError>
>()

// A secret is required, and a body is raw.
// @ts-expect-error: Webhooks.makeConfig reads the secret from the environment
Webhooks.make({})
// @ts-expect-error: a parsed body cannot be verified
Webhooks.verify({ headers, body: { type: "user.created" } }, { secret })
// @ts-expect-error: an unknown option
Webhooks.make({ secret, tolerence: "1 minute" })

declare const event: Webhooks.WebhookEvent

// The tag tells the events apart, and the type those of sessions.
if (event._tag === "SessionEvent") {
  expectTypeOf(event).toEqualTypeOf<Webhooks.SessionEvent>()
  expectTypeOf(event.data).toEqualTypeOf<Session>()
  expectTypeOf(event.data.id).toEqualTypeOf<SessionId>()
  // @ts-expect-error: it is "session.revoked"
  event.type === "session.revoke"
  switch (event.type) {
    case "session.created":
    case "session.ended":
    case "session.removed":
      break
    default:
      expectTypeOf(event.type).toEqualTypeOf<"session.revoked">()
  }
} else {
  expectTypeOf(event).toEqualTypeOf<Webhooks.OtherEvent>()
  expectTypeOf(event.type).toEqualTypeOf<string>()
  expectTypeOf(event.data).toEqualTypeOf<unknown>()
}

expectTypeOf(event.messageId).toEqualTypeOf<string>()
expectTypeOf(event.sentAt).toEqualTypeOf<DateTime.Utc>()
expectTypeOf(event.occurredAt).toEqualTypeOf<DateTime.Utc | undefined>()

// A handler requires what `onEvent` requires, and has no error.
declare const write: (event: Webhooks.WebhookEvent) => Effect.Effect<number, "failed", "Database">
const verifier = Webhooks.makeConfig()
expectTypeOf(Webhooks.toHandler(verifier, write)).toEqualTypeOf<
  Effect.Effect<Webhooks.Handler<"Database">, ClerkConfigError>
>()
expectTypeOf<Webhooks.Handler<"Database">>().returns.toEqualTypeOf<
  Effect.Effect<Response, never, "Database">
>()
expectTypeOf(WebhookRouter.route("/webhooks", verifier, write, { maxBytes: 1 })).toEqualTypeOf<
  Layer.Layer<never, ClerkConfigError, HttpRouter.HttpRouter | "Database">
>()
