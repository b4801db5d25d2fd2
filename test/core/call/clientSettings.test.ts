import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { describe, expect, it } from "#test/vitest.js"
import { configLayer, fetchLayer, requestThrough, secretKey, told } from "../../support/clientLayers.js"
import { withPollutedPrototype } from "../../support/pollution.js"

describe("an inherited property", () => {
  const inherited = {
    apiUrl: "https://evil.example",
    maxResponseBytes: 1,
    policy: { maxAttempts: 0 },
    secretKey: Redacted.make("sk_test_evil")
  }

  it.effect("configures nothing", () =>
    Effect.gen(function* () {
      const request = yield* requestThrough(fetchLayer({ secretKey })).pipe(withPollutedPrototype(inherited))
      expect(request?.url).toBe("https://api.clerk.com/v1/sessions/sess_1")
      expect(request?.headers["authorization"]).toBe("Bearer sk_test_a2V5")
    })
  )

  it.effect("is not a secret key", () =>
    Effect.gen(function* () {
      const message = yield* told(fetchLayer({})).pipe(withPollutedPrototype(inherited))
      expect(message).toMatch(/^secretKey is missing/)
    })
  )

  it.effect("configures nothing in a client from the environment", () =>
    Effect.gen(function* () {
      const request = yield* Effect.suspend(() => requestThrough(configLayer())).pipe(
        withPollutedPrototype({ apiUrl: "https://evil.example" })
      )
      expect(request?.url).toBe("https://api.clerk.com/v1/sessions/sess_1")
    })
  )

  it.effect("sets nothing in a policy", () =>
    Effect.gen(function* () {
      const request = yield* requestThrough(fetchLayer({ secretKey, policy: {} })).pipe(
        withPollutedPrototype({ attempts: 0, timeout: -1, deadline: -1 })
      )
      expect(request?.url).toBe("https://api.clerk.com/v1/sessions/sess_1")
    })
  )

  for (const inheritedPart of [
    { apiVersion: "2021-02-05" },
    { headers: { "x-evil": "1" } },
    { body: { evil: true } }
  ]) {
    it.effect(`adds nothing to a request: ${Object.keys(inheritedPart)}`, () =>
      Effect.gen(function* () {
        const expected = yield* requestThrough(fetchLayer({ secretKey }))
        const request = yield* requestThrough(fetchLayer({ secretKey })).pipe(
          withPollutedPrototype(inheritedPart)
        )
        expect(Object.entries(request ?? {})).toEqual(Object.entries(expected ?? {}))
      })
    )
  }
})
