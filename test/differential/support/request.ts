import { ours } from "../../support/tokenKeys.js"
import { category, ourPrivateKey, pemOf, theirPrivateKey, tokenOf } from "../../support/tokens.js"
import type { Case } from "./cases.js"

/** What both sides know of an instance. */
export interface Instance {
  readonly publishableKey: string
  readonly secretKey: string
  readonly issuer: string
  readonly origin: string
  readonly suffix: string
}

const instanceOf = async (kind: "live" | "test", host: string, origin: string): Promise<Instance> => {
  const publishableKey = `pk_${kind}_${btoa(`${host}$`)}`
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(publishableKey))
  return {
    publishableKey,
    secretKey: `sk_${kind}_differential`,
    issuer: `https://${host}`,
    origin,
    suffix: Buffer.from(digest).toString("base64url").slice(0, 8)
  }
}

export const instances = {
  production: await instanceOf("live", "clerk.example.com", "https://app.example.com"),
  development: await instanceOf("test", "able-ant-1.clerk.accounts.dev", "http://localhost:3000")
}

export const pem = pemOf(ours)

/** When the run started, in epoch seconds. All ages are far from a limit. */
const start = Math.floor(Date.now() / 1000)

export const times = {
  forged: start - 590,
  issued: start - 60,
  older: start - 600,
  newer: start - 20,
  future: start + 3600
}

type Changes = { readonly [name: string]: unknown }

/** The changes that make a valid session token one of a kind. */
const kinds: { readonly [kind: string]: { readonly claims?: Changes; readonly header?: Changes } } = {
  valid: {},
  older: { claims: { iat: times.older } },
  expired: { claims: { iat: times.older - 60, exp: times.older } },
  early: { claims: { nbf: times.future } },
  future: { claims: { iat: times.future } },
  foreign: { claims: { iss: "https://clerk.elsewhere.com" } },
  "other-issuer": { claims: { iss: "https://clerk.other.com" } },
  forged: { claims: { iat: times.forged } },
  template: { header: { cat: category.template }, claims: { sid: undefined } },
  pending: { claims: { sts: "pending" } },
  "without-sid": { claims: { sid: undefined } },
  "wrong-azp": { claims: { azp: "https://other.example.com" } }
}

const signed = new Map<string, string>()

/** Replaces the tokens in a text by what they are. */
export const named = (text: string): string =>
  [...signed].reduce((all, [key, token]) => all.replaceAll(token, `<${key}>`), text)

/** Signs a token once, because that takes most of the time of a case. */
const once = (key: string, sign: () => string): string => {
  const token = signed.get(key) ?? sign()
  signed.set(key, token)
  return token
}

/** A session token. Each place has a user of its own, so that a wrong choice shows. */
export const sessionToken = (kind: string, { issuer, origin }: Instance, place: string): string =>
  kind === "absent"
    ? ""
    : kind === "malformed"
      ? "not.a-token"
      : once(`${kind} ${place} of ${new URL(issuer).host}`, () => {
          const { claims, header } = kinds[kind] ?? {}
          const payload = {
            azp: origin,
            exp: start + 7200,
            iat: times.issued,
            iss: issuer,
            nbf: start - 7200,
            sid: `sess_${place}`,
            sts: "active",
            sub: `user_${place}`,
            v: 2,
            ...claims
          }
          const isOurs = kind !== "foreign" && kind !== "forged"
          return tokenOf(
            { alg: "RS256", cat: category.session, kid: "ins_ours", typ: "JWT", ...header },
            payload,
            isOurs ? ourPrivateKey : theirPrivateKey
          )
        })

/** The `Set-Cookie` values of a sign-in through the handshake, the nonce or a refresh. */
const cookiesWith = (session: string, suffix?: string): ReadonlyArray<string> => {
  const end = suffix === undefined ? "" : `_${suffix}`
  return [
    `__session${end}=${session}; Path=/; Max-Age=31536000; SameSite=Lax`,
    `__client_uat${end}=${times.issued}; Path=/; Max-Age=31536000; SameSite=Lax`
  ]
}

const signedOutCookies = ["__session=; Path=/; Max-Age=0", "__client_uat=0; Path=/; Max-Age=31536000"]

const foreignNames = [
  "theme=dark; Path=/",
  "__session_aaaaaaaa=x; Path=/",
  "__client_uat=1; Domain=evil.test"
]

/** The `Set-Cookie` values of a handshake of a kind. */
const directives = (kind: string, instance: Instance, place: string): ReadonlyArray<string> => {
  const token = (of: string) => sessionToken(of, instance, place)
  switch (kind) {
    case "suffixed":
      return [
        ...cookiesWith(token("valid")),
        ...cookiesWith(token("valid"), instance.suffix),
        ...(instance === instances.development ? ["__clerk_db_jwt=dvb_new; Path=/"] : [])
      ]
    case "foreign-names":
      return [...foreignNames, ...cookiesWith(token("valid"))]
    case "signed-out":
      return signedOutCookies
    case "empty":
      return []
    case "session-expired":
    case "session-early":
    case "session-forged":
    case "session-pending":
      return cookiesWith(token(kind.slice("session-".length)))
    default:
      return cookiesWith(token("valid"))
  }
}

const handshakeToken = (kind: string, instance: Instance): string =>
  kind === "malformed"
    ? "not.a-payload"
    : once(`${kind} payload of ${new URL(instance.issuer).host}`, () => {
        const exp = kind === "timeless" ? undefined : kind === "expired" ? times.older : start + 7200
        return tokenOf(
          {
            alg: "RS256",
            cat: kind === "template" ? category.template : category.session,
            kid: "ins_ours",
            typ: "JWT"
          },
          {
            handshake: kind === "without-list" ? undefined : directives(kind, instance, "handshake"),
            iat: times.older - 60,
            iss: kind === "other-issuer" ? "https://clerk.other.com" : undefined,
            exp
          },
          kind === "forged" ? theirPrivateKey : ourPrivateKey
        )
      })

/** The kind of a nonce is in it, so that the server knows the response. */
const nonceOf = (kind: string): string => (kind === "malformed" ? "a/../b" : `nonce_${kind}`)

/** A response of the Backend API. `undefined` means that it resets the connection. */
export type BackendResponse = { readonly status: number; readonly body: unknown } | undefined

const failure = (status: number, code: string): BackendResponse => ({
  status,
  body: { errors: [{ code, message: "Failed", long_message: "Failed" }] }
})

/** The response of the Backend API to a call that a case causes. */
export const respond = (given: Case, path: string, nonce: string | null): BackendResponse => {
  const instance = instances[given.keys]
  if (path === "/v1/clients/handshake_payload") {
    const kind = nonce?.slice("nonce_".length)
    return kind === undefined || !nonce?.startsWith("nonce_") || kind === "failing"
      ? failure(404, "resource_not_found")
      : { status: 200, body: { nonce, directives: directives(kind, instance, "nonce") } }
  }
  const token = (kind: string) => sessionToken(kind, instance, "refreshed")
  const cookies = (list: ReadonlyArray<string>) => ({
    status: 200,
    body: { object: "cookies", cookies: list }
  })
  switch (given.response) {
    case "cookies":
      return cookies(cookiesWith(token("valid")))
    case "suffixed":
      return cookies([...cookiesWith(token("valid")), ...cookiesWith(token("valid"), instance.suffix)])
    case "code":
      return failure(401, "session_not_active")
    case "status-500":
      return failure(500, "internal_clerk_error")
    case "reset":
      return undefined
    case "empty":
      return cookies([])
    case "unverifiable":
      return cookies(cookiesWith(token("forged")))
    case "without-session":
      return cookies([`__client_uat=${times.issued}; Path=/`])
    case "pending":
      return cookies(cookiesWith(token("pending")))
  }
}

const uatOf = (uat: Case["uat"]): string =>
  ({
    absent: "",
    zero: "0",
    older: "1000",
    equal: String(times.issued),
    newer: String(times.newer),
    garbage: "x"
  })[uat]

const authorizationOf = (kind: Case["authorization"], instance: Instance): string => {
  const bearer = (of: string) => sessionToken(of, instance, "bearer")
  switch (kind) {
    case "without-scheme":
      return bearer("valid")
    case "lower-case":
      return `bearer ${bearer("valid")}`
    case "two-spaces":
      return `Bearer  ${bearer("valid")}`
    case "other-scheme":
      return "Basic dXNlcjpwYXNz"
    case "scheme-alone":
      return "Bearer"
    case "empty":
      return ""
    default:
      return `Bearer ${bearer(kind)}`
  }
}

/** The parameter that the official client follows, and one that no client knows. */
export const redirectParameter = "__clerk_redirect_url"
export const unknownParameter = "__other_redirect_url"

/** The request of a case. */
export const requestOf = (given: Case, parameter = redirectParameter): Request => {
  const instance = instances[given.keys]
  const { issuer, origin, suffix } = instance
  const url = new URL(origin + given.path)
  const cookies: Array<string> = ["theme=dark"]
  const cookie = (name: string, choice: string, value: string) => {
    if (choice !== "absent") cookies.push(`${name}=${value}`)
  }
  const place = (at: string, name: string, value: string) =>
    at === "query" ? url.searchParams.append(name, value) : cookies.push(`${name}=${value}`)
  const token = (kind: string, at: string) => sessionToken(kind, instance, at)

  cookie("__session", given.session, token(given.session, "plain"))
  cookie("__session", given.secondSession, token(given.secondSession, "second"))
  cookie(`__session_${suffix}`, given.suffixedSession, token(given.suffixedSession, "suffixed"))
  cookie(
    `__session_${suffix}`,
    given.secondSuffixedSession,
    token(given.secondSuffixedSession, "suffixed_second")
  )
  cookie("__client_uat", given.uat, uatOf(given.uat))
  cookie(`__client_uat_${suffix}`, given.suffixedUat, uatOf(given.suffixedUat))
  cookie(`__refresh_${suffix}`, given.refresh, "rt_1")
  if (given.devBrowser === "plain" || given.devBrowser === "both") cookies.push("__clerk_db_jwt=dvb_plain")
  if (given.devBrowser === "suffixed" || given.devBrowser === "both")
    cookies.push(`__clerk_db_jwt_${suffix}=dvb_suffixed`)
  if (given.devBrowserQuery === "present") url.searchParams.append("__clerk_db_jwt", "dvb_query")
  if (given.handshake !== "absent")
    place(given.handshakePlace, "__clerk_handshake", handshakeToken(given.handshake, instance))
  if (given.nonce !== "absent") place(given.noncePlace, "__clerk_handshake_nonce", nonceOf(given.nonce))
  if (given.redirectUrl === "present") url.searchParams.append(parameter, "https://evil.test/x")
  cookie("__clerk_redirect_count", given.counter, given.counter)
  cookie("__clerk_redirect_count", given.secondCounter, given.secondCounter)

  const headers = new Headers({ cookie: cookies.join("; "), "user-agent": "Firefox", "x-secret": "canary" })
  const header = (name: string, choice: string, value: string) => {
    if (choice !== "absent") headers.set(name, value)
  }
  header("sec-fetch-dest", given.destination, given.destination)
  header("accept", given.accept, given.accept)
  header("origin", given.origin, given.origin === "own" ? origin : "https://evil.test")
  header("authorization", given.authorization, authorizationOf(given.authorization, instance))
  const referrers = {
    own: `${origin}/x`,
    "frontend-api": `${issuer}/x`,
    foreign: "https://evil.test/",
    absent: ""
  }
  header("referer", given.referrer, referrers[given.referrer])
  if (given.forwarded === "host") headers.set("x-forwarded-host", "evil.test")
  if (given.forwarded === "scheme") headers.set("x-forwarded-proto", "ftp")
  return new Request(url, { method: given.method, headers })
}
