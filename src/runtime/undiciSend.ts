import { brotliDecompress, gunzip, inflate, inflateRaw } from "node:zlib"
import * as Effect from "effect/Effect"
import type { Dispatcher } from "undici"
import type { ClerkResponse } from "../core/model.js"
import { BodyChunks, declaresMoreThan, decodeBody, orEmptyRefusal, refusedBody } from "../core/wire/body.js"
import { contentCodings } from "../core/wire/contentEncoding.js"
import { bodyFault, classifyFault } from "../core/wire/faults.js"
import { type ClerkDecodeError, ClerkTransportError } from "../errors/CallErrors.js"
import type { Send } from "./send.js"
import { asyncWithin } from "./time.js"

type Failure = ClerkTransportError | ClerkDecodeError

type Decompress = (
  bytes: Uint8Array,
  options: { readonly maxOutputLength: number },
  callback: (error: Error | null, whole: Uint8Array) => void
) => void

/** Some servers send `deflate` without the zlib header that RFC 9110, 8.4.1.2 asks for. Platforms accept both. */
const inflateEither: Decompress = (bytes, options, callback) =>
  ((bytes[0] ?? 0) & 0x0f) === 8 ? inflate(bytes, options, callback) : inflateRaw(bytes, options, callback)

const decompressors: ReadonlyMap<string, Decompress> = new Map<string, Decompress>([
  ["gzip", gunzip],
  ["x-gzip", gunzip],
  ["deflate", inflateEither],
  ["br", brotliDecompress]
])

/** What undoes the encodings of a body, the last one applied first; `undefined` when one of them cannot be undone. */
const decompressorsFor = (header: string | undefined): ReadonlyArray<Decompress> | undefined => {
  const codings = contentCodings(header)
  const undo = codings?.flatMap((coding) => decompressors.get(coding) ?? [])
  return undo?.length === codings?.length ? undo?.reverse() : undefined
}

/** Undoes the encodings one after the other, and gives the bytes or why there are none. */
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

const aborted = new Error("nobody waits for this answer any more")

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
 * Sends with a dispatcher of undici, which neither follows redirects nor repeats nor decompresses.
 *
 * undici calls `onRequestStart` before it writes a request to a connection. With `tellsStart`, a request that fails
 * before that was not sent. Mocks and interceptors may leave the call out, so this holds only for dispatchers of ours.
 */
export const undiciSend =
  (dispatcher: Dispatcher, tellsStart: boolean): Send =>
  ({ method, url, headers, body }, maxBytes, millis) =>
    asyncWithin<ClerkResponse, Failure>(millis, (resume) => {
      let connection: Dispatcher.DispatchController | undefined
      let isDone = false
      let status = 0
      let answered: Record<string, string> = {}
      const chunks = new BodyChunks(maxBytes)

      const sent = () => (tellsStart && connection === undefined ? "no" : "maybe")
      const requestFault = (cause: unknown) => {
        const fault = classifyFault(cause)
        return new ClerkTransportError(sent() === "no" ? { ...fault, sent: "no" } : fault, true)
      }
      const settle = (outcome: Effect.Effect<ClerkResponse, Failure>) => {
        if (isDone) return
        isDone = true
        resume(outcome)
      }
      const give = (body: string | Failure) =>
        settle(
          typeof body === "string" ? Effect.succeed({ status, headers: answered, body }) : Effect.fail(body)
        )
      const refuse = (reason: ClerkDecodeError["reason"]) => {
        give(orEmptyRefusal(status, refusedBody(reason, { status, headers: answered }, maxBytes)))
        connection?.abort(aborted)
      }
      const finish = (bytes: Uint8Array) =>
        give(orEmptyRefusal(status, decodeBody({ status, headers: answered }, bytes)))

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
              // Interrupted while it waited for a connection.
              if (isDone) controller.abort(aborted)
            },
            onResponseStart(_, statusCode, incoming) {
              if (statusCode < 200) return
              status = statusCode
              answered = plainHeaders(incoming)
              if (declaresMoreThan(maxBytes, answered)) refuse("oversize")
            },
            onResponseData(_, chunk) {
              if (!isDone && !chunks.add(chunk)) refuse("oversize")
            },
            onResponseEnd() {
              const encodings = decompressorsFor(answered["content-encoding"])
              if (encodings === undefined) return refuse("encoding")
              decompress(chunks.bytes(), encodings, maxBytes, (outcome) =>
                typeof outcome === "string" ? refuse(outcome) : finish(outcome)
              )
            },
            onResponseError(_, cause) {
              settle(Effect.fail(status === 0 ? requestFault(cause) : bodyFault(cause)))
            }
          }
        )
      } catch (cause) {
        settle(Effect.fail(requestFault(cause)))
      }
      return () => {
        isDone = true
        connection?.abort(aborted)
        return sent()
      }
    })
