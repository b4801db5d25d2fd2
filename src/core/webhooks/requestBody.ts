import { BodyChunks } from "../wire/body.js"

/** Starts to read a body. */
export interface BodyReading {
  /** Never rejects. */
  readonly result: Promise<Uint8Array | "oversize" | "incomplete-body" | "parsed-body">
  /** Stops to read. */
  readonly stop: () => void
}

const settled = (result: Uint8Array | "oversize" | "parsed-body"): BodyReading => ({
  result: Promise.resolve(result),
  stop: () => {}
})

/**
 * Reads the body of a web `Request`, up to a number of bytes. Reads nothing of one that declares more. It never cancels the
 * body, because some servers then close the connection before the response is sent. They discard the rest after it.
 */
export const readRequestBody = (request: Request, maxBytes: number): BodyReading => {
  if (request.bodyUsed || request.body?.locked === true) return settled("parsed-body")
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return settled("oversize")
  if (request.body === null) return settled(new Uint8Array())
  const reader = request.body.getReader()
  const chunks = new BodyChunks(maxBytes)
  const read = async () => {
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return chunks.bytes()
        if (!chunks.add(value)) return "oversize"
      }
    } catch {
      return "incomplete-body"
    }
  }
  // A read that waits is rejected by the release.
  return { result: read(), stop: () => reader.releaseLock() }
}
