import { brotliDecompress, gunzip, inflate, inflateRaw } from "node:zlib"
import type { Dispatcher } from "undici"
import type { Sent, WireFailure } from "../model.js"
import {
  BodyChunks,
  contentCodings,
  declaresMoreThan,
  type Head,
  type WireResponse,
  withBody,
  withBytes,
  withUnreadableBody
} from "./body.js"
import { bodyFailure, classifyFault, transportFailure } from "./faults.js"
import { headersIn } from "./headers.js"
import type { RequestInProgress, WireRequest } from "./request.js"

type Decompress = (
  bytes: Uint8Array,
  options: { readonly maxOutputLength: number },
  callback: (error: Error | null, whole: Uint8Array) => void
) => void

/** Some servers send `deflate` without the zlib header that RFC 9110, 8.4.1.2 requires. Platforms accept both. */
const inflateEither: Decompress = (bytes, options, callback) =>
  ((bytes[0] ?? 0) & 0x0f) === 8 ? inflate(bytes, options, callback) : inflateRaw(bytes, options, callback)

const decompressors: ReadonlyMap<string, Decompress> = new Map<string, Decompress>([
  ["gzip", gunzip],
  ["x-gzip", gunzip],
  ["deflate", inflateEither],
  ["br", brotliDecompress]
])

const none: ReadonlyArray<Decompress> = []

/** Returns the decompressors of a body, for the last coding first, or `undefined` when one of the codings has none. */
const decompressorsFor = ({ headers }: Head): ReadonlyArray<Decompress> | undefined => {
  const codings = contentCodings(headers.get("content-encoding"))
  if (codings?.length === 0) return none
  const steps = codings?.flatMap((coding) => decompressors.get(coding) ?? [])
  return steps?.length === codings?.length ? steps?.reverse() : undefined
}

/** Runs the decompressors one after the other. Gives the bytes, or why there are none. */
const decompress = (
  bytes: Uint8Array,
  [first, ...others]: ReadonlyArray<Decompress>,
  maxBytes: number,
  done: (outcome: Uint8Array | "oversize" | "encoding") => void
): void => {
  if (first === undefined || bytes.length === 0) {
    done(bytes)
    return
  }
  first(bytes, { maxOutputLength: maxBytes }, (error, whole) => {
    if (error === null) decompress(whole, others, maxBytes, done)
    else done("code" in error && error.code === "ERR_BUFFER_TOO_LARGE" ? "oversize" : "encoding")
  })
}

const aborted = new Error("the request was aborted")

/**
 * One request over a dispatcher of undici, and the handler of its response. undici follows no redirect, retries nothing
 * and decompresses nothing. What is still reported when the request is over finds no state.
 */
class UndiciRequest implements Dispatcher.DispatchHandler, RequestInProgress {
  readonly #tellsStart: boolean
  readonly #maxBytes: number
  /** `undefined` when the request is over. */
  #done: ((outcome: WireResponse | WireFailure) => void) | undefined
  #connection: Dispatcher.DispatchController | undefined
  #head: Head | undefined
  #chunks: BodyChunks | undefined

  constructor(tellsStart: boolean, maxBytes: number, done: (outcome: WireResponse | WireFailure) => void) {
    this.#tellsStart = tellsStart
    this.#maxBytes = maxBytes
    this.#done = done
  }

  stop(): Sent {
    this.#end()
    this.#connection?.abort(aborted)
    return this.#sent()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#connection = controller
    // The caller stopped the request while it waited for a connection.
    if (this.#done === undefined) controller.abort(aborted)
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Parameters<typeof headersIn>[0]
  ): void {
    if (status < 200 || this.#done === undefined) return
    // undici gives names in lower case.
    const head = { status, headers: headersIn(headers) }
    this.#head = head
    this.#chunks = new BodyChunks(this.#maxBytes)
    if (declaresMoreThan(this.#maxBytes, head)) this.#reject(head, "oversize")
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Uint8Array): void {
    const head = this.#head
    if (head !== undefined && this.#chunks?.add(chunk) === false) this.#reject(head, "oversize")
  }

  onResponseEnd(): void {
    const head = this.#head
    const bytes = this.#chunks?.bytes()
    if (head === undefined || bytes === undefined) return
    const steps = decompressorsFor(head)
    if (steps === undefined) this.#reject(head, "encoding")
    else if (steps.length === 0) this.#settle(withBytes(head, bytes))
    else {
      decompress(bytes, steps, this.#maxBytes, (outcome) => {
        if (typeof outcome === "string") this.#reject(head, outcome)
        else this.#settle(withBytes(head, outcome))
      })
    }
  }

  onResponseError(_: unknown, cause: unknown): void {
    if (this.#head === undefined) {
      const fault = classifyFault(cause)
      this.#settle(transportFailure(this.#sent() === "no" ? { ...fault, sent: "no" } : fault))
    } else this.#settle(withBody(this.#head, bodyFailure(cause)))
  }

  #sent(): Sent {
    return this.#tellsStart && this.#connection === undefined ? "no" : "maybe"
  }

  #reject(head: Head, reason: "encoding" | "oversize"): void {
    this.#settle(withUnreadableBody(head, reason, this.#maxBytes))
    this.#connection?.abort(aborted)
  }

  #settle(outcome: WireResponse | WireFailure): void {
    const done = this.#done
    this.#end()
    done?.(outcome)
  }

  #end(): void {
    this.#done = undefined
    this.#head = undefined
    this.#chunks = undefined
  }
}

/**
 * Sends one request with a dispatcher. Calls `done` once with the response or the failure. When the caller stops the
 * request, it learns whether the request may have been sent by then.
 *
 * undici calls `onRequestStart` before it writes a request to a connection. With `tellsStart`, a request that fails
 * before that was not sent. Mocks and interceptors may leave the call out, so this holds only for dispatchers that this
 * library makes.
 */
export const sendWithUndici = (
  dispatcher: Dispatcher,
  tellsStart: boolean,
  { method, url, headers, body }: WireRequest,
  maxBytes: number,
  done: (outcome: WireResponse | WireFailure) => void
): RequestInProgress => {
  const request = new UndiciRequest(tellsStart, maxBytes, done)
  const pathAt = url.indexOf("/", "https://".length)
  try {
    dispatcher.dispatch(
      {
        origin: url.slice(0, pathAt),
        path: url.slice(pathAt),
        // The methods of a ClerkRequest are among those of HTTP.
        method: method as Dispatcher.HttpMethod,
        headers: { ...headers, "accept-encoding": "gzip, br" },
        body: body ?? null
      },
      request
    )
  } catch (cause) {
    request.onResponseError(undefined, cause)
  }
  return request
}
