import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { ClerkKeysUnavailable, SigningKeys } from "effect-clerk"
import { RequestAuth } from "effect-clerk/http-api"
import { describe, expect, it } from "#test/vitest.js"
import { channelsOf, leaks, valueChannels } from "../support/channels.js"
import { type FetchCall, jsonResponse } from "../support/recordingFetch.js"
import { clerk, development, page, payload, production, serverOf, tokenOfUser } from "./support/attack.js"

/** The signature of a token, without which the token is worth nothing. */
const signatureOf = (token: string) => token.split(".")[2] ?? ""

const expired = tokenOfUser("user", "expired")
const valid = tokenOfUser("user")
const inDevelopment = tokenOfUser("user", "valid", development)
const handshake = payload([`__session=${valid}; Path=/`])
const handshakeInDevelopment = payload([`__session=${inDevelopment}; Path=/`])

const canaries = {
  "expired token": signatureOf(expired),
  "valid token": signatureOf(valid),
  "development token": signatureOf(inDevelopment),
  "handshake payload": signatureOf(handshake),
  "payload of development": signatureOf(handshakeInDevelopment),
  "refresh token": "rt_CanaryRefresh41d8cd98f00b",
  nonce: "CanaryNonce7215ee9c7d9dc229d",
  "dev browser": "dvb_CanaryBrowser9e107d9d372",
  "other cookie": "CanaryCookiee4d909c290d0fb1ca",
  "other header": "CanaryHeader0cc175b9c0f1b6a83"
}

const refreshToken = `__refresh_${production.suffix}=${canaries["refresh token"]}`
const devBrowser = `__clerk_db_jwt=${canaries["dev browser"]}`
const headers = { authorization: `Basic ${canaries["other header"]}`, "x-api-key": canaries["other header"] }
const more = `theme=${canaries["other cookie"]}`

const requests = [
  ["a valid session", page(`${more}; __session=${valid}; __client_uat=1000`, { headers }), production],
  ["an expired session", page(`${more}; __session=${expired}; __client_uat=1000`, { headers }), production],
  [
    "a refresh",
    page(`${more}; __session=${expired}; __client_uat=1000; ${refreshToken}`, { headers }),
    production
  ],
  [
    "a nonce",
    page(`${more}; __clerk_handshake_nonce=${canaries.nonce}; __clerk_redirect_count=1`, { headers }),
    production
  ],
  ["a handshake", page(`${more}; __clerk_handshake=${handshake}`, { headers }), production],
  [
    "a handshake in development",
    page(devBrowser, { headers, path: `/?__clerk_handshake=${handshakeInDevelopment}&x=1` }),
    development
  ],
  ["a dev browser", page(`${devBrowser}; __client_uat=1000`, { headers }), development],
  ["a bearer token", page(more, { headers: { authorization: `Bearer ${expired}` } }), production]
] as const

/** What the request sent, as a server might quote it. */
const quote = ({ body, url }: FetchCall) => `${url} ${decodeURIComponent(url)} ${body}`

const clerks: ReadonlyArray<readonly [string, (call: FetchCall) => Response]> = [
  [
    "responds",
    ({ url }) =>
      jsonResponse(
        url.includes("handshake_payload")
          ? { nonce: canaries.nonce, directives: [`__session=${valid}; Path=/`] }
          : { object: "cookies", cookies: [`__session=${valid}; Path=/`] }
      )
  ],
  [
    "quotes the request in an error",
    (call) =>
      jsonResponse({ errors: [{ code: "invalid", message: quote(call), long_message: quote(call) }] }, 422)
  ],
  ["quotes the request in a text", (call) => new Response(quote(call), { status: 500 })],
  [
    "responds with cookies that cannot be read",
    (call) => jsonResponse({ object: "cookies", cookies: [{ quote: quote(call) }], directives: quote(call) })
  ],
  [
    "fails with an error that quotes the request",
    (call) => {
      throw new TypeError(quote(call), { cause: call })
    }
  ]
]

describe.each(clerks)("no secret of a request is shown while Clerk %s:", (_, respond) => {
  it.live.each(requests)("%s", ([, request, instance]) =>
    Effect.gen(function* () {
      const { exit, channels } = yield* channelsOf(
        Effect.flatMap(serverOf(instance), (authenticate) => authenticate(request))
      )
      const outcome = Exit.isSuccess(exit) ? exit.value : undefined
      if (outcome === undefined) throw new Error("the request has no outcome")
      expect(leaks(channels, canaries)).toEqual([])
      const copied = valueChannels("copy", { ...outcome })
      expect(leaks(copied, canaries)).toEqual([])
    }).pipe(Effect.provide(clerk(respond).layer))
  )
})

describe("no secret of a request is shown", () => {
  it.live("while the keys are unavailable", () => {
    const keys = Layer.succeed(SigningKeys, {
      find: () => Effect.fail(new ClerkKeysUnavailable({ reason: "unreachable", retryable: true }))
    })
    return Effect.gen(function* () {
      for (const [, request, instance] of requests) {
        const { channels } = yield* channelsOf(
          Effect.flatMap(serverOf(instance), (authenticate) => authenticate(request))
        )
        expect(leaks(channels, canaries)).toEqual([])
      }
    }).pipe(Effect.provide(keys), Effect.provide(clerk().layer))
  })

  it.live("except in the response itself", () =>
    Effect.gen(function* () {
      const authenticate = yield* serverOf()
      const outcome = yield* authenticate(page(`__clerk_handshake=${handshake}`))
      const response = RequestAuth.addHeaders(new Response(""), outcome)
      expect(response.headers.get("set-cookie")).toContain(canaries["valid token"])
      const { canary } = { canary: canaries["expired token"] }
      const redirected = yield* authenticate(page(`__session=${expired}; __client_uat=1000`))
      const redirect = Option.getOrThrow(RequestAuth.toResponse(redirected))
      expect(redirect.headers.get("location")).toContain(canary)
    }).pipe(Effect.provide(clerk().layer))
  )
})
