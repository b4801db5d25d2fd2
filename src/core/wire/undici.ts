import { brotliDecompress, gunzip, inflate, inflateRaw } from "node:zlib"
import type { Dispatcher } from "undici"
import type { ClerkResponse, Sent, WireFailure } from "../model.js"
import {
  BodyChunks,
  contentCodings,
  declaresMoreThan,
  type Head,
  withBody,
  withBytes,
  withUnreadableBody
} from "./body.js"
import { bodyFailure, classifyFault, transportFailure } from "./faults.js"
import type { WireRequest } from "./request.js"

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

/** Returns the decompressors of a body, for the last coding first, or `undefined` when one of the codings has none. */
const decompressorsFor = ({ headers }: Head): ReadonlyArray<Decompress> | undefined => {
  const codings = contentCodings(headers["content-encoding"])
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

/** undici gives names in lower case. */
const plainHeaders = (headers: Readonly<Record<string, string | Array<string> | undefined>>) => {
  const plain: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined) plain[name] = typeof value === "string" ? value : value.join(", ")
  }
  return plain
}

/**
 * Sends one request with a dispatcher of undici, which follows no redirect, retries nothing and decompresses nothing.
 * Calls `done` once with the response or the failure. Returns a function that aborts the request. It returns whether the
 * request may have been sent by then.
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
  done: (outcome: ClerkResponse | WireFailure) => void
): (() => Sent) => {
  let connection: Dispatcher.DispatchController | undefined
  let isDone = false
  let head: Head = { status: 0, headers: {} }
  const chunks = new BodyChunks(maxBytes)

  const sent = (): Sent => (tellsStart && connection === undefined ? "no" : "maybe")
  const settle = (outcome: ClerkResponse | WireFailure) => {
    if (isDone) return
    isDone = true
    done(outcome)
  }
  const fail = (cause: unknown) => {
    if (head.status !== 0) return settle(withBody(head, bodyFailure(cause)))
    const fault = classifyFault(cause)
    settle(transportFailure(sent() === "no" ? { ...fault, sent: "no" } : fault))
  }
  const reject = (reason: "encoding" | "oversize") => {
    settle(withUnreadableBody(head, reason, maxBytes))
    connection?.abort(aborted)
  }

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
      {
        onRequestStart(controller) {
          connection = controller
          // The caller aborted the request while it waited for a connection.
          if (isDone) controller.abort(aborted)
        },
        onResponseStart(_, status, incoming) {
          if (status < 200) return
          head = { status, headers: plainHeaders(incoming) }
          if (declaresMoreThan(maxBytes, head)) reject("oversize")
        },
        onResponseData(_, chunk) {
          if (!isDone && !chunks.add(chunk)) reject("oversize")
        },
        onResponseEnd() {
          if (isDone) return
          const steps = decompressorsFor(head)
          if (steps === undefined) return reject("encoding")
          decompress(chunks.bytes(), steps, maxBytes, (outcome) =>
            typeof outcome === "string" ? reject(outcome) : settle(withBytes(head, outcome))
          )
        },
        onResponseError(_, cause) {
          fail(cause)
        }
      }
    )
  } catch (cause) {
    fail(cause)
  }
  return () => {
    isDone = true
    connection?.abort(aborted)
    return sent()
  }
}
