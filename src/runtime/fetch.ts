import * as Effect from "effect/Effect"
import * as FetchHttpClient from "#major/fetchHttpClient.js"
import { serviceIn, withFiber } from "#major/fiber.js"
import { sendWithFetch } from "../core/wire/fetch.js"
import { type Send, sendWithin } from "./send.js"

/** Sends with `fetch`: the one in the context of the caller, else `ofLayer`, else that of the platform. */
const fetchSend =
  (ofLayer: typeof globalThis.fetch | undefined): Send =>
  (request, maxBytes, millis) =>
    withFiber((fiber) => {
      const ofCaller = serviceIn(fiber, FetchHttpClient.Fetch)
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
export const overFetch: Effect.Effect<Send> = withFiber((fiber) =>
  Effect.succeed(fetchSend(serviceIn(fiber, FetchHttpClient.Fetch)))
)
