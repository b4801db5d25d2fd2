/**
 * The error for an invalid webhook.
 *
 * @since 4.0.0
 */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { DateTimeUtcFromString, literals } from "#major/schemas.js"
import { webhookReasons } from "../core/webhooks/message.js"
import { httpApiStatus, withJson } from "./errorClass.js"

/**
 * Why a webhook is invalid.
 *
 * The headers, checked first:
 * - `missing-header`: a header of the signature is missing. `header` names it.
 * - `malformed-header`: a header is malformed or occurs twice, or headers of Svix (`svix-*`) and of Standard Webhooks
 *   (`webhook-*`) are mixed.
 * - `timestamp`: the message was sent too long ago or in the future. See `sentAt` and `checkedAt`.
 *
 * The signature:
 * - `signature`: no signature matches a secret.
 * - `parsed-body`: your server passed a parsed body instead of the raw one, so the signature cannot be checked.
 *
 * The body, checked after the signature:
 * - `body`: it is not a JSON object with a `type`.
 * - `schema`: the data of a session event does not match the schema of a session. `issues` says where.
 *
 * A handler, which reads the body itself, adds these:
 * - `oversize`: the body is larger than `maxBytes`.
 * - `incomplete-body`: the body did not arrive completely, or not in time.
 *
 * @since 4.0.0
 * @category models
 */
export type WebhookReason = typeof WebhookReason.Type

/**
 * The schema of {@link WebhookReason}.
 *
 * @since 4.0.0
 * @category schemas
 */
export const WebhookReason = literals(webhookReasons)

const reasonMessages: Readonly<Record<WebhookReason, string>> = {
  "missing-header":
    "a header of the signature is missing; check that the request is from Svix, and that a proxy keeps its headers",
  "malformed-header": "a header of the signature is malformed or comes twice",
  timestamp: "it was sent too long ago or in the future; check the clock of this server",
  signature:
    "no signature matches; check that the secret is the one of this endpoint, and that nothing changes the body",
  "parsed-body":
    "the body is not the raw one; pass the bytes or the text as received, before a framework parses the body",
  oversize: "its body is larger than maxBytes",
  "incomplete-body": "its body did not arrive completely, or not in time",
  body: "its body is not an event: a JSON object with a type",
  schema: "its data does not match the schema of a session"
}

/**
 * A webhook is invalid, and `reason` says why. An `HttpApi` responds with status 400.
 *
 * The error never contains the body, a signature or a secret.
 *
 * @since 4.0.0
 * @category errors
 */
export class ClerkWebhookError extends withJson(
  Schema.TaggedError<ClerkWebhookError>()(
    "ClerkWebhookError",
    {
      /** Why the webhook is invalid. */
      reason: WebhookReason,
      /** With `missing-header` and `malformed-header`: the name of the header, if one header is the cause. */
      header: Schema.optional(Schema.String),
      /** With `timestamp`: when the message was sent, as it states. */
      sentAt: Schema.optional(DateTimeUtcFromString),
      /** With `timestamp`: the time on this server's clock. */
      checkedAt: Schema.optional(DateTimeUtcFromString),
      /**
       * With `schema`: where the data differs from the schema, and what the schema expects there. Never the received
       * value.
       */
      issues: Schema.optional(Schema.Array(Schema.Struct({ path: Schema.String, expected: Schema.String })))
    },
    httpApiStatus(400)
  )
) {
  override get message(): string {
    const details = detailsOf(this)
    const shown = details.length === 0 ? "" : ` (${details.join("; ")})`
    return `Webhook rejected (${this.reason}): ${reasonMessages[this.reason]}${shown}`
  }
}

const detailsOf = ({ checkedAt, header, issues = [], sentAt }: ClerkWebhookError): ReadonlyArray<string> => [
  ...(header === undefined ? [] : [header]),
  ...(sentAt === undefined ? [] : [`sent at ${DateTime.formatIso(sentAt)}`]),
  ...(checkedAt === undefined ? [] : [`the clock here reads ${DateTime.formatIso(checkedAt)}`]),
  ...issues.slice(0, 3).map(({ expected, path }) => `${path || "the data"}: expected ${expected}`)
]
