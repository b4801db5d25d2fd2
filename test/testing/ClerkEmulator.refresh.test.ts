import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import { decodeJwt } from "jose"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { ClerkEmulator, DEFAULT_ORIGIN } from "../../src/testing/ClerkEmulator.js"
import { ask, outcome, signedIn } from "./ClerkEmulator.support.js"

const now = 1_750_000_000_000

/** A browser whose token has just expired, and the request that refreshes it. */
const expired = Effect.gen(function* () {
  yield* TestClock.setTime(now - 60_000)
  const { clerk, refreshToken, session, sessionToken, user } = yield* signedIn()
  yield* TestClock.setTime(now)
  const body = {
    expired_token: sessionToken,
    refresh_token: refreshToken,
    request_origin: DEFAULT_ORIGIN
  }
  const line = `POST /v1/sessions/${session.id}/refresh`
  const refresh = (change: Record<string, unknown>) => outcome(clerk, line, { body: { ...body, ...change } })
  return { clerk, session, user, body, line, refresh, refreshToken, sessionToken }
})

describe("refreshing a session", () => {
  it.effect("returns a token with the same azp, and keeps the refresh token", () =>
    Effect.gen(function* () {
      const { body, clerk, line, refreshToken, session } = yield* expired
      const { json, status } = yield* ask(clerk, line, {
        body: { ...body, request_headers: { "user-agent": ["x"] }, request_originating_ip: "192.0.2.7" }
      })
      expect([status, Object.keys(json), json.object]).toEqual([200, ["object", "jwt"], "token"])
      expect(decodeJwt(json.jwt)).toMatchObject({
        azp: DEFAULT_ORIGIN,
        sid: session.id,
        iat: now / 1000,
        exp: now / 1000 + 60,
        v: 2
      })
      expect(yield* clerk.refreshToken(session.id)).toBe(refreshToken)
      expect((yield* clerk.sessions)[0]).toMatchObject({ lastActiveAt: now, updatedAt: now })
      yield* TestClock.setTime(now + 60_000)
      expect(yield* outcome(clerk, line, { body: { ...body, expired_token: json.jwt } })).toBe("200")
    })
  )

  it.effect("returns cookies with a new refresh token in place of the old one", () =>
    Effect.gen(function* () {
      const { body, clerk, line, refreshToken, refresh, session } = yield* expired
      const { json, status } = yield* ask(clerk, line, { body: { ...body, format: "cookie" } })
      expect([status, Object.keys(json), json.object]).toEqual([200, ["object", "cookies"], "cookies"])
      const suffix = createHash("sha1").update(clerk.publishableKey).digest("base64url").slice(0, 8)
      const next = yield* clerk.refreshToken(session.id)
      expect(json.cookies).toEqual([
        expect.stringMatching(/^__session=[\w-]+\.[\w-]+\.[\w-]+; Path=\/; Secure; SameSite=Lax$/),
        `__refresh_${suffix}=${next}; Path=/; Secure; HttpOnly; SameSite=Lax`
      ])
      expect(next).not.toBe(refreshToken)
      const expired_token = yield* clerk.mintSessionToken(session.id, { origin: DEFAULT_ORIGIN })
      expect(yield* refresh({ expired_token })).toBe("401 refresh_token_not_found")
      expect(yield* refresh({ expired_token, refresh_token: next })).toBe("200")
    })
  )

  it.effect("returns cookies that an application over http can set", () =>
    Effect.gen(function* () {
      const { clerk, session, refresh } = yield* expired
      const origin = "http://localhost:3000"
      const expired_token = yield* clerk.mintSessionToken(session.id, { origin })
      const { json } = yield* ask(clerk, `POST /v1/sessions/${session.id}/refresh`, {
        body: {
          expired_token,
          refresh_token: yield* clerk.refreshToken(session.id),
          request_origin: origin,
          format: "cookie"
        }
      })
      expect(json.cookies.map((cookie) => cookie.replace(/^[^;]*/, ""))).toEqual([
        "; Path=/; SameSite=Lax",
        "; Path=/; HttpOnly; SameSite=Lax"
      ])
      expect(yield* refresh({})).toBe("401 refresh_token_not_found")
    })
  )

  it.effect("adds the suffix to the name of the session cookie on request", () =>
    Effect.gen(function* () {
      const { body, clerk, line } = yield* expired
      const { json } = yield* ask(clerk, `${line}?suffixed_cookies=true`, {
        body: { ...body, format: "cookie" }
      })
      const suffix = createHash("sha1").update(clerk.publishableKey).digest("base64url").slice(0, 8)
      expect(json.cookies.map((cookie) => cookie.split("=")[0])).toEqual([
        `__session_${suffix}`,
        `__refresh_${suffix}`
      ])
    })
  )

  it.effect("makes version 1 tokens for an old API version", () =>
    Effect.gen(function* () {
      const { body, clerk, line } = yield* expired
      const { json } = yield* ask(clerk, line, { body, version: "2024-10-01" })
      expect(decodeJwt(json.jwt)).not.toHaveProperty("v")
    })
  )

  it.effect("consumes the expired token, also when the refresh token has changed since", () =>
    Effect.gen(function* () {
      const { refresh } = yield* expired
      expect(yield* refresh({ format: "cookie" })).toBe("200")
      expect(yield* refresh({})).toBe("401 session_refresh_expired_session_token_consumed")
    })
  )

  it.effect("succeeds exactly once for fibers that have the same expired token", () =>
    Effect.gen(function* () {
      const { clerk, refresh, session } = yield* expired
      const answers = yield* Effect.all(
        Array.from({ length: 8 }, () => refresh({ format: "cookie" })),
        { concurrency: "unbounded" }
      )
      expect(answers.sort()).toEqual([
        "200",
        ...Array.from({ length: 7 }, () => "401 session_refresh_expired_session_token_consumed")
      ])
      // The first request replaced the refresh token, and no later one did.
      const expired_token = yield* clerk.mintSessionToken(session.id, { origin: DEFAULT_ORIGIN })
      const refresh_token = yield* clerk.refreshToken(session.id)
      expect(yield* refresh({ expired_token, refresh_token })).toBe("200")
    })
  )

  it.effect("is rejected when a parameter is missing, unknown or wrong", () =>
    Effect.gen(function* () {
      const { body, clerk, line, refresh } = yield* expired
      expect(yield* outcome(clerk, line)).toBe("422 form_param_missing expired_token")
      for (const name of Object.keys(body)) {
        expect(yield* refresh({ [name]: null }), name).toBe(`422 form_param_missing ${name}`)
        expect(yield* refresh({ [name]: 1 }), name).toBe(`422 form_param_type_invalid ${name}`)
      }
      expect(yield* refresh({ requestOrigin: "x" })).toBe("422 form_param_unknown requestOrigin")
      expect(yield* refresh({ format: "jwt" })).toBe("422 form_param_value_invalid format")
      expect(yield* refresh({ request_headers: "x" })).toBe("422 form_param_type_invalid request_headers")
      expect(yield* outcome(clerk, `${line}?suffixed=true`, { body })).toBe("422 form_param_unknown suffixed")
      expect(yield* outcome(clerk, `${line}?suffixed_cookies=1`, { body })).toBe(
        "422 form_param_type_invalid suffixed_cookies"
      )
      // None of these requests has consumed the token.
      expect(yield* refresh({ request_headers: null, format: null })).toBe("200")
    })
  )

  it.effect("is rejected for an expired token that is not a session token of the instance", () =>
    Effect.gen(function* () {
      const { clerk, refresh, session, user } = yield* expired
      const mint = (claims: Record<string, unknown>, header?: Record<string, unknown>) =>
        clerk.mintSessionToken(session.id, { origin: DEFAULT_ORIGIN, claims, header })
      const outcomeOf = (token: Effect.Effect<string>) =>
        Effect.flatMap(token, (expired_token) => refresh({ expired_token }))
      const another = yield* signedIn()
      expect(yield* refresh({ expired_token: "a.b.c" })).toBe("401 expired_session_token_invalid")
      expect(yield* refresh({ expired_token: another.sessionToken })).toBe(
        "401 expired_session_token_invalid"
      )
      expect(yield* outcomeOf(mint({}, { kid: "ins_other" }))).toBe("401 expired_session_token_invalid")
      expect(yield* outcomeOf(mint({}, { cat: "cl_B7d4PD222AAA" }))).toBe(
        "401 session_refresh_session_token_ineligible"
      )
      expect(yield* outcomeOf(mint({ sid: undefined }))).toBe("401 expired_session_token_missing_sid")
      expect(yield* outcomeOf(clerk.mintSessionToken(session.id))).toBe(
        "401 expired_session_token_missing_azp"
      )
      expect(yield* outcomeOf(mint({ iat: undefined }))).toBe(
        "401 session_refresh_expired_session_token_missing_iat"
      )
      const { sessionToken } = yield* clerk.signIn(user.id)
      expect(yield* refresh({ expired_token: sessionToken })).toBe("401 refresh_sid_mismatch")
      yield* clerk.createTemplate({ name: "t" })
      const template = yield* ask(clerk, `POST /v1/sessions/${session.id}/tokens/t`)
      expect(yield* refresh({ expired_token: template.json.jwt })).toBe(
        "401 session_refresh_session_token_ineligible"
      )
    })
  )

  it.effect("is rejected for an origin that is invalid or not the token's", () =>
    Effect.gen(function* () {
      const { refresh } = yield* expired
      expect(yield* refresh({ request_origin: "no origin" })).toBe("401 refresh_request_origin_invalid")
      expect(yield* refresh({ request_origin: "https://other.example" })).toBe(
        "401 refresh_request_origin_azp_mismatch"
      )
      expect(yield* refresh({ request_origin: `${DEFAULT_ORIGIN}:8443` })).toBe(
        "401 refresh_request_origin_azp_mismatch"
      )
    })
  )

  it.effect("is rejected for a refresh token that is not the session's", () =>
    Effect.gen(function* () {
      const { clerk, refresh, user } = yield* expired
      const { refreshToken } = yield* clerk.signIn(user.id)
      expect(yield* refresh({ refresh_token: refreshToken })).toBe("401 refresh_token_not_found")
      const { json } = yield* ask(clerk, "POST /v1/sessions", { body: { user_id: user.id } })
      expect(yield* clerk.refreshToken(json.id)).toBeNull()
      const expired_token = yield* clerk.mintSessionToken(json.id, { origin: DEFAULT_ORIGIN })
      expect(
        yield* outcome(clerk, `POST /v1/sessions/${json.id}/refresh`, {
          body: { expired_token, refresh_token: "null", request_origin: DEFAULT_ORIGIN }
        })
      ).toBe("401 refresh_token_not_found")
    })
  )

  it.effect("is rejected for a session that does not exist or has ended", () =>
    Effect.gen(function* () {
      const { body, clerk, refresh, session } = yield* expired
      const expired_token = yield* clerk.mintSessionToken(session.id, {
        origin: DEFAULT_ORIGIN,
        claims: { sid: "sess_gone" }
      })
      expect(
        yield* outcome(clerk, "POST /v1/sessions/sess_gone/refresh", { body: { ...body, expired_token } })
      ).toBe("401 session_refresh_session_not_found")
      yield* ask(clerk, `POST /v1/sessions/${session.id}/revoke`)
      expect(yield* refresh({})).toBe("401 session_refresh_inactive_session")
    })
  )

  it.effect("is rejected when the token is older than the window", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const clerk = yield* ClerkEmulator.make({ refreshWindow: "1 hour" })
      const user = yield* clerk.createUser()
      const refresh = Effect.flatMap(clerk.signIn(user.id, { age: "30 minutes" }), (browser) =>
        Effect.map(TestClock.adjust("30 minutes"), () => ({
          line: `POST /v1/sessions/${browser.session.id}/refresh`,
          body: {
            expired_token: browser.sessionToken,
            refresh_token: browser.refreshToken,
            request_origin: browser.origin
          }
        }))
      )
      const { body, line } = yield* refresh
      const other = yield* refresh
      expect(yield* outcome(clerk, other.line, { body: other.body })).toBe("200")
      expect(yield* outcome(clerk, line, { body })).toBe("401 session_refresh_expired_session_token_too_old")
    })
  )

  it.effect("never shows a token in an error", () =>
    Effect.gen(function* () {
      const { body, clerk, line, refreshToken, sessionToken } = yield* expired
      yield* ask(clerk, line, { body })
      for (const change of [{}, { format: sessionToken }, { [sessionToken]: refreshToken }]) {
        const { json, status } = yield* ask(clerk, line, { body: { ...body, ...change } })
        expect(status).toBeGreaterThan(400)
        expect(JSON.stringify(json)).not.toContain(sessionToken)
        expect(JSON.stringify(json)).not.toContain(refreshToken)
      }
    })
  )
})
