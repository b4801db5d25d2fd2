import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, Sessions } from "effect-clerk"
import { builtOf } from "#test/fiber.js"
import { FetchHttpClient } from "#test/http.js"
import { describe, expect, it } from "#test/vitest.js"
import {
  calls,
  canaries,
  cookiesAnswer,
  overFetch,
  refresh,
  refreshToCookies,
  secretKey,
  tokenAnswer,
  verify
} from "../support/canaries.js"
import { channelsOf, leaks, valueChannels } from "../support/channels.js"
import { jsonResponse, recordingFetch } from "../support/recordingFetch.js"
import { session } from "../support/wire.js"

/** Runs an effect that must succeed, asserts that no channel shows a canary, and returns the value. */
const successOf = <A, E>(self: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const { channels, exit } = yield* channelsOf(self)
    expect(leaks(channels, canaries)).toEqual([])
    return yield* Exit.match(exit, { onFailure: Effect.failCause, onSuccess: Effect.succeed })
  })

describe("a success shows no secret", () => {
  it.effect("in a token", () =>
    Effect.gen(function* () {
      for (const call of [
        refresh,
        Sessions.createToken("sess_1"),
        Sessions.createTokenFromTemplate("sess_1", "template")
      ]) {
        const token = yield* successOf(call.pipe(overFetch(() => jsonResponse(tokenAnswer))))
        expect(Redacted.isRedacted(token.jwt)).toBe(true)
        expect(Redacted.value(token.jwt)).toBe(canaries.answerToken)
        expect(JSON.parse(JSON.stringify(token))).toEqual({ object: "token", jwt: "<redacted>" })
      }
    })
  )

  it.effect("in cookies", () =>
    Effect.gen(function* () {
      const { cookies } = yield* successOf(
        refreshToCookies.pipe(overFetch(() => jsonResponse(cookiesAnswer)))
      )
      expect(cookies.every(Redacted.isRedacted)).toBe(true)
      expect(cookies.map(Redacted.value)).toEqual(cookiesAnswer.cookies)
      expect(JSON.stringify(cookies)).toBe('["<redacted>","<redacted>"]')
    })
  )

  it.effect("of the call before it", () =>
    Effect.gen(function* () {
      const verified = yield* successOf(verify.pipe(overFetch(() => jsonResponse(session))))
      expect(verified.id).toBe(session.id)
    })
  )
})

describe("a client shows no secret", () => {
  const layer = ClerkHttp.layerFetch({ secretKey })

  it.effect("as a service, a context, a layer or a runtime", () =>
    Effect.gen(function* () {
      const context = yield* Effect.context<ClerkHttp>().pipe(Effect.provide(layer))
      const service = Context.get(context, ClerkHttp)
      const runtime = yield* Effect.acquireRelease(
        Effect.sync(() => ManagedRuntime.make(layer)),
        (built) => built.disposeEffect
      )
      yield* builtOf(runtime)
      const channels = [
        ...valueChannels("service", service),
        ...valueChannels("context", context),
        ...valueChannels("layer", layer),
        ...valueChannels("layer over HttpClient", ClerkHttp.layer({ secretKey })),
        ...valueChannels("runtime", runtime),
        ...valueChannels("built runtime", yield* builtOf(runtime)),
        ...valueChannels("built layer", yield* Effect.scoped(Layer.build(layer))),
        ...valueChannels("call", Effect.provide(refresh, layer)),
        ...valueChannels("options", { secretKey })
      ]
      expect(leaks(channels, canaries)).toEqual([])
    }).pipe(Effect.scoped)
  )
})

describe("the request of a call", () => {
  it.effect("has the key in the Authorization header only and the tokens in the body only", () =>
    Effect.gen(function* () {
      const { calls: sent, layer: recorder } = recordingFetch(() => jsonResponse({ errors: [] }, 401))
      for (const call of calls) {
        yield* Effect.flip(call).pipe(
          Effect.provide(ClerkHttp.layerFetch({ secretKey })),
          Effect.provide(recorder)
        )
      }
      expect(sent).toHaveLength(calls.length)
      for (const { body, headers, redirect, url } of sent) {
        const { authorization, ...others } = headers
        expect(authorization).toBe(`Bearer ${canaries.secretKey}`)
        expect(new URL(url).origin).toBe("https://api.clerk.com")
        expect(redirect).toBe("manual")
        const channels = [
          ["url", url],
          ["other headers", JSON.stringify(others)]
        ] as const
        expect(leaks(channels, canaries)).toEqual([])
        expect(leaks([["body", body]], { secretKey: canaries.secretKey })).toEqual([])
      }
      const { cookie, expiredToken, refreshToken, verifyToken } = canaries
      const bodies = sent.map(({ body }) =>
        leaks([["body", body]], { cookie, expiredToken, refreshToken, verifyToken })
      )
      const refreshed = ["cookie in body", "expiredToken in body", "refreshToken in body"]
      expect(bodies).toEqual([refreshed, refreshed, ["verifyToken in body"], []])
    })
  )

  it.effect("does not follow a redirect to another host, with any options", () =>
    Effect.gen(function* () {
      const { calls: sent, layer: recorder } = recordingFetch(
        () => new Response(null, { status: 307, headers: { location: "https://evil.example/" } })
      )
      const error = yield* Effect.flip(refresh).pipe(
        Effect.provide(ClerkHttp.layerFetch({ secretKey })),
        Effect.provide(recorder),
        Effect.provideService(FetchHttpClient.RequestInit, {
          redirect: "follow",
          headers: { "x-key": "of the caller" }
        })
      )
      expect(error).toMatchObject({ _tag: "ClerkUnexpectedStatus", status: 307 })
      expect(
        sent.map(({ headers, redirect, url }) => [new URL(url).host, redirect, headers["x-key"]])
      ).toEqual([["api.clerk.com", "manual", undefined]])
    })
  )
})
