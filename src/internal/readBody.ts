import type { HttpClientResponse } from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { ClerkDecodeError, ClerkTransportError } from "../errors/CallErrors.js"
import { classifyFault } from "./transportFault.js"

/** The encodings a transport undoes by itself. Any other would reach us as it is. */
const knownEncoding = /^\s*(?:(?:identity|gzip|x-gzip|deflate|br|zstd)\s*(?:,\s*|$)){0,5}$/i

const refused = (reason: ClerkDecodeError["reason"]) => new ClerkDecodeError({ reason }, true)

const isDecompressionFault = (cause: unknown): boolean => {
  for (let each = cause, depth = 0; typeof each === "object" && each !== null && depth < 5; depth++) {
    if (
      "code" in each &&
      typeof each.code === "string" &&
      /^(Z_|ERR_BROTLI|ERR__ERROR|ZSTD_)/.test(each.code)
    ) {
      return true
    }
    each = "cause" in each ? each.cause : undefined
  }
  return false
}

const join = (chunks: ReadonlyArray<Uint8Array>, size: number): Uint8Array => {
  const [first] = chunks
  if (chunks.length === 1 && first !== undefined) return first
  const whole = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.length
  }
  return whole
}

const decodeText = (bytes: Uint8Array): Effect.Effect<string, ClerkDecodeError> =>
  Effect.try({
    // A decoder for each body: one that has thrown may hold on to what it had read.
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: () => refused("utf8")
  })

/**
 * Reads a body as text, counting its bytes after decompression, and gives up at the first that is too many.
 */
export const readBody = (
  response: HttpClientResponse,
  maxBytes: number
): Effect.Effect<string, ClerkTransportError | ClerkDecodeError> =>
  Effect.suspend(() => {
    if (!knownEncoding.test(response.headers["content-encoding"] ?? ""))
      return Effect.fail(refused("encoding"))
    if (Number(response.headers["content-length"] ?? 0) > maxBytes) return Effect.fail(refused("oversize"))
    const chunks: Array<Uint8Array> = []
    let size = 0
    return Stream.runForEach(response.stream, (chunk) => {
      size += chunk.length
      if (size > maxBytes) return Effect.fail(refused("oversize"))
      chunks.push(chunk)
      return Effect.void
    }).pipe(
      Effect.catchTag(
        "ResponseError",
        (error): Effect.Effect<void, ClerkTransportError | ClerkDecodeError> => {
          if (error.reason === "EmptyBody") return Effect.void
          if (isDecompressionFault(error.cause)) return Effect.fail(refused("encoding"))
          const { reason } = classifyFault(error.cause)
          // The answer had begun, so a connection that closes now has cut it short.
          return Effect.fail(
            new ClerkTransportError(
              { reason: reason === "closed" ? "truncated" : reason, sent: "maybe" },
              true
            )
          )
        }
      ),
      Effect.flatMap(() => decodeText(join(chunks, size)))
    )
  })
