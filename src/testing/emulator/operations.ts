import * as Url from "@effect/platform/Url"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Claims from "./claims.js"
import * as Form from "./form.js"
import * as Ids from "./ids.js"
import * as Instance from "./instance.js"
import * as Keys from "./keys.js"
import * as Minting from "./minting.js"
import * as Refusals from "./refusals.js"
import * as State from "./state.js"
import * as Tokens from "./tokens.js"
import * as Wire from "./wire.js"

export interface Call {
  readonly instance: Instance.Instance
  /** What stands in the path for each name of its template. */
  readonly path: Readonly<Record<string, string>>
  readonly query: Form.Form
  readonly body: Form.Form
  readonly apiVersion: string
  readonly now: number
}

/** Gives the JSON of a 200. */
export type Operation = (call: Call) => Effect.Effect<unknown, Refusals.Refusal>

const sessionId = (call: Call) => call.path["session_id"] ?? ""

export const jwks: Operation = (call) => Effect.sync(() => Keys.jwks(call.instance.keys))

// The filter of the published API leaves out `pending`.
const filterable = ["abandoned", "active", "ended", "expired", "removed", "replaced", "revoked"]

export const list: Operation = ({ apiVersion, instance, now, query }) =>
  Effect.gen(function* () {
    yield* Form.only(query, ["client_id", "user_id", "status", "paginated", "limit", "offset"])
    const userId = yield* Form.filled(query, "user_id")
    const clientId = yield* Form.filled(query, "client_id")
    if (Option.isNone(userId) && Option.isNone(clientId)) {
      return yield* Refusals.missingOneOf(["user_id", "client_id"])
    }
    const status = yield* Form.oneOf(query, "status", filterable)
    const paginated = yield* Form.booleanText(query, "paginated")
    const limit = Option.getOrElse(yield* Form.integerText(query, "limit", 1, 500), () => 10)
    const offset = Option.getOrElse(
      yield* Form.integerText(query, "offset", 0, Number.MAX_SAFE_INTEGER),
      () => 0
    )
    const wanted = (filter: Option.Option<string>, value: string) =>
      Option.isNone(filter) || filter.value === value
    const matching = State.listSessions(instance.state, now).filter(
      (session) =>
        wanted(userId, session.userId) && wanted(clientId, session.clientId) && wanted(status, session.status)
    )
    const data = matching.slice(offset, offset + limit).map((session) => Wire.session(session, apiVersion))
    return paginated ? { data, total_count: matching.length } : data
  })

export const create: Operation = ({ apiVersion, body, instance }) =>
  Effect.gen(function* () {
    if (instance.production) return yield* Refusals.environment
    yield* Form.only(body, ["user_id", "active_organization_id"])
    const userId = yield* Form.required(body, "user_id")
    const organizationId = Option.getOrNull(yield* Form.filled(body, "active_organization_id"))
    if (!instance.state.users.has(userId)) return yield* Refusals.user(userId)
    if (organizationId !== null) {
      const organization = instance.state.organizations.get(organizationId)
      // An organization is not there for a user who is no member of it.
      if (organization === undefined || !State.isMember(organization, userId)) {
        return yield* Refusals.organization
      }
    }
    const session = yield* Instance.newSession(instance, {
      userId,
      lastActiveOrganizationId: organizationId
    })
    const full = State.put(instance.state, "sessions", session.id, session)
    if (full !== undefined) return yield* Refusals.quota(full)
    return Wire.session(session, apiVersion)
  })

export const get: Operation = (call) =>
  Effect.map(State.getSession(call.instance.state, sessionId(call), call.now), (session) =>
    Wire.session(session, call.apiVersion)
  )

export const revoke: Operation = (call) =>
  Effect.suspend(() =>
    Either.map(State.revoke(call.instance.state, sessionId(call), call.now), (session) =>
      Wire.session(session, call.apiVersion)
    )
  )

export const verify: Operation = (call) =>
  Effect.gen(function* () {
    const { instance, now } = call
    if (instance.verifyGone) return yield* Refusals.deprecated
    yield* Form.only(call.body, ["token"])
    const token = yield* Form.filled(call.body, "token")
    const session = yield* State.getSession(instance.state, sessionId(call), now)
    if (!State.isLive(session)) return yield* Refusals.sessionToken
    if (Option.isSome(token)) {
      const verified = yield* Tokens.verify(instance.keys, token.value)
      const valid = Option.exists(
        verified,
        ({ claims: { exp, nbf, sid } }) =>
          sid === session.id &&
          Predicate.isNumber(exp) &&
          exp * 1000 > now &&
          !(Predicate.isNumber(nbf) && nbf * 1000 > now)
      )
      if (!valid) return yield* Refusals.sessionToken
    }
    return Wire.session(session, call.apiVersion)
  })

// The published API has no refusal of its own for a session that is over: its tokens are not found.
const liveSession = (call: Call) =>
  Effect.filterOrFail(State.getSession(call.instance.state, sessionId(call), call.now), State.isLive, () =>
    Refusals.session(sessionId(call))
  )

const expiresIn = (body: Form.Form) =>
  Effect.zipRight(
    Form.only(body, ["expires_in_seconds"]),
    Form.integer(body, "expires_in_seconds", 30, 315_360_000)
  )

const inMillis = (lifetime: Option.Option<number>) =>
  Option.match(lifetime, { onNone: () => ({}), onSome: (seconds) => ({ expiresIn: seconds * 1000 }) })

export const createToken: Operation = (call) =>
  Effect.gen(function* () {
    const lifetime = yield* expiresIn(call.body)
    const session = yield* liveSession(call)
    const jwt = yield* Minting.sessionToken(call.instance, session, {
      version: Claims.sessionTokenVersion(call.apiVersion),
      ...inMillis(lifetime)
    })
    return Wire.token(jwt)
  })

export const createTokenFromTemplate: Operation = (call) =>
  Effect.gen(function* () {
    const name = call.path["template_name"] ?? ""
    const lifetime = yield* expiresIn(call.body)
    const session = yield* liveSession(call)
    const template = call.instance.state.templates.get(name)
    if (template === undefined) return yield* Refusals.template(name)
    const jwt = yield* Minting.templateToken(call.instance, session, template, inMillis(lifetime))
    return Wire.token(jwt)
  })

/** Checks what the expired token says of itself; none of it can change, so none of it needs the state. */
const expiredToken = (call: Call, token: string, origin: string) =>
  Effect.gen(function* () {
    const { instance, now } = call
    const { claims, digest, header } = yield* Effect.flatMap(
      Tokens.verify(instance.keys, token),
      Option.match({ onNone: () => Effect.fail(Refusals.refresh.tokenInvalid), onSome: Effect.succeed })
    )
    if (header["cat"] !== Tokens.category.session) return yield* Refusals.refresh.ineligible
    const { azp, iat, sid } = claims
    if (!Predicate.isString(sid)) return yield* Refusals.refresh.missingSid
    if (!Predicate.isString(azp)) return yield* Refusals.refresh.missingAzp
    if (!Predicate.isNumber(iat)) return yield* Refusals.refresh.missingIat
    if (sid !== sessionId(call)) return yield* Refusals.refresh.sidMismatch
    const url = yield* Effect.mapError(Url.fromString(origin), () => Refusals.refresh.originInvalid)
    if (azp !== origin && azp !== url.origin) return yield* Refusals.refresh.originMismatch
    if (now - iat * 1000 > instance.refreshWindow) return yield* Refusals.refresh.tooOld
    return { azp, digest }
  })

export const refresh: Operation = (call) =>
  Effect.gen(function* () {
    const { body, instance, now } = call
    yield* Form.only(call.query, ["suffixed_cookies"])
    yield* Form.only(body, [
      "expired_token",
      "refresh_token",
      "request_origin",
      "request_headers",
      "format",
      "request_originating_ip"
    ])
    const token = yield* Form.required(body, "expired_token")
    const refreshToken = yield* Form.required(body, "refresh_token")
    const origin = yield* Form.required(body, "request_origin")
    yield* Form.optional(body, "request_headers", Predicate.isRecord, "object")
    yield* Form.optionalString(body, "request_originating_ip")
    const asCookies = Option.contains(yield* Form.oneOf(body, "format", ["token", "cookie"]), "cookie")
    const suffixed = yield* Form.booleanText(call.query, "suffixed_cookies")

    const { azp, digest } = yield* expiredToken(call, token, origin)
    // Only cookies can carry a new refresh token to the browser, so only they bring one.
    const nextRefreshToken = asCookies ? yield* Ids.make("rt") : null
    const session = yield* Effect.suspend(() =>
      State.refresh(instance.state, {
        sessionId: sessionId(call),
        expiredToken: digest,
        refreshToken,
        nextRefreshToken,
        now
      })
    )
    const jwt = yield* Minting.sessionToken(instance, session, {
      version: Claims.sessionTokenVersion(call.apiVersion),
      origin: azp
    })
    if (nextRefreshToken === null) return Wire.token(jwt)
    return Wire.cookies([
      `__session${suffixed ? `_${instance.cookieSuffix}` : ""}=${jwt}; Path=/; Secure; SameSite=Lax`,
      // Clerk's SDKs look for this one by its suffixed name alone.
      `__refresh_${instance.cookieSuffix}=${nextRefreshToken}; Path=/; Secure; HttpOnly; SameSite=Lax`
    ])
  })
