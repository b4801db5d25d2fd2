import type { ClerkResponse, DecodeReason, WireFailure } from "../model.js"
import { transportFailure } from "./faults.js"
import { headersIn, type ResponseHeaders } from "./headers.js"

/** The status and the headers of a response. */
export interface Head {
  readonly status: number
  readonly headers: ResponseHeaders
}

/** A response as a transport has it. */
export interface WireResponse extends Head {
  readonly body: string
}

/** Copies all headers of a response, for callers outside the library. */
export const toClerkResponse = ({ body, headers, status }: WireResponse): ClerkResponse => ({
  status,
  headers: Object.fromEntries(headers.entries()),
  body
})

export const fromClerkResponse = ({ body, headers, status }: ClerkResponse): WireResponse => ({
  status,
  headers: headersIn(headers),
  body
})

/** The content codings that transports decode. A body with any other coding stays encoded. */
const knownCodings: ReadonlySet<string> = new Set(["gzip", "x-gzip", "deflate", "br", "zstd"])

const maxCodings = 5

const noCodings: ReadonlyArray<string> = []

/**
 * Returns the codings in a `content-encoding` in the order in which the server applied them, or `undefined` when no
 * transport decodes them. `identity` is valid only by itself: some platforms decode nothing when it is in a list.
 */
export const contentCodings = (header: string | null | undefined): ReadonlyArray<string> | undefined => {
  if (typeof header !== "string") return noCodings
  const names = header
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "")
  if (names.length === 1 && names[0] === "identity") return noCodings
  return names.length <= maxCodings && names.every((name) => knownCodings.has(name)) ? names : undefined
}

/** Returns whether a body is or was compressed. A platform that has decompressed the body keeps the header. */
export const isCompressed = ({ headers }: Head): boolean =>
  contentCodings(headers.get("content-encoding"))?.length !== 0

/** Returns the media type without its parameters, if it is valid. */
export const mediaTypeIn = (contentType: string | null | undefined): string | undefined =>
  /^\s*([\w!#$&^.+-]{1,64}\/[\w!#$&^.+-]{1,64})\s*(?:;|$)/.exec(contentType ?? "")?.[1]?.toLowerCase()

const declaredLength = ({ headers }: Head): number => Number(headers.get("content-length") ?? 0)

/** Returns whether the head declares a body that is too large. */
export const declaresMoreThan = (maxBytes: number, head: Head): boolean => declaredLength(head) > maxBytes

/** Returns why a body is unreadable, where the head alone shows it. */
export const unreadableReason = (head: Head, maxBytes: number): "encoding" | "oversize" | undefined => {
  if (contentCodings(head.headers.get("content-encoding")) === undefined) return "encoding"
  return declaresMoreThan(maxBytes, head) ? "oversize" : undefined
}

/**
 * Completes a response with its body. An error response whose body is unreadable gets an empty body, because its status
 * says more than the body.
 */
export const withBody = (
  { headers, status }: Head,
  body: string | WireFailure
): WireResponse | WireFailure => {
  if (typeof body === "string") return { status, headers, body }
  return status >= 300 && body._tag === "ClerkDecodeError" ? { status, headers, body: "" } : body
}

/** Completes a response whose body is unreadable. `maxBytes` is the limit that a body of too many bytes exceeds. */
export const withUnreadableBody = (
  head: Head,
  reason: DecodeReason,
  maxBytes?: number
): WireResponse | WireFailure =>
  withBody(head, {
    _tag: "ClerkDecodeError",
    fields: {
      reason,
      status: head.status,
      contentType: mediaTypeIn(head.headers.get("content-type")),
      ...(reason === "oversize" && maxBytes !== undefined ? { maxResponseBytes: maxBytes } : undefined)
    }
  })

/** Collects the chunks of a body, up to a number of bytes. */
export class BodyChunks {
  readonly #maxBytes: number
  readonly #chunks: Array<Uint8Array> = []
  #size = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Adds a chunk. Returns `false` when the body then has too many bytes. */
  add(chunk: Uint8Array): boolean {
    this.#size += chunk.length
    if (this.#size > this.#maxBytes) return false
    this.#chunks.push(chunk)
    return true
  }

  bytes(): Uint8Array {
    const [first] = this.#chunks
    if (first !== undefined && this.#chunks.length === 1) return first
    const whole = new Uint8Array(this.#size)
    let offset = 0
    for (const chunk of this.#chunks) {
      whole.set(chunk, offset)
      offset += chunk.length
    }
    return whole
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** Returns whether the platform gave fewer bytes than the head declares, and reported the body as complete. */
const isIncomplete = (head: Head, bytes: Uint8Array): boolean =>
  bytes.length < declaredLength(head) &&
  !isCompressed(head) &&
  // Responses with these statuses have no body, with any declared length.
  head.status !== 204 &&
  head.status !== 304

/**
 * Completes a response with the bytes of its whole body, as text without a byte order mark. Fails when the bytes are
 * still compressed, are not UTF-8, or are incomplete, which not every platform reports over HTTP/2.
 */
export const withBytes = (head: Head, bytes: Uint8Array): WireResponse | WireFailure => {
  if (isIncomplete(head, bytes)) return transportFailure({ reason: "incomplete-body", sent: "maybe" })
  try {
    return withBody(head, utf8.decode(bytes))
  } catch {
    // An `HttpClient` that does not decompress gives compressed bytes.
    return withUnreadableBody(head, isCompressed(head) ? "encoding" : "utf8")
  }
}
