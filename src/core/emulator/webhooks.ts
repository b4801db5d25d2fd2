import { type Moment, makeId } from "./ids.js"
import { limits } from "./limits.js"
import type { EmulatedStatus, EmulatedWebhook } from "./model.js"
import { sessionJson } from "./sessionJson.js"
import type { SessionRecord } from "./state.js"

/** An event that has not been signed yet. */
export interface WebhookMessage {
  readonly id: string
  readonly body: string
  /** Epoch milliseconds. */
  readonly at: number
}

/** The messages that nobody has taken yet, oldest first, and those who wait for one. */
export interface Outbox {
  readonly key: Uint8Array<ArrayBuffer>
  readonly messages: Set<WebhookMessage>
  readonly waiting: Set<() => void>
  characters: number
}

const prefix = "whsec_"

/** Returns the bytes of a secret, or `undefined` for any other text. */
const keyOf = (secret: string): Uint8Array<ArrayBuffer> | undefined => {
  if (!/^whsec_[A-Za-z0-9+/]{4,512}={0,2}$/.test(secret)) return undefined
  try {
    return Uint8Array.from(atob(secret.slice(prefix.length)), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

export const isWebhookSecret = (secret: string): boolean => keyOf(secret) !== undefined

export const makeOutbox = (secret: string): Outbox => ({
  key: keyOf(secret) ?? new Uint8Array(),
  messages: new Set(),
  waiting: new Set(),
  characters: 0
})

export const clearOutbox = (outbox: Outbox): void => {
  outbox.messages.clear()
  outbox.characters = 0
}

/** The statuses of which Clerk sends an event, each of which is final. */
const announced: ReadonlyArray<EmulatedStatus> = ["ended", "removed", "revoked"]

const typeOf = ({ status }: SessionRecord, previous: SessionRecord | undefined): string | undefined => {
  if (previous === undefined) return "session.created"
  return status !== previous.status && announced.includes(status) ? `session.${status}` : undefined
}

/** The version of the API whose sessions webhooks have. */
const apiVersion = "2026-05-12"

/** Takes the oldest message. */
export const takeMessage = (outbox: Outbox): WebhookMessage | undefined => {
  for (const message of outbox.messages) {
    outbox.messages.delete(message)
    outbox.characters -= message.body.length
    return message
  }
  return undefined
}

export const takeMessages = (outbox: Outbox): ReadonlyArray<WebhookMessage> => {
  const messages = [...outbox.messages]
  clearOutbox(outbox)
  return messages
}

/** Adds the event of a change of a session, if Clerk sends one. Drops the oldest events above the limits. */
export const announce = (
  { id: instanceId, outbox }: { readonly id: string; readonly outbox: Outbox | undefined },
  moment: Moment,
  session: SessionRecord,
  previous: SessionRecord | undefined
): void => {
  const type = typeOf(session, previous)
  if (outbox === undefined || type === undefined) return
  const body = JSON.stringify({
    data: sessionJson(session, apiVersion),
    event_attributes: {
      http_request: { client_ip: session.latestActivity?.ipAddress ?? "", user_agent: "" }
    },
    instance_id: instanceId,
    object: "event",
    timestamp: moment.now,
    type
  })
  outbox.messages.add({ id: makeId("msg", moment), body, at: moment.now })
  outbox.characters += body.length
  while (outbox.messages.size > limits.webhooks || outbox.characters > limits.webhookText) takeMessage(outbox)
  for (const wake of outbox.waiting) {
    outbox.waiting.delete(wake)
    wake()
    break
  }
}

/** Signs a message by Standard Webhooks, as Svix does for Clerk. Each attempt to send it has a time of its own. */
export const signMessage = async (
  { key }: Outbox,
  { at, body, id }: WebhookMessage
): Promise<EmulatedWebhook> => {
  const timestamp = String(Math.floor(at / 1000))
  const algorithm = { name: "HMAC", hash: "SHA-256" }
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"])
  const text = new TextEncoder().encode(`${id}.${timestamp}.${body}`)
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", imported, text))
  return {
    headers: {
      "content-type": "application/json",
      "svix-id": id,
      "svix-timestamp": timestamp,
      "svix-signature": `v1,${btoa(String.fromCharCode(...signature))}`
    },
    body
  }
}
