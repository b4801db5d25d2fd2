import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import { sendWithFetch } from "../core/wire/fetch.js"
import { type Send, sendWithin } from "./send.js"

type Fetch = typeof globalThis.fetch

/** Sends with `fetch`: the one in the context of the caller, else `ofLayer`, else that of the platform. */
const fetchSend =
  (ofLayer: Fetch | undefined): Send =>
  (request, maxBytes, millis) =>
    Effect.withFiberRuntime((fiber) => {
      const services = fiber.getFiberRef(FiberRef.currentContext).unsafeMap
      // The platform stores nothing but a `fetch` under this key.
      const ofCaller = services.get(FetchHttpClient.Fetch.key) as Fetch | undefined
      return sendWithin(millis, (done, die) => {
        const controller = new AbortController()
        // Only a `fetch` that does not resolve to a `Response` is a defect.
        sendWithFetch(ofCaller ?? ofLayer ?? globalThis.fetch, request, maxBytes, controller.signal).then(
          done,
          die
        )
        return {
          stop: () => {
            controller.abort()
            // `fetch` does not report when it has a connection.
            return "maybe"
          }
        }
      })
    })

/** Sends with the `fetch` that the layer is given, or with that of the platform. */
export const overFetch: Effect.Effect<Send> = Effect.map(
  Effect.serviceOption(FetchHttpClient.Fetch),
  (fetch) => fetchSend(Option.getOrUndefined(fetch))
)
