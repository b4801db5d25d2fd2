import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { RequestAuth } from "effect-clerk/http-api"
import { describe, expect, it } from "#test/vitest.js"
import { jsonResponse } from "../support/recordingFetch.js"
import {
  clerk,
  development,
  page,
  payload,
  production,
  serverOf,
  signOutCookies,
  tokenOfUser
} from "./support/attack.js"

const session = `__session=${tokenOfUser("user")}; Path=/`
const developmentSession = `__session=${tokenOfUser("user", "valid", development)}; Path=/`
const expired = `__session=${tokenOfUser("user", "expired")}; __client_uat=1000`

/** A request, and whether its response is a redirect. */
const requests = [
  ["a handshake", page(expired), production, true],
  ["a refresh", page(`${expired}; __refresh_${production.suffix}=rt_1`), production, false],
  ["a result that signs in", page(`__clerk_handshake=${payload([session])}`), production, false],
  ["a result that signs out", page(`__clerk_handshake=${payload(signOutCookies)}`), production, false],
  ["a nonce", page("__clerk_handshake_nonce=nonce_1; __clerk_redirect_count=1"), production, false],
  [
    "a clean-up with cookies",
    page("__clerk_db_jwt=dvb_1", { path: `/?__clerk_handshake=${payload([developmentSession])}` }),
    development,
    true
  ],
  [
    "a clean-up without cookies",
    page("__clerk_db_jwt=dvb_1", { path: "/?__clerk_handshake=x" }),
    development,
    true
  ]
] as const

describe("no cache keeps", () => {
  it.live.each(requests)("the response to %s", ([, request, instance, isRedirect]) => {
    const { layer } = clerk(({ url }) =>
      jsonResponse(
        url.includes("handshake_payload")
          ? { nonce: "n", directives: [session] }
          : { object: "cookies", cookies: [session] }
      )
    )
    return Effect.gen(function* () {
      const outcome = yield* (yield* serverOf(instance))(request)
      const redirect = Option.getOrUndefined(RequestAuth.toResponse(outcome))
      expect(redirect !== undefined).toBe(isRedirect)
      const cached = new Response("", { headers: { "cache-control": "public, max-age=600" } })
      const response = redirect ?? RequestAuth.addHeaders(cached, outcome)
      expect(response.headers.get("cache-control")).toBe("no-store")
      expect(response.headers.getSetCookie()).toHaveLength(outcome.setCookies.length)
      if (isRedirect) expect(response.status).toBe(307)
      else expect(outcome.setCookies.length).toBeGreaterThan(0)
    }).pipe(Effect.provide(layer))
  })
})
