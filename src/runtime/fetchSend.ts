import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import { ownProperties } from "../core/input.js"
import type { ClerkResponse } from "../core/model.js"
import { BodyChunks, declaresMoreThan, decodeBody, orEmptyRefusal, refusedBody } from "../core/wire/body.js"
import { contentCodings, isCompressed } from "../core/wire/contentEncoding.js"
import { bodyFault, classifyFault } from "../core/wire/faults.js"
import { fetchBody } from "../core/wire/fetchBody.js"
import { fetchInit } from "../core/wire/fetchInit.js"
import { type ClerkDecodeError, ClerkTransportError } from "../errors/CallErrors.js"
import type { Send, WireRequest } from "./send.js"
import { asyncWithin } from "./time.js"

type Fetch = typeof globalThis.fetch
type Failure = ClerkTransportError | ClerkDecodeError

/** Sends with `fetch`: the one in the context of the caller, else `ofLayer`, else the platform's. */
export const fetchSend =
  (ofLayer: Fetch | undefined): Send =>
  (request, maxBytes, millis) =>
    Effect.withFiberRuntime((fiber) => {
      const services = fiber.getFiberRef(FiberRef.currentContext).unsafeMap
      // Nothing but a `fetch` is stored under this key.
      const ofCaller = services.get(FetchHttpClient.Fetch.key) as Fetch | undefined
      return asyncWithin<ClerkResponse, Failure>(millis, (resume) => {
        const controller = new AbortController()
        const { signal } = controller
        exchange(ofCaller ?? ofLayer ?? globalThis.fetch, request, maxBytes, signal).then(
          (outcome) => resume("_tag" in outcome ? Effect.fail(outcome) : Effect.succeed(outcome)),
          // Only a `fetch` that gives something other than a `Response` gets here.
          (defect) => resume(Effect.die(defect))
        )
        return () => {
          controller.abort()
          // `fetch` does not tell when it has a connection.
          return "maybe"
        }
      })
    })

/** Sends with the platform's `fetch`, or with the one that the layer is given in its place. */
export const overFetch: Effect.Effect<Send> = Effect.map(
  Effect.serviceOption(FetchHttpClient.Fetch),
  (fetch) => fetchSend(Option.getOrUndefined(fetch))
)

/** Resolves to the answer or to why there is none. */
const exchange = async (
  fetch: Fetch,
  { method, url, headers, body }: WireRequest,
  maxBytes: number,
  signal: AbortSignal
): Promise<ClerkResponse | Failure> => {
  let response: Response
  try {
    const init = { ...fetchInit(method), method, headers, body: fetchBody(body), signal }
    response = await fetch(url, ownProperties(init))
  } catch (cause) {
    return new ClerkTransportError(classifyFault(cause), true)
  }
  const answered: Record<string, string> = {}
  response.headers.forEach((value, name) => {
    answered[name] = value
  })
  const text = orEmptyRefusal(response.status, await readText(response, answered, maxBytes))
  return typeof text === "string" ? { status: response.status, headers: answered, body: text } : text
}

const readText = async (
  response: Response,
  headers: { readonly [name: string]: string },
  maxBytes: number
): Promise<string | Failure> => {
  const { body, status } = response
  if (body === null) return ""
  const refuse = (reason: ClerkDecodeError["reason"]) => {
    // Lets go of the connection; that it may be broken by now is of no interest.
    body.cancel().catch(() => {})
    return refusedBody(reason, { status, headers }, maxBytes)
  }
  if (contentCodings(headers["content-encoding"]) === undefined) return refuse("encoding")
  if (declaresMoreThan(maxBytes, headers)) return refuse("oversize")
  try {
    if (headers["content-length"] !== undefined && !isCompressed(headers["content-encoding"])) {
      // Its size is known and allowed, and the platform takes no more than that.
      return decodeBody({ status, headers }, new Uint8Array(await response.arrayBuffer()))
    }
    const chunks = new BodyChunks(maxBytes)
    const reader = body.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return decodeBody({ status, headers }, chunks.bytes())
      if (!chunks.add(value)) {
        reader.releaseLock()
        return refuse("oversize")
      }
    }
  } catch (cause) {
    return bodyFault(cause)
  }
}
