import { ClerkDecodeError, ClerkTransportError } from "../../errors/CallErrors.js"
import { isCompressed } from "./contentEncoding.js"

interface Head {
  readonly status: number
  readonly headers: { readonly [name: string]: string }
}

/** The error of a body that cannot be read. `maxBytes` is the limit of a body that is too large. */
export const refusedBody = (
  reason: ClerkDecodeError["reason"],
  { headers, status }: Head,
  maxBytes?: number
): ClerkDecodeError =>
  new ClerkDecodeError(
    {
      reason,
      status,
      contentType: mediaTypeIn(headers["content-type"]),
      ...(reason === "oversize" && maxBytes !== undefined ? { maxResponseBytes: maxBytes } : undefined)
    },
    true
  )

/** The media type without its parameters, if it is one: the text comes from outside. */
export const mediaTypeIn = (contentType: string | undefined): string | undefined =>
  /^\s*([\w!#$&^.+-]{1,64}\/[\w!#$&^.+-]{1,64})\s*(?:;|$)/.exec(contentType ?? "")?.[1]?.toLowerCase()

/** Whether the head of an answer says already that its body is too large. */
export const declaresMoreThan = (maxBytes: number, headers: { readonly [name: string]: string }): boolean =>
  Number(headers["content-length"] ?? 0) > maxBytes

/**
 * What to do with a body that cannot be read: a refusal keeps its status, which says more than its page would;
 * a success without its body is none.
 */
export const orEmptyRefusal = <A>(
  status: number,
  body: string | ClerkDecodeError | A
): string | ClerkDecodeError | A => (status >= 300 && body instanceof ClerkDecodeError ? "" : body)

/** Puts the chunks of a body together, up to a number of bytes. */
export class BodyChunks {
  readonly #chunks: Array<Uint8Array> = []
  #size = 0

  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Takes a chunk, or answers `false` when it is one too many. */
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

/** Whether less came than the head had declared, though the platform took it for the whole. */
const isCutShort = ({ headers, status }: Head, bytes: Uint8Array): boolean =>
  !isCompressed(headers["content-encoding"]) &&
  bytes.length < Number(headers["content-length"] ?? 0) &&
  // These have no body whatever they declare.
  status !== 204 &&
  status !== 304

/**
 * The bytes of a whole body as text, or why they are none: still compressed, not UTF-8, or cut short, which over HTTP/2
 * not every platform notices. A byte order mark is dropped.
 */
export const decodeBody = (
  head: Head,
  bytes: Uint8Array
): string | ClerkDecodeError | ClerkTransportError => {
  if (isCutShort(head, bytes)) {
    return new ClerkTransportError({ reason: "incomplete-body", sent: "maybe" }, true)
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    // Bytes that are still compressed come from an `HttpClient` that does not decompress.
    return refusedBody(isCompressed(head.headers["content-encoding"]) ? "encoding" : "utf8", head)
  }
}
