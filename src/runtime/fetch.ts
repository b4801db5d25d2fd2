import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import type { WireFailure } from "../core/model.js"
import type { WireResponse } from "../core/wire/body.js"
import { sendWithFetch } from "../core/wire/fetch.js"
import { fromOutcome, type Send } from "./send.js"
import { asyncWithin } from "./time.js"

type Fetch = typeof globalThis.fetch

/** Sends with `fetch`: the one in the context of the caller, else `ofLayer`, else that of the platform. */
const fetchSend =
  (ofLayer: Fetch | undefined): Send =>
  (request, maxBytes, millis) =>
    Effect.withFiberRuntime((fiber) => {
      const services = fiber.getFiberRef(FiberRef.currentContext).unsafeMap
      // The platform stores nothing but a `fetch` under this key.
      const ofCaller = services.get(FetchHttpClient.Fetch.key) as Fetch | undefined
      return asyncWithin<WireResponse, WireFailure>(millis, (resume) => {
        const controller = new AbortController()
        const fetch = ofCaller ?? ofLayer ?? globalThis.fetch
        sendWithFetch(fetch, request, maxBytes, controller.signal).then(
          (outcome) => resume(fromOutcome(outcome)),
          // Only a `fetch` that does not resolve to a `Response` causes this.
          (defect) => resume(Effect.die(defect))
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
