import { ownProperties } from "../input.js"
import type { WireFailure } from "../model.js"
import {
  BodyChunks,
  type Head,
  isCompressed,
  unreadableReason,
  type WireResponse,
  withBody,
  withBytes,
  withUnreadableBody
} from "./body.js"
import { bodyFailure, classifyFault, transportFailure } from "./faults.js"
import type { WireRequest } from "./request.js"

/** The version of Bun, elsewhere `undefined`. */
const bunVersion: unknown = Reflect.get(Object(Reflect.get(globalThis, "Bun")), "version")

const isBefore = (version: string, bound: string): boolean =>
  version.localeCompare(bound, "en", { numeric: true }) < 0

/**
 * Returns the options that `fetch` gets for a method.
 *
 * A followed redirect would carry the request's headers and body to another place.
 *
 * When a reused connection breaks before the response, Bun resends a `PUT` or a `DELETE` over a new connection. Before
 * 1.3.14 it resends a request of any method. Clerk may receive both. If the new connection fails, the error says that no
 * request was sent. So such a request gets a connection of its own. A `GET` may be sent twice.
 */
export const fetchInit = (method: string, bun: unknown = bunVersion): RequestInit => {
  const isResent =
    typeof bun === "string" &&
    method !== "GET" &&
    (method === "PUT" || method === "DELETE" || isBefore(bun, "1.3.14"))
  return isResent ? { redirect: "manual", keepalive: false } : { redirect: "manual" }
}

/** On another runtime that has this name a `Blob` does no harm: its bytes are those of the text. */
const isDeno = "Deno" in globalThis

/**
 * Returns the body that `fetch` gets.
 *
 * When a reused connection breaks before the response, Deno resends a request of any method if it still has the body
 * (https://github.com/denoland/deno/issues/35610). Deno keeps a text. It reads a `Blob` while it sends it, so it has
 * nothing to resend, and Clerk does not receive the request twice. A stream would also do, but goes out in chunks, which
 * not every server accepts. A `Blob` goes out with its length, as the text does.
 *
 * A request without a body gets none, because even an empty `Blob` goes out in chunks.
 */
export const fetchBody = (body: string | undefined, onDeno: boolean = isDeno): string | Blob | null => {
  if (body === undefined) return null
  return onDeno ? new Blob([body]) : body
}

/** Sends one request with a `fetch`. Resolves to the response or the failure. */
export const sendWithFetch = async (
  fetch: typeof globalThis.fetch,
  { method, url, headers, body }: WireRequest,
  maxBytes: number,
  signal: AbortSignal
): Promise<WireResponse | WireFailure> => {
  let response: Response
  try {
    // A `fetch` of the caller may change what it is given.
    const init = { ...fetchInit(method), method, headers: { ...headers }, body: fetchBody(body), signal }
    response = await fetch(url, ownProperties(init))
  } catch (cause) {
    return transportFailure(classifyFault(cause))
  }
  const head: Head = { status: response.status, headers: response.headers }
  if (response.body === null) return withBody(head, "")
  const reason = unreadableReason(head, maxBytes)
  if (reason !== undefined) return reject(head, response.body, reason, maxBytes)
  try {
    return response.headers.has("content-length") && !isCompressed(head)
      ? // The declared length is allowed, and the platform reads no more than that.
        withBytes(head, new Uint8Array(await response.arrayBuffer()))
      : await readChunks(head, response.body, maxBytes)
  } catch (cause) {
    return withBody(head, bodyFailure(cause))
  }
}

const reject = (
  head: Head,
  body: ReadableStream<Uint8Array>,
  reason: "encoding" | "oversize",
  maxBytes: number
): WireResponse | WireFailure => {
  // Releases the connection. It may be broken by now, which changes nothing.
  body.cancel().catch(() => {})
  return withUnreadableBody(head, reason, maxBytes)
}

const readChunks = async (
  head: Head,
  body: ReadableStream<Uint8Array>,
  maxBytes: number
): Promise<WireResponse | WireFailure> => {
  const chunks = new BodyChunks(maxBytes)
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return withBytes(head, chunks.bytes())
    if (!chunks.add(value)) {
      reader.releaseLock()
      return reject(head, body, "oversize", maxBytes)
    }
  }
}
