import { brotliDecompress, gunzip, inflate } from "node:zlib"
import * as Effect from "effect/Effect"
import type { Dispatcher } from "undici"
import { type ClerkDecodeError, ClerkTransportError } from "../errors/CallErrors.js"
import type { ClerkResponse } from "../services/ClerkHttp.js"
import { BodyChunks, declaresMoreThan, decodeBody, orEmptyRefusal, refusedBody } from "./bodyText.js"
import type { Send } from "./send.js"
import { asyncWithin } from "./timeLimit.js"
import { bodyFault, classifyFault } from "./transportFault.js"

type Failure = ClerkTransportError | ClerkDecodeError

type Decompress = (
  bytes: Uint8Array,
  options: { readonly maxOutputLength: number },
  callback: (error: Error | null, whole: Uint8Array) => void
) => void

const decompressors: Readonly<Record<"gzip" | "x-gzip" | "deflate" | "br", Decompress>> = {
  gzip: gunzip,
  "x-gzip": gunzip,
  deflate: inflate,
  br: brotliDecompress
}

const maxEncodings = 5

/** The encodings of a body, the last one applied first; `undefined` when one of them cannot be undone. */
const encodingsOf = (header: string | undefined): ReadonlyArray<Decompress> | undefined => {
  if (header === undefined) return []
  const names = header
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity")
  const known = names.flatMap((name) => (isDecompressor(name) ? decompressors[name] : []))
  return known.length === names.length && names.length <= maxEncodings ? known.reverse() : undefined
}

const isDecompressor = (name: string): name is keyof typeof decompressors =>
  Object.hasOwn(decompressors, name)

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

/** Sends with a dispatcher of undici, which neither follows redirects nor repeats nor decompresses. */
export const undiciSend =
  (dispatcher: Dispatcher): Send =>
  ({ method, url, headers, body }, maxBytes, millis) =>
    asyncWithin<ClerkResponse, Failure>(millis, (resume) => {
      let connection: Dispatcher.DispatchController | undefined
      let isDone = false
      let status = 0
      let answered: Record<string, string> = {}
      const chunks = new BodyChunks(maxBytes)

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
              const encodings = encodingsOf(answered["content-encoding"])
              if (encodings === undefined) return refuse("encoding")
              decompress(chunks.bytes(), encodings, maxBytes, (outcome) =>
                typeof outcome === "string" ? refuse(outcome) : finish(outcome)
              )
            },
            onResponseError(_, cause) {
              settle(
                Effect.fail(
                  status === 0 ? new ClerkTransportError(classifyFault(cause), true) : bodyFault(cause)
                )
              )
            }
          }
        )
      } catch (cause) {
        settle(Effect.fail(new ClerkTransportError(classifyFault(cause), true)))
      }
      return () => {
        isDone = true
        connection?.abort(aborted)
      }
    })
