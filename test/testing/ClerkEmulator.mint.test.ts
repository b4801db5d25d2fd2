import { verifyToken } from "@clerk/backend"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { ClerkHttp, Sessions, SessionTokens, SigningKeys } from "effect-clerk"
import { ClerkEmulator, DEFAULT_SECRET_KEY, type MintTokenOptions } from "effect-clerk/testing"
import { decodeJwt, decodeProtectedHeader } from "jose"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { outcome, signedIn } from "./ClerkEmulator.support.js"

const stage = SigningKeys.layerJwks.pipe(
  Layer.provideMerge(ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY })),
  Layer.provide(ClerkEmulator.layerHttpClient),
  Layer.provideMerge(ClerkEmulator.layer())
)

const someone = Effect.gen(function* () {
  yield* TestClock.setTime(Date.now())
  const clerk = yield* ClerkEmulator
  const user = yield* clerk.createUser()
  return { clerk, user, ...(yield* clerk.signIn(user.id)) }
})

const reasonOf = (token: string) =>
  SessionTokens.verify(token).pipe(
    Effect.as("accepted"),
    Effect.catchTag("ClerkTokenError", ({ reason }) => Effect.succeed(reason))
  )

const theirReason = (token: string, jwtKey: string) =>
  Effect.promise(() =>
    verifyToken(token, { jwtKey }).then(
      () => "accepted",
      (error: { readonly reason: string }) => error.reason
    )
  )

describe("a token that is minted", () => {
  it.effect("for a session is a session token, for a template that template's, and both are accepted", () =>
    Effect.gen(function* () {
      const { clerk, session, user } = yield* someone
      yield* clerk.createTemplate({ name: "hasura", claims: { role: "editor" }, lifetime: "5 minutes" })
      const token = yield* clerk.mintToken({ sessionId: session.id, origin: "https://app.example.com" })
      expect(decodeJwt(token)).toMatchObject({ sid: session.id, azp: "https://app.example.com", v: 2 })
      expect(yield* reasonOf(token)).toBe("accepted")

      const template = yield* clerk.mintToken({ sessionId: session.id, template: "hasura" })
      const claims = decodeJwt(template)
      expect(claims).toMatchObject({ sub: user.id, role: "editor", exp: (claims.iat ?? 0) + 300 })
      expect((yield* SessionTokens.verify(template, { category: "template" })).userId).toBe(user.id)
    }).pipe(Effect.provide(stage))
  )

  it.effect("without a session has the issuer, the times and the given claims", () =>
    Effect.gen(function* () {
      const { clerk } = yield* someone
      const token = yield* clerk.mintToken({ claims: { sub: "user_x", jti: undefined }, expiresIn: "1 hour" })
      const { iat = 0, ...claims } = decodeJwt(token)
      expect(claims).toEqual({ sub: "user_x", iss: clerk.issuer, nbf: iat - 10, exp: iat + 3600 })
      expect(yield* reasonOf(token)).toBe("sid")
    }).pipe(Effect.provide(stage))
  )

  it.effect("for a session or a template that does not exist is a defect", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* someone
      const dead = (options: MintTokenOptions) =>
        Effect.map(
          Effect.exit(clerk.mintToken(options)),
          (exit) => Exit.isFailure(exit) && String(exit.cause)
        )
      expect(yield* dead({ sessionId: "sess_1" })).toContain("there is no session sess_1")
      expect(yield* dead({ sessionId: session.id, template: "t" })).toContain("there is no template t")
      yield* clerk.createTemplate({ name: "t" })
      expect(yield* dead({ template: "t" })).toContain("a token of template t needs a sessionId")
    }).pipe(Effect.provide(stage))
  )

  const broken: ReadonlyArray<readonly [string, MintTokenOptions, string, string]> = [
    ["signed by another key", { sign: "wrong-key" }, "signature", "token-invalid-signature"],
    ["not signed", { sign: "none" }, "format", "token-invalid-algorithm"],
    [
      "signed with the public key for a secret",
      { sign: "hs256-with-public-key" },
      "alg",
      "token-invalid-algorithm"
    ],
    ["cut short", { sign: "truncated" }, "signature", "token-invalid-signature"],
    ["changed after it was signed", { sign: "tampered" }, "signature", "token-invalid-signature"],
    [
      "changed to other permissions after it was signed",
      { sign: "tampered", claims: { sub: "user_admin" } },
      "signature",
      "token-invalid-signature"
    ],
    ["of another instance's key", { header: { kid: "ins_other" } }, "unknown-key", "accepted"],
    ["of an unknown algorithm", { header: { alg: "RS1" } }, "alg", "token-invalid-algorithm"],
    ["of another type", { header: { typ: "at+jwt" } }, "typ", "token-invalid"],
    ["expired", { age: "2 minutes" }, "exp", "token-expired"],
    ["from the future", { claims: { nbf: 4e9 } }, "nbf", "token-not-active-yet"],
    ["without a user", { claims: { sub: undefined } }, "sub", "token-verification-failed"],
    ["of a pending session", { claims: { sts: "pending" } }, "session-pending", "accepted"],
    ["not JSON inside", { payload: "hello" }, "format", "token-invalid"]
  ]
  it.effect.each(broken)("that is %s is rejected with its reason, here and by @clerk/backend", (row) =>
    Effect.gen(function* () {
      const { clerk, session } = yield* someone
      const [, options, ours, theirs] = row
      const token = yield* clerk.mintToken({ sessionId: session.id, ...options })
      expect(yield* reasonOf(token)).toBe(ours)
      expect(yield* theirReason(token, clerk.publicKeyPem)).toBe(theirs)
    }).pipe(Effect.provide(stage))
  )

  it.effect("that is changed after it was signed contains the change", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* signedIn()
      const tampered = yield* clerk.mintToken({ sessionId: session.id, sign: "tampered" })
      expect(decodeJwt(tampered).sub).toBe("user_tampered")
      const forged = yield* clerk.mintToken({
        sessionId: session.id,
        sign: "tampered",
        claims: { sub: "user_admin" }
      })
      expect(decodeJwt(forged)).toMatchObject({ sub: "user_admin", sid: session.id })
    })
  )

  it.effect("can be verified in 1970 too, where the clock of a test begins", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const user = yield* clerk.createUser()
      const { sessionToken } = yield* clerk.signIn(user.id)
      expect(yield* reasonOf(sessionToken)).toBe("accepted")
    }).pipe(Effect.provide(stage))
  )
})

describe("a key that is rotated", () => {
  it.effect("signs new tokens, and the old one stays published", () =>
    Effect.gen(function* () {
      const { clerk, session, sessionToken } = yield* someone
      const pem = clerk.publicKeyPem
      const kid = yield* clerk.rotateKey()
      expect(kid).toMatch(/^ins_[0-9A-Za-z]{27}$/)
      expect(clerk.jwks.keys.map((key) => key.kid)).toEqual([kid, clerk.instanceId])
      expect((yield* clerk.state).keys).toEqual([kid, clerk.instanceId])
      expect(clerk.publicKeyPem).not.toBe(pem)
      const { jwt } = yield* Sessions.createToken(session.id)
      expect(yield* reasonOf(sessionToken)).toBe("accepted")
      expect((yield* SessionTokens.verify(jwt)).sessionId).toBe(session.id)
      const minted = yield* clerk.mintSessionToken(session.id)
      expect(decodeProtectedHeader(minted).kid).toBe(kid)
    }).pipe(Effect.provide(stage))
  )

  it.effect("and removed leaves the emulator at once, and verifiers at their next fetch", () =>
    Effect.gen(function* () {
      const { clerk, session, sessionToken } = yield* someone
      expect(yield* reasonOf(sessionToken)).toBe("accepted")
      const kid = yield* clerk.rotateKey({ removePrevious: true })
      expect(clerk.jwks.keys.map((key) => key.kid)).toEqual([kid])
      expect(
        yield* outcome(clerk, `POST /v1/sessions/${session.id}/verify`, {
          version: "2025-03-12",
          body: { token: sessionToken }
        })
      ).toBe("400 invalid_session_token")

      const old = sessionToken
      // Cached for ten minutes, like keys. The token itself is not valid as long.
      expect(yield* reasonOf(old)).toBe("accepted")
      // A token of the new key causes a fetch of the keys.
      yield* TestClock.adjust("30 seconds")
      expect(yield* reasonOf(yield* clerk.mintSessionToken(session.id))).toBe("accepted")
      expect(yield* reasonOf(old)).toBe("unknown-key")
      yield* clerk.expectRequests(["SigningKeys.jwks", "Sessions.verify", "SigningKeys.jwks"])
    }).pipe(Effect.provide(stage))
  )

  it.effect("of one emulator is not rotated in another", () =>
    Effect.gen(function* () {
      const one = yield* ClerkEmulator.make()
      const other = yield* ClerkEmulator.make()
      yield* one.rotateKey({ removePrevious: true })
      expect(other.jwks.keys.map(({ kid }) => kid)).toEqual([other.instanceId])
    })
  )
})
