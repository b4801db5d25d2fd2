import { broken, inField, optionsFlaw, type Reader, RuleBreak, readOptions } from "../input.js"
import { bytesOfBase64 } from "./message.js"

/** How to check webhooks: the options of a verifier after all checks. */
export interface WebhookSettings {
  readonly secrets: ReadonlyArray<Uint8Array<ArrayBuffer>>
  readonly toleranceMillis: number
}

/** Reads what has a type of Effect. */
export interface WebhookReaders {
  /** Unwraps a `Redacted` secret. */
  readonly unwrap: (secret: unknown) => unknown
  /** Returns the milliseconds of a duration, or `undefined` for any other value. */
  readonly millis: (duration: unknown) => number | undefined
}

/** Svix makes secrets of 24 bytes, and accepts an own one of up to 75. */
const minSecret = 24
const maxSecret = 75

const invalidSecret = broken(
  "must be the signing secret of the endpoint from Clerk's dashboard: whsec_ and 24 to 75 bytes in base64"
)

/** Reads a secret to its bytes. */
const readSecret = (secret: unknown): Uint8Array<ArrayBuffer> | RuleBreak => {
  const encoded =
    typeof secret === "string" ? /^whsec_([A-Za-z0-9+/]{32,100}={0,2})$/.exec(secret)?.[1] : undefined
  if (encoded === undefined || encoded.length % 4 !== 0) return invalidSecret
  try {
    const bytes = bytesOfBase64(encoded)
    return bytes.length >= minSecret && bytes.length <= maxSecret ? bytes : invalidSecret
  } catch {
    return invalidSecret
  }
}

/** Each secret costs one HMAC of the body for each signature. */
const maxPrevious = 4

const maxToleranceMillis = 3_600_000

const readTolerance =
  (millis: WebhookReaders["millis"]) =>
  (tolerance: unknown = "5 minutes") => {
    const read = millis(tolerance)
    return read !== undefined && read >= 1000 && read <= maxToleranceMillis
      ? read
      : broken("must be a duration from one second to one hour")
  }

const readPrevious =
  (unwrap: WebhookReaders["unwrap"]) =>
  (previous: unknown = []): ReadonlyArray<Uint8Array<ArrayBuffer>> | RuleBreak => {
    const list: ReadonlyArray<unknown> = Array.isArray(previous) ? [...previous] : [previous]
    if (list.length > maxPrevious) return broken(`must be one secret, or a list of at most ${maxPrevious}`)
    const secrets: Array<Uint8Array<ArrayBuffer>> = []
    for (const [at, each] of list.entries()) {
      const secret = readSecret(unwrap(each))
      if (secret instanceof RuleBreak) return Array.isArray(previous) ? inField(String(at), secret) : secret
      secrets.push(secret)
    }
    return secrets
  }

const kind = { unknown: "is not an option of webhooks" }

/** Finds what is wrong with the names of the options beside the secret. */
export const configOptionsFlaw = (options: unknown): RuleBreak | undefined =>
  optionsFlaw(options, kind, ["previous", "tolerance"])

/** Reads the options of a verifier of webhooks. */
export const readWebhookOptions = (
  options: unknown,
  { millis, unwrap }: WebhookReaders
): WebhookSettings | RuleBreak => {
  const read = readOptions(options, kind, {
    secret: (secret) =>
      secret === undefined ? broken(`is missing: it ${invalidSecret.rule}`) : readSecret(unwrap(secret)),
    previous: readPrevious(unwrap),
    tolerance: readTolerance(millis)
  } satisfies Record<string, Reader>)
  return read instanceof RuleBreak
    ? read
    : { secrets: [read.secret, ...read.previous], toleranceMillis: read.tolerance }
}

/** How to read the body of a webhook. */
export interface BodySettings {
  readonly maxBytes: number
  readonly bodyMillis: number
}

/** Reads the options of a handler of webhooks. */
export const readHandlerOptions = (
  options: unknown,
  { millis }: Pick<WebhookReaders, "millis">
): BodySettings | RuleBreak => {
  const read = readOptions(options, { unknown: "is not an option of a handler of webhooks" }, {
    maxBytes: (bytes: unknown = 1024 * 1024) =>
      typeof bytes === "number" && Number.isSafeInteger(bytes) && bytes >= 1
        ? bytes
        : broken("must be a whole number of bytes, at least 1"),
    bodyTimeout: (timeout: unknown = "10 seconds") => {
      const read = millis(timeout)
      return read !== undefined && read > 0
        ? read
        : broken('must be a duration such as "10 seconds", above zero')
    }
  } satisfies Record<string, Reader>)
  return read instanceof RuleBreak ? read : { maxBytes: read.maxBytes, bodyMillis: read.bodyTimeout }
}

/** Imports a secret. The key can only verify. */
export const importSecret = (secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["verify"])
