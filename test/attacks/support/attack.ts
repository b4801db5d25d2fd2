import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, SigningKeys } from "effect-clerk"
import { RequestAuth } from "effect-clerk/http-api"
import { type Instance, instances, pem, sessionToken, times } from "../../differential/support/request.js"
import { type FetchCall, jsonResponse, recordingFetch } from "../../support/recordingFetch.js"
import { category, ourPrivateKey, theirPrivateKey, tokenOf } from "../../support/tokens.js"

export const { development, production } = instances

/** A session token of a user. The kinds are those of the comparison with the official client. */
export const tokenOfUser = (user: string, kind = "valid", instance: Instance = production) =>
  sessionToken(kind, instance, user)

/** The cookies of a browser of the victim. */
export const victimCookies = (instance: Instance = production) =>
  `__session=${tokenOfUser("victim", "valid", instance)}; __client_uat=1000; __clerk_db_jwt=dvb_victim`

type Changes = { readonly [name: string]: unknown }

interface PayloadOptions {
  readonly claims?: Changes
  readonly header?: Changes
  /** Signs with the key of another instance. */
  readonly isForged?: boolean
}

const oneHour = 3600

/** The signed result of a handshake. It is valid for an hour. */
export const payload = (
  handshake: ReadonlyArray<unknown>,
  { claims, header, isForged = false }: PayloadOptions = {}
): string =>
  tokenOf(
    { alg: "RS256", cat: category.session, kid: "ins_ours", typ: "JWT", ...header },
    { handshake, iat: times.issued, exp: times.issued + oneHour, ...claims },
    isForged ? theirPrivateKey : ourPrivateKey
  )

/** The cookies that sign a browser in as the attacker. */
export const attackerCookies = (instance: Instance = production) => [
  `__session=${tokenOfUser("attacker", "valid", instance)}; Path=/`,
  `__client_uat=${times.issued}; Path=/`
]

/** The cookies that sign a browser out. */
export const signOutCookies = ["__session=; Path=/; Max-Age=0", "__client_uat=0; Path=/"]

/** Clerk's Backend API in memory, which records its requests. */
export const clerk = (
  respond: (call: FetchCall) => Response | Promise<Response> = () =>
    jsonResponse({ errors: [{ code: "resource_not_found", message: "Not found" }] }, 404)
) => {
  const { calls, layer } = recordingFetch(respond)
  const client = ClerkHttp.layerFetch({ secretKey: Redacted.make("sk_live_attack") })
  return { calls, layer: Layer.mergeAll(client, layer, SigningKeys.layerPem(pem)) }
}

/** A server for pages, with its options. */
export const serverOf = (
  instance: Instance = production,
  options: Partial<RequestAuth.Options> = {}
): ReturnType<typeof RequestAuth.make> => {
  const { origin, publishableKey } = instance
  return RequestAuth.make({ publishableKey, origin, authorizedParties: [origin], ...options })
}

interface PageOptions {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A request for a page. */
export const page = (
  cookie: string,
  { headers, method = "GET", path = "/" }: PageOptions = {}
): RequestAuth.RequestInput => ({
  method,
  url: path,
  headers: { host: "app.example.com", cookie, "sec-fetch-dest": "document", ...headers }
})

/** What a browser gets. */
export interface Visit {
  readonly status: RequestAuth.Outcome["_tag"]
  readonly user: string | undefined
  readonly reason: string | undefined
  readonly cookies: ReadonlyArray<string>
  readonly location: URL | undefined
}

export const visitOf = (outcome: RequestAuth.Outcome): Visit => {
  const response = Option.getOrUndefined(RequestAuth.toResponse(outcome))
  const location = response?.headers.get("location") ?? undefined
  return {
    status: outcome._tag,
    user: outcome._tag === "SignedIn" ? outcome.session.userId : undefined,
    reason: outcome._tag === "SignedIn" ? undefined : outcome.reason,
    cookies: outcome.setCookies.map((each) => Redacted.value(each)),
    location: location === undefined ? undefined : new URL(location)
  }
}

/** Authenticates one request. */
export const visit = (
  request: RequestAuth.RequestInput,
  instance?: Instance,
  options?: Partial<RequestAuth.Options>
) =>
  Effect.map(
    Effect.flatMap(serverOf(instance, options), (authenticate) => authenticate(request)),
    visitOf
  )
