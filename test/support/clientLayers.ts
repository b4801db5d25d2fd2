import { inspect } from "node:util"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkConfigError, ClerkHttp, Sessions } from "effect-clerk"
import { layerConfigProvider, variables } from "#test/config.js"
import { FetchHttpClient } from "#test/http.js"
import { expect } from "#test/vitest.js"
import { jsonResponse, recordingFetch } from "./recordingFetch.js"
import { untyped } from "./requests.js"

export const secretKey = Redacted.make("sk_test_a2V5")

export type AnyLayer = Layer.Layer<ClerkHttp, unknown>

export const fetchLayer = (options: unknown): AnyLayer => ClerkHttp.layerFetch(untyped(options))

export const configLayer = (
  options: Parameters<typeof ClerkHttp.layerConfig>[0] = {},
  values: { readonly [name: string]: string } = { CLERK_SECRET_KEY: "sk_test_a2V5" }
): AnyLayer => withVariables(Layer.provide(ClerkHttp.layerConfig(options), FetchHttpClient.layer), values)

export const withVariables = (layer: AnyLayer, values: { readonly [name: string]: string }): AnyLayer =>
  Layer.provide(layer, layerConfigProvider(variables(values)))

/** Builds the layer and returns the error, after asserting that the error does not show the value. */
export const refusal = (layer: AnyLayer, value?: unknown) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
    if (!(error instanceof ClerkConfigError)) return yield* Effect.die(error)
    const name = error.variable === undefined ? error.setting : `${error.variable} (${error.setting})`
    expect(error.message).toBe(`${name} ${error.rule}`)
    const text = Redacted.isRedacted(value) ? String(Redacted.value(value)) : String(value)
    const channels = [error.message, String(error), JSON.stringify(error), inspect(error, { depth: 20 })]
    if (typeof value !== "number" && text.trim().length > 5)
      expect(channels.filter((shown) => shown.includes(text))).toEqual([])
    return error
  })

export const told = (layer: AnyLayer, value?: unknown) =>
  Effect.map(refusal(layer, value), ({ message }) => message)

/** The one request of a call through this layer. */
export const requestThrough = (layer: AnyLayer, id = "sess_1") =>
  Effect.gen(function* () {
    const { calls, layer: recorder } = recordingFetch(() => jsonResponse({ errors: [] }, 401))
    yield* Sessions.get(id).pipe(Effect.flip, Effect.provide(Layer.merge(layer, recorder)))
    expect(calls).toHaveLength(1)
    return calls[0]
  })
