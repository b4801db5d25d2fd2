import { createHmac } from "node:crypto"
import type { Webhooks } from "effect-clerk/webhooks"

/** The time of the messages, in epoch seconds. */
export const now = 1_790_000_000

export const secretOf = (byte: number, length = 24): string =>
  `whsec_${Buffer.alloc(length, byte).toString("base64")}`

export const secret = secretOf(1)
export const otherSecret = secretOf(2)

/** A session as Clerk sends it in an event, with the user beside it. */
export const session = {
  object: "session",
  id: "sess_1",
  user_id: "user_1",
  client_id: "client_1",
  status: "revoked",
  last_active_at: (now - 60) * 1000,
  expire_at: (now + 3600) * 1000,
  abandon_at: (now + 7200) * 1000,
  updated_at: now * 1000,
  created_at: (now - 3600) * 1000,
  user: { object: "user", id: "user_1", email_addresses: [{ email_address: "ada@example.com" }] }
}

/** The body of an event. */
export const eventOf = (type: string, data: unknown, more: object = {}): string =>
  JSON.stringify({
    type,
    object: "event",
    data,
    timestamp: now * 1000 - 250,
    instance_id: "ins_1",
    event_attributes: { http_request: { client_ip: "192.0.2.1", user_agent: "curl" } },
    ...more
  })

export const revoked = eventOf("session.revoked", session)

export interface Signed {
  readonly id?: string
  readonly timestamp?: number | string
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly secret?: string
}

/** One signature of a message. */
export const signature = ({
  body = revoked,
  id = "msg_1",
  secret: by = secret,
  timestamp = now
}: Signed = {}) => {
  const key = Buffer.from(by.replace("whsec_", ""), "base64")
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64")}`
}

/** The headers of a message, signed with each of the secrets. */
export const headersOf = (
  message: Signed = {},
  secrets: ReadonlyArray<string> = [message.secret ?? secret],
  prefix = "svix"
): Record<string, string> => ({
  [`${prefix}-id`]: message.id ?? "msg_1",
  [`${prefix}-timestamp`]: String(message.timestamp ?? now),
  [`${prefix}-signature`]: secrets.map((each) => signature({ ...message, secret: each })).join(" ")
})

/** A message with its headers. */
export const signed = (message: Signed = {}): Webhooks.WebhookInput => ({
  headers: headersOf(message),
  body: message.body ?? revoked
})

/** A request with a message. */
export const requestOf = (message: Signed = {}, url = "https://app.example.com/webhooks"): Request =>
  new Request(url, { method: "POST", headers: headersOf(message), body: message.body ?? revoked })
