import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type ClerkConfigError, ClerkHttp, type ClerkHttpOptions, Sessions } from "effect-clerk"
import { expect } from "#test/vitest.js"
import { channelsOf, leaks } from "./channels.js"
import { errorOf } from "./exits.js"
import type { AnyError } from "./operations.js"
import { type FetchCall, jsonResponse, recordingFetch } from "./recordingFetch.js"

/**
 * One text per secret, so that a test can find where it leaks. The tokens look like ordinary texts,
 * so that a mask has to know them.
 */
export const canaries = {
  secretKey: "sk_live_CanaryKey7Qm2xVb9Tz4Lw8",
  expiredToken: "CanaryExpiredHead7f3.CanaryExpiredPayload9c1.CanaryExpiredSign5e8",
  refreshToken: "CanaryRefresh4b7d2e9f6a1c8035",
  cookie: "CanaryCookie8e1f5a7c3d9b2460",
  verifyToken: "CanaryVerifyHead1d4.CanaryVerifyPayload8b6.CanaryVerifySign2f9",
  answerToken: "eyJDYW5hcnlBbnN3ZXIi.eyJDYW5hcnlBbnN3ZXJQYXlsb2Fk.CanaryAnswerSign",
  answerCookie: "eyJDYW5hcnlDb29raWUi.eyJDYW5hcnlDb29raWVQYXls.CanaryCookieSign"
} as const

export const cookieHeader = `theme=dark; __client_uat=1716883200; device=${canaries.cookie}`

export const secretKey = Redacted.make(canaries.secretKey)

export const refresh = Sessions.refresh("sess_1", {
  expiredToken: canaries.expiredToken,
  refreshToken: Redacted.make(canaries.refreshToken),
  requestOrigin: "https://app.example.com",
  requestHeaders: { cookie: cookieHeader, "user-agent": "Mozilla/5.0" }
})

export const refreshToCookies = Sessions.refresh("sess_1", {
  expiredToken: Redacted.make(canaries.expiredToken),
  refreshToken: canaries.refreshToken,
  requestOrigin: "https://app.example.com",
  requestHeaders: { cookie: [cookieHeader] },
  format: "cookie"
})

export const verify = Sessions.verify("sess_1", { token: canaries.verifyToken })

/** The response with a token, as Clerk sends it and in invalid forms. */
export const tokenAnswer = { object: "token", jwt: canaries.answerToken }

export const cookiesAnswer = {
  object: "cookies",
  cookies: [`__session=${canaries.answerCookie}; Path=/; Secure; SameSite=Lax`, `plain=${canaries.cookie}`]
}

/** Runs calls under a client with the canary key, over a `fetch` with this response. */
export const overFetch =
  (
    answer: (call: FetchCall) => Response | Promise<Response>,
    options: Partial<Omit<ClerkHttpOptions, "secretKey">> = { policy: { maxAttempts: 1 } }
  ) =>
  <A, E>(self: Effect.Effect<A, E, ClerkHttp>): Effect.Effect<A, E | ClerkConfigError> =>
    self.pipe(
      Effect.provide(ClerkHttp.layerFetch({ secretKey, ...options })),
      Effect.provide(recordingFetch(answer).layer)
    )

/** The parts of the request that the call sent, one by one and joined. */
const quotesOf = ({ body, headers, url }: FetchCall): ReadonlyArray<string> => [
  String(headers["authorization"]),
  canaries.secretKey,
  `${url} ${JSON.stringify(headers)}`,
  ...(body === "" ? [] : [body, `data: ${body.slice(0, 200)}`]),
  ...Object.values({ ...canaries, cookie: cookieHeader }).filter((secret) => body.includes(secret))
]

/** A response that quotes the whole request in every text field. */
export const quoting =
  (status: number) =>
  (call: FetchCall): Response => {
    const quotes = quotesOf(call)
    const all = quotes.join(" ").replaceAll(/[\r\n]/g, " ")
    const errors = quotes.map((quote) => ({
      code: quote,
      message: `could not accept ${quote}`,
      long_message: `the request ${quote} could not be accepted`,
      meta: { [quote]: quote, nested: [{ [quote]: [quote] }] }
    }))
    const headers = {
      "x-quoted": all,
      "retry-after": canaries.secretKey,
      location: `https://evil.example/?${encodeURIComponent(all)}`,
      "set-cookie": `__session=${canaries.answerCookie}`,
      "www-authenticate": all
    }
    return status === 204 || status === 304
      ? new Response(null, { status, headers })
      : jsonResponse({ errors, meta: { all }, clerk_trace_id: all }, status, headers)
  }

/** Calls with secrets in their bodies, and one call without. */
export const calls: ReadonlyArray<Effect.Effect<unknown, AnyError, ClerkHttp>> = [
  refresh,
  refreshToCookies,
  verify,
  Sessions.get("sess_1")
]

/** Runs an effect that must fail, asserts that no channel shows a canary, and returns the failure. */
export const failureOf = <A, E>(self: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const { channels, exit } = yield* channelsOf(self)
    expect(leaks(channels, canaries)).toEqual([])
    // The check is void if there was nothing to search.
    expect(channels.length).toBeGreaterThan(30)
    const error = errorOf(exit)
    if (error === undefined) return yield* Effect.die(exit)
    return error
  })

export const tagOf = <E extends { readonly _tag: string }>(error: E): string => error._tag
