import { sessionTokenVersion } from "./claims.js"
import { directiveOf, takeResult } from "./clients.js"
import * as Errors from "./errorResponses.js"
import { ErrorResponse } from "./errorResponses.js"
import { type Moment, makeId } from "./ids.js"
import type { Instance } from "./instance.js"
import { jwksOf } from "./keys.js"
import type { KnownOperationName } from "./operationNames.js"
import * as Parameters from "./parameters.js"
import { sessionJson } from "./sessionJson.js"
import * as Sessions from "./sessions.js"
import type { SessionRecord } from "./state.js"
import { category, issueSessionToken, issueToken, verifyToken } from "./tokens.js"

export interface Call {
  readonly instance: Instance
  readonly moment: Moment
  /** The decoded parameters of the path. */
  readonly path: Readonly<Record<string, string>>
  readonly query: Parameters.Parameters
  readonly body: Parameters.Parameters
  readonly apiVersion: string
}

type Result = object | ErrorResponse

/** Returns the JSON of a response with status 200, or an error. */
type Operation = (call: Call) => Result | Promise<Result>

const sessionId = (call: Call) => call.path["session_id"] ?? ""

const getSession = (call: Call): SessionRecord | ErrorResponse =>
  Sessions.findSession(call.instance.state, sessionId(call), call.moment.now) ??
  Errors.session(sessionId(call))

const jwks: Operation = ({ instance }) => jwksOf(instance.keys)

// The filter of the published API does not have `pending`.
const statuses = ["abandoned", "active", "ended", "expired", "removed", "replaced", "revoked"]

const list: Operation = ({ apiVersion, instance, moment, query }) => {
  const parameters = Parameters.readParameters(query, {
    client_id: Parameters.text,
    user_id: Parameters.text,
    status: Parameters.oneOf(statuses),
    paginated: Parameters.flagText,
    limit: Parameters.integerText(1, 500),
    offset: Parameters.integerText(0, Number.MAX_SAFE_INTEGER)
  })
  if (parameters instanceof ErrorResponse) return parameters
  const { client_id: clientId, limit = 10, offset = 0, paginated, status, user_id: userId } = parameters
  if (userId === undefined && clientId === undefined) return Errors.missingOneOf(["user_id", "client_id"])
  const matching = Sessions.listSessions(instance.state, moment.now, userId ?? clientId).filter(
    (session) =>
      (userId ?? session.userId) === session.userId &&
      (clientId ?? session.clientId) === session.clientId &&
      (status ?? session.status) === session.status
  )
  const data = matching.slice(offset, offset + limit).map((session) => sessionJson(session, apiVersion))
  return paginated ? { data, total_count: matching.length } : data
}

const create: Operation = ({ apiVersion, body, instance, moment }) => {
  if (instance.production) return Errors.environment
  const parameters = Parameters.readParameters(body, {
    user_id: Parameters.required,
    active_organization_id: Parameters.text
  })
  if (parameters instanceof ErrorResponse) return parameters
  const { active_organization_id: organizationId, user_id: userId } = parameters
  const { state } = instance
  if (!state.users.has(userId)) return Errors.user(userId)
  // For a user who is not a member, the organization does not exist.
  if (organizationId !== undefined && !Sessions.isMember(state.organizations.get(organizationId), userId)) {
    return Errors.organization
  }
  const record = Sessions.newSession(instance, moment, {
    userId,
    lastActiveOrganizationId: organizationId ?? null
  })
  const full = Sessions.save(instance, moment, record)
  return full === undefined ? sessionJson(record, apiVersion) : Errors.quota(full)
}

const get: Operation = (call) => {
  const session = getSession(call)
  return session instanceof ErrorResponse ? session : sessionJson(session, call.apiVersion)
}

const revoke: Operation = (call) => {
  const session = getSession(call)
  if (session instanceof ErrorResponse) return session
  return sessionJson(Sessions.revoke(call.instance, call.moment, session), call.apiVersion)
}

const verify: Operation = async (call) => {
  const { apiVersion, body, instance, moment } = call
  if (instance.verifyGone) return Errors.deprecated
  const parameters = Parameters.readParameters(body, { token: Parameters.text })
  if (parameters instanceof ErrorResponse) return parameters
  const session = getSession(call)
  if (session instanceof ErrorResponse) return session
  if (!Sessions.isLive(session)) return Errors.sessionToken
  if (parameters.token !== undefined) {
    const { exp, nbf, sid } = (await verifyToken(instance.keys, parameters.token))?.claims ?? {}
    const isExpired = typeof exp !== "number" || exp * 1000 <= moment.now
    const isEarly = typeof nbf === "number" && nbf * 1000 > moment.now
    if (sid !== session.id || isExpired || isEarly) return Errors.sessionToken
  }
  return sessionJson(session, apiVersion)
}

/** What both operations for tokens need. Clerk documents no error of its own for a session that has ended. */
const readTokenCall = (call: Call) => {
  const parameters = Parameters.readParameters(call.body, {
    expires_in_seconds: Parameters.integer(30, 315_360_000)
  })
  if (parameters instanceof ErrorResponse) return parameters
  const session = getSession(call)
  if (session instanceof ErrorResponse) return session
  if (!Sessions.isLive(session)) return Errors.session(session.id)
  return { session, lifetimeSeconds: parameters.expires_in_seconds }
}

const tokenJson = (jwt: string) => ({ object: "token", jwt })

const createToken: Operation = async (call) => {
  const read = readTokenCall(call)
  if (read instanceof ErrorResponse) return read
  const { lifetimeSeconds, session } = read
  const version = sessionTokenVersion(call.apiVersion)
  return tokenJson(await issueSessionToken(call.instance, call.moment, session, { version, lifetimeSeconds }))
}

const createTokenFromTemplate: Operation = async (call) => {
  const read = readTokenCall(call)
  if (read instanceof ErrorResponse) return read
  const { lifetimeSeconds, session } = read
  const name = call.path["template_name"] ?? ""
  const template = call.instance.state.templates.get(name)
  if (template === undefined) return Errors.template(name)
  return tokenJson(await issueToken(call.instance, call.moment, session, template, { lifetimeSeconds }))
}

/** Checks the expired token itself. Its content cannot change, so these checks need no state. */
const checkExpiredToken = async (call: Call, token: string, origin: string) => {
  const { instance, moment } = call
  const verified = await verifyToken(instance.keys, token)
  if (verified === undefined) return Errors.refresh.tokenInvalid
  if (verified.header["cat"] !== category.session) return Errors.refresh.ineligible
  const { azp, iat, sid } = verified.claims
  if (typeof sid !== "string") return Errors.refresh.missingSid
  if (typeof azp !== "string") return Errors.refresh.missingAzp
  if (typeof iat !== "number") return Errors.refresh.missingIat
  if (sid !== sessionId(call)) return Errors.refresh.sidMismatch
  if (!URL.canParse(origin)) return Errors.refresh.originInvalid
  if (azp !== origin && azp !== new URL(origin).origin) return Errors.refresh.originMismatch
  if (moment.now - iat * 1000 > instance.refreshWindow) return Errors.refresh.tooOld
  return { azp, digest: verified.digest }
}

const refresh: Operation = async (call) => {
  const { apiVersion, instance, moment } = call
  const query = Parameters.readParameters(call.query, { suffixed_cookies: Parameters.flagText })
  if (query instanceof ErrorResponse) return query
  const body = Parameters.readParameters(call.body, {
    expired_token: Parameters.required,
    refresh_token: Parameters.required,
    request_origin: Parameters.required,
    request_headers: Parameters.record,
    request_originating_ip: Parameters.text,
    format: Parameters.oneOf(["token", "cookie"])
  })
  if (body instanceof ErrorResponse) return body
  const expired = await checkExpiredToken(call, body.expired_token, body.request_origin)
  if (expired instanceof ErrorResponse) return expired
  // Only cookies can bring a new refresh token to the browser.
  const nextRefreshToken = body.format === "cookie" ? makeId("rt", moment) : undefined
  const session = Sessions.refresh(instance.state, {
    sessionId: sessionId(call),
    expiredToken: expired.digest,
    refreshToken: body.refresh_token,
    nextRefreshToken,
    now: moment.now
  })
  if (session instanceof ErrorResponse) return session
  const jwt = await issueSessionToken(instance, moment, session, {
    version: sessionTokenVersion(apiVersion),
    origin: expired.azp
  })
  if (nextRefreshToken === undefined) return tokenJson(jwt)
  const suffix = `_${instance.cookieSuffix}`
  const cookies = [
    // A refresh sets one of the two names (clerk/javascript, pull request 7831). A handshake sets both.
    { name: `__session${query.suffixed_cookies ? suffix : ""}`, value: jwt },
    // Clerk's SDKs look for this cookie only by its suffixed name.
    { name: `__refresh${suffix}`, value: nextRefreshToken, httpOnly: true }
  ]
  return { object: "cookies", cookies: cookies.map((cookie) => directiveOf(cookie, expired.azp)) }
}

const setPasswordCompromised: Operation = ({ body, instance, moment, path }) => {
  const parameters = Parameters.readParameters(body, { revoke_all_sessions: Parameters.flag })
  if (parameters instanceof ErrorResponse) return parameters
  const { state } = instance
  const id = path["user_id"] ?? ""
  if (!state.users.has(id)) return Errors.user(id)
  if (parameters.revoke_all_sessions) {
    for (const session of Sessions.listSessions(state, moment.now, id)) {
      if (session.userId === id && Sessions.isLive(session)) Sessions.revoke(instance, moment, session)
    }
  }
  return { object: "user", id, password_enabled: true }
}

const handshakePayload: Operation = ({ instance, moment, query }) => {
  const parameters = Parameters.readParameters(query, { nonce: Parameters.required })
  if (parameters instanceof ErrorResponse) return parameters
  const directives = takeResult(instance, parameters.nonce, moment.now)
  return directives === undefined ? Errors.nonce : { directives }
}

export const operations: Readonly<Record<KnownOperationName, Operation>> = {
  "Sessions.list": list,
  "Sessions.create": create,
  "Sessions.get": get,
  "Sessions.refresh": refresh,
  "Sessions.revoke": revoke,
  "Sessions.verify": verify,
  "Sessions.createToken": createToken,
  "Sessions.createTokenFromTemplate": createTokenFromTemplate,
  "Users.setPasswordCompromised": setPasswordCompromised,
  "SigningKeys.jwks": jwks,
  "Clients.getHandshakePayload": handshakePayload
}
