import { own } from "../input.js"
import type { Failure, Issue } from "../model.js"
import { lowerCased, readHeaders } from "../wire/headers.js"

/*
 * The headers and the signature of a webhook, by the Standard Webhooks specification. Clerk sends webhooks through Svix,
 * which follows it.
 */

export const webhookReasons = [
  "missing-header",
  "malformed-header",
  "timestamp",
  "signature",
  "parsed-body",
  "oversize",
  "incomplete-body",
  "body",
  "schema"
] as const

export type WebhookReason = (typeof webhookReasons)[number]

/** What is wrong with a webhook. Times are in epoch milliseconds. */
export interface WebhookFields {
  readonly reason: WebhookReason
  readonly header?: string
  readonly sentAt?: number
  readonly checkedAt?: number
  readonly issues?: ReadonlyArray<Issue>
}

export type WebhookFailure = Failure<"ClerkWebhookError", WebhookFields>

export const rejected = (
  reason: WebhookReason,
  fields: Omit<WebhookFields, "reason"> = {}
): WebhookFailure => ({
  _tag: "ClerkWebhookError",
  fields: { reason, ...fields }
})

/** What the headers of a webhook state. None of it is trusted before the signature is checked. */
export interface Message {
  readonly _tag: "Message"
  /** The id of the message. A repeated delivery has the same id. */
  readonly id: string
  /** When this delivery was sent, in epoch seconds. */
  readonly timestamp: number
  readonly signatures: ReadonlyArray<Uint8Array<ArrayBuffer>>
}

const prefixes = ["svix", "webhook"] as const

const parts = ["id", "timestamp", "signature"] as const

/** A dot in the id would let one signature stand for another split of the signed text. */
const idForm = /^[\x21-\x2d\x2f-\x7e]{1,256}$/

/** Without leading zeros, so that the signed text has one form. */
const timestampForm = /^(?:0|[1-9]\d{0,11})$/

/** The base64 of 32 bytes, whose last digit has two bits that must be zero. */
const signatureForm = /^v1,([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)$/

/** Each signature costs one HMAC of the body for each secret. */
const maxSignatures = 16

export const bytesOfBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0))

/** Reads the headers, in any form that servers have. A header that comes twice is malformed. */
export const readMessage = (headers: unknown): Message | WebhookFailure => {
  const read = readHeaders(headers)
  if (read === undefined) return rejected("malformed-header")
  const lists = lowerCased(read)
  const used = prefixes.filter((prefix) => parts.some((part) => Object.hasOwn(lists, `${prefix}-${part}`)))
  // Two sets of headers would leave it open which one is signed.
  if (used.length > 1) return rejected("malformed-header")
  const [prefix = "svix"] = used
  const values = { id: "", timestamp: "", signature: "" }
  for (const part of parts) {
    const header = `${prefix}-${part}`
    const [value = "", ...more] = own(lists, header) ?? []
    if (value === "") return rejected("missing-header", { header })
    if (more.length > 0) return rejected("malformed-header", { header })
    values[part] = value
  }
  const { id, signature, timestamp } = values
  if (!idForm.test(id)) return rejected("malformed-header", { header: `${prefix}-id` })
  if (!timestampForm.test(timestamp)) return rejected("malformed-header", { header: `${prefix}-timestamp` })
  const entries = signature.split(" ")
  // Servers join the values of a header that comes twice with a comma and a space.
  if (entries.length > maxSignatures || signature.includes(", "))
    return rejected("malformed-header", { header: `${prefix}-signature` })
  // Other versions, such as v1a with its public keys, are left out.
  const signatures = entries.flatMap((entry) => {
    const encoded = signatureForm.exec(entry)?.[1]
    return encoded === undefined ? [] : [bytesOfBase64(encoded)]
  })
  return { _tag: "Message", id, timestamp: Number(timestamp), signatures }
}

/** Finds whether a message was sent too long ago or in the future, so that a recorded one does not count later. */
export const timestampFlaw = (
  { timestamp }: Message,
  nowMillis: number,
  toleranceMillis: number
): WebhookFailure | undefined =>
  Math.abs(Math.floor(nowMillis / 1000) - timestamp) * 1000 <= toleranceMillis
    ? undefined
    : rejected("timestamp", { sentAt: timestamp * 1000, checkedAt: nowMillis })

/** The bytes of a body as it was received, or `undefined` for any other value, such as parsed JSON. */
const bytesOf = (body: unknown): Uint8Array | undefined => {
  if (typeof body === "string") return new TextEncoder().encode(body)
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength)
  // An `ArrayBuffer` of another realm is no instance of this one's.
  return Object.prototype.toString.call(body) === "[object ArrayBuffer]"
    ? new Uint8Array(body as ArrayBuffer)
    : undefined
}

/** The text that a signature covers, and where the body starts in it. */
export interface SignedText {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly bodyAt: number
}

/** Copies what is signed, so that the caller cannot change the body between its check and its use. */
export const signedText = ({ id, timestamp }: Message, body: unknown): SignedText | undefined => {
  const given = bytesOf(body)
  if (given === undefined) return undefined
  const head = new TextEncoder().encode(`${id}.${timestamp}.`)
  const bytes = new Uint8Array(head.length + given.length)
  bytes.set(head)
  bytes.set(given, head.length)
  return { bytes, bodyAt: head.length }
}

/** Resolves to whether one of the keys made one of the signatures. WebCrypto compares in constant time. */
export const isSignedBy = async (
  keys: ReadonlyArray<CryptoKey>,
  { signatures }: Message,
  { bytes }: SignedText
): Promise<boolean> => {
  for (const key of keys) {
    for (const signature of signatures) {
      if (await crypto.subtle.verify("HMAC", key, signature, bytes)) return true
    }
  }
  return false
}
