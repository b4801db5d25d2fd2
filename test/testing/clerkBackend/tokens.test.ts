import { verifyToken } from "@clerk/backend"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type SessionClaims, Sessions, SessionTokens, SigningKeys, type TokenClaims } from "effect-clerk"
import { decodeJwt, decodeProtectedHeader } from "jose"
import { describe, expect, it } from "#test/vitest.js"
import { untyped } from "../../support/requests.js"
import { expectSame, type Field, secretKey, someone, stage } from "./support.js"

/** The constant part of a token: its header, and its claims without id and times. */
const essence = (jwt: string) => {
  const { exp = 0, iat = 0, jti, nbf = 0, ...claims } = decodeJwt(jwt)
  return {
    header: decodeProtectedHeader(jwt),
    claims: { ...claims, jti: typeof jti, exp: exp - iat, nbf: nbf - iat }
  }
}

const cookieEssence = (cookie: string) => {
  const [pair = "", ...attributes] = cookie.split("; ")
  const [name = "", value = ""] = pair.split("=")
  return { name, value: value.startsWith("eyJ") ? essence(value) : value.replace(/\w{27}$/, ""), attributes }
}

describe("the tokens of @clerk/backend and this library for the same session", () => {
  const requests = [
    ["as it is", undefined, undefined, 60],
    ["with expiresInSeconds", undefined, 90, 90],
    ["from a template", "hasura", undefined, 300],
    ["from a template, with expiresInSeconds", "hasura", 120, 120]
  ] as const
  it.live.each(requests)("getToken ↔ createToken, %s", ([, template, seconds, lifetime]) =>
    Effect.gen(function* () {
      const { session, theirs } = yield* someone
      const their = yield* Effect.promise(() => theirs.getToken(session.id, template, seconds))
      const options = seconds === undefined ? {} : { expiresIn: Duration.seconds(seconds) }
      const our = yield* template === undefined
        ? Sessions.createToken(session.id, options)
        : Sessions.createTokenFromTemplate(session.id, template, options)
      const jwt = Redacted.value(our.jwt)
      expect(essence(jwt)).toEqual(essence(their.jwt))
      expect(essence(jwt).claims.exp).toBe(lifetime)
      expect(Object.keys(their).filter((name) => name !== "_raw")).toEqual(["jwt"])
    }).pipe(Effect.provide(stage))
  )

  /** Each refresh consumes a token, so each client has its own browser. */
  const twoBrowsers = Effect.gen(function* () {
    const { clerk, organization, theirs, user } = yield* someone
    const browser = Effect.map(
      clerk.signIn(user.id, { organizationId: organization.id, age: "5 minutes" }),
      ({ origin, refreshToken, session, sessionToken }) => ({ origin, refreshToken, session, sessionToken })
    )
    const one = yield* browser
    const other = yield* browser
    return {
      theirs,
      one,
      theirRefresh: {
        expired_token: one.sessionToken,
        refresh_token: one.refreshToken,
        request_origin: one.origin
      },
      other,
      ourRefresh: {
        expiredToken: other.sessionToken,
        refreshToken: other.refreshToken,
        requestOrigin: other.origin
      }
    }
  })

  /** Only the ids of two sessions differ. */
  const withoutIds = (value: unknown, ...ids: ReadonlyArray<string>) =>
    JSON.parse(ids.reduce((text, id) => text.replaceAll(id, "id"), JSON.stringify(value)))

  it.live("refreshSession ↔ refresh, to a token", () =>
    Effect.gen(function* () {
      const { one, other, ourRefresh, theirRefresh, theirs } = yield* twoBrowsers
      const their = yield* Effect.promise(() =>
        theirs.refreshSession(one.session.id, {
          ...theirRefresh,
          request_originating_ip: "192.0.2.7",
          request_headers: { "user-agent": ["Firefox"] },
          format: "token"
        })
      )
      const our = yield* Sessions.refresh(other.session.id, {
        ...ourRefresh,
        requestOriginatingIp: "192.0.2.7",
        requestHeaders: { "user-agent": "Firefox" },
        format: "token"
      })
      expect(withoutIds(essence(Redacted.value(our.jwt)), other.session.id)).toEqual(
        withoutIds(essence(their.jwt), one.session.id)
      )
    }).pipe(Effect.provide(stage))
  )

  it.live.each([true, false])("refreshSession ↔ refresh, to cookies, suffixed: %s", (suffixed) =>
    Effect.gen(function* () {
      const { one, other, ourRefresh, theirRefresh, theirs } = yield* twoBrowsers
      const their = yield* Effect.promise(() =>
        theirs.refreshSession(one.session.id, {
          ...theirRefresh,
          suffixed_cookies: suffixed,
          format: "cookie"
        })
      )
      const our = yield* Sessions.refresh(other.session.id, {
        ...ourRefresh,
        suffixedCookies: suffixed,
        format: "cookie"
      })
      expect(
        withoutIds(
          our.cookies.map((cookie) => cookieEssence(Redacted.value(cookie))),
          other.session.id
        )
      ).toEqual(withoutIds(their.cookies.map(cookieEssence), one.session.id))
      expect(their.cookies).toHaveLength(2)
    }).pipe(Effect.provide(stage))
  )
})

type TheirClaims = Awaited<ReturnType<typeof verifyToken>>

const organizationOf = ({ o }: TheirClaims) =>
  untyped<{ readonly [field: string]: unknown }>(typeof o === "object" && o !== null ? o : {})
const seconds = (time: DateTime.Utc | undefined) => time && DateTime.toEpochMillis(time) / 1000
const minutes = (age: Duration.Duration | undefined) => (age === undefined ? -1 : Duration.toMinutes(age))

const tokenFields: ReadonlyArray<Field<TokenClaims<unknown>, TheirClaims>> = [
  ["userId", (ours) => ours.userId, (theirs) => theirs.sub],
  ["issuer", (ours) => ours.issuer, (theirs) => theirs.iss],
  ["issuedAt", (ours) => seconds(ours.issuedAt), (theirs) => theirs.iat],
  ["notBefore", (ours) => seconds(ours.notBefore), (theirs) => theirs.nbf],
  ["expiresAt", (ours) => seconds(ours.expiresAt), (theirs) => theirs.exp],
  ["authorizedParty", (ours) => ours.authorizedParty, (theirs) => theirs.azp],
  ["tokenId", (ours) => ours.tokenId, (theirs) => theirs["jti"]]
]

const sessionFields: ReadonlyArray<Field<SessionClaims<unknown>, TheirClaims>> = [
  ...tokenFields,
  ["sessionId", (ours) => ours.sessionId, (theirs) => theirs.sid],
  ["status", (ours) => ours.status, (theirs) => theirs.sts],
  ["actor", (ours) => ours.actor, (theirs) => theirs.act],
  [
    "factorAges",
    ({ factorAges }) => [minutes(factorAges?.first), minutes(factorAges?.second)],
    (theirs) => theirs.fva
  ],
  ["version", (ours) => ours.version, (theirs) => theirs.v ?? 1]
]

const version2: ReadonlyArray<Field<SessionClaims<unknown>, TheirClaims>> = [
  ...sessionFields,
  ["organization.id", (ours) => ours.organization?.id, (theirs) => organizationOf(theirs)["id"]],
  ["organization.slug", (ours) => ours.organization?.slug, (theirs) => organizationOf(theirs)["slg"]],
  [
    "organization.role",
    (ours) => ours.organization?.role,
    (theirs) => `org:${organizationOf(theirs)["rol"]}`
  ],
  ["plans", (ours) => `u:${ours.plan},o:${ours.organization?.plan}`, (theirs) => theirs["pla"]],
  [
    "features",
    (ours) => `o:${ours.organization?.features.join()},u:${ours.features.join()}`,
    (theirs) => theirs["fea"]
  ]
]

const version1: ReadonlyArray<Field<SessionClaims<unknown>, TheirClaims>> = [
  ...sessionFields,
  ["organization.id", (ours) => ours.organization?.id, (theirs) => theirs["org_id"]],
  ["organization.slug", (ours) => ours.organization?.slug, (theirs) => theirs["org_slug"]],
  ["organization.role", (ours) => ours.organization?.role, (theirs) => theirs["org_role"]],
  [
    "organization.permissions",
    (ours) => ours.organization?.permissions,
    (theirs) => theirs["org_permissions"]
  ]
]

describe("the claims of verifyToken and SessionTokens.verify for the same token", () => {
  it.live.each(["key set", "PEM"] as const)("of version 2, by the %s", (source) =>
    Effect.gen(function* () {
      const { apiUrl, clerk, origin, sessionToken } = yield* someone
      const authorizedParties = [origin]
      const jwtKey = clerk.publicKeyPem
      const keys = source === "PEM" ? { jwtKey } : { secretKey, apiUrl, skipJwksCache: true }
      const their = yield* Effect.promise(() => verifyToken(sessionToken, { ...keys, authorizedParties }))
      const verify = SessionTokens.verify(sessionToken, { authorizedParties })
      const our = yield* source === "PEM" ? Effect.provide(verify, SigningKeys.layerPem(jwtKey)) : verify
      expectSame(version2, our, their)
      expect(new Set(our.organization?.permissions)).toEqual(new Set(["org:teams:delete", "org:teams:read"]))
      yield* clerk.expectRequests(source === "PEM" ? [] : ["SigningKeys.jwks", "SigningKeys.jwks"])
    }).pipe(Effect.provide(stage))
  )

  it.live("of version 1", () =>
    Effect.gen(function* () {
      const { clerk, origin, session } = yield* someone
      const token = yield* clerk.mintSessionToken(session.id, { origin, version: 1 })
      const their = yield* Effect.promise(() => verifyToken(token, { jwtKey: clerk.publicKeyPem }))
      expectSame(version1, yield* SessionTokens.verify(token), their)
    }).pipe(Effect.provide(stage))
  )

  it.live("of a template", () =>
    Effect.gen(function* () {
      const { clerk, session } = yield* someone
      const token = yield* clerk.mintToken({ sessionId: session.id, template: "hasura" })
      const their = yield* Effect.promise(() => verifyToken(token, { jwtKey: clerk.publicKeyPem }))
      expectSame(tokenFields, yield* SessionTokens.verify(token, { category: "template" }), their)
      expect(their["role"]).toBe("editor")
    }).pipe(Effect.provide(stage))
  )
})
