import { type Cookies, cookieValue, readCookies } from "../server/cookies.js"
import { version } from "../version.js"
import { isLoopback } from "../wire/baseUrl.js"
import { sessionTokenVersion } from "./claims.js"
import {
  appCookies,
  directiveOf,
  keepResult,
  liveSessions,
  longLife,
  newClient,
  saveClient,
  signInOn,
  signOutOn,
  uatCookies
} from "./clients.js"
import * as Errors from "./errorResponses.js"
import type { Moment } from "./ids.js"
import type { Instance } from "./instance.js"
import { byteLengthOf, limits, textOf } from "./limits.js"
import type { EmulatedOrganization, EmulatorRequest, EmulatorResponse } from "./model.js"
import type { DocumentOperationName } from "./operationNames.js"
import { isMember } from "./sessions.js"
import type { ClientRecord } from "./state.js"
import { category, signPayload } from "./tokens.js"

/*
 * The parts of Clerk's Frontend API that a browser loads as documents: the handshake, and a page that stands for Clerk's
 * own sign-in.
 */

/** A request whose URL is valid. */
export interface FrontendRequest {
  readonly instance: Instance
  readonly moment: Moment
  readonly url: URL
  readonly headers: EmulatorRequest["headers"]
  readonly body: EmulatorRequest["body"]
}

type Response = EmulatorResponse | Errors.ErrorResponse

/** A payload above this size is exchanged for a nonce, because cookies and addresses have limits. */
const maxPayload = 2_048

const clientCookie = "__client"

/** Finds the browser of a request, or makes a new one. */
const clientOf = ({ headers, instance, moment, url }: FrontendRequest): ClientRecord => {
  const cookies: Cookies = readCookies(headers["cookie"])
  const token =
    (instance.production ? undefined : url.searchParams.get("__clerk_db_jwt")) ||
    cookieValue(cookies, clientCookie)
  const known = token === undefined ? undefined : instance.state.clients.get(token)
  return known ?? saveClient(instance, newClient(moment))
}

/** Reads the address to return to. It must be of an origin that the emulator knows. */
const readRedirect = ({ instance, url }: FrontendRequest): URL | Errors.ErrorResponse => {
  const text = url.searchParams.get("redirect_url") ?? ""
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return Errors.redirectUrl
  const redirect = new URL(text)
  const isKnown = isLoopback(redirect.hostname) || instance.origins.includes(redirect.origin)
  return isKnown && redirect.username === "" && redirect.password === "" ? redirect : Errors.redirectUrl
}

/** The longest domain that both hosts are below, or `undefined` if a browser would not accept it for a cookie. */
const sharedDomain = (one: string, other: string): string | undefined => {
  if (one === other) return undefined
  const labels = other.split(".").reverse()
  const shared: Array<string> = []
  for (const [index, label] of one.split(".").reverse().entries()) {
    if (labels[index] !== label) break
    shared.unshift(label)
  }
  return shared.length >= 2 && !/^[\d.]+$/.test(shared.join(".")) ? shared.join(".") : undefined
}

const redirectTo = (status: 303 | 307, location: URL, cookies: ReadonlyArray<string>): EmulatorResponse => ({
  status,
  headers: { location: location.href, "cache-control": "no-store" },
  cookies,
  body: ""
})

/** Identifies the browser to the Frontend API. */
const clientDirective = ({ token }: ClientRecord, url: URL): string =>
  directiveOf({ name: clientCookie, value: token, httpOnly: true, maxAgeSeconds: longLife }, url.origin)

const handshake = async (request: FrontendRequest): Promise<Response> => {
  const { instance, moment, url } = request
  const redirect = readRedirect(request)
  if (redirect instanceof Errors.ErrorResponse) return redirect
  const client = clientOf(request)
  const apiVersion = url.searchParams.get("__clerk_api_version")
  const cookies = await appCookies(instance, moment, client, liveSessions(instance, client, moment.now)[0], {
    origin: redirect.origin,
    withSuffix: url.searchParams.get("suffixed_cookies") === "true",
    version: apiVersion === null ? 2 : sessionTokenVersion(apiVersion)
  })
  const domain = instance.production ? sharedDomain(redirect.hostname, url.hostname) : undefined
  const directives = cookies.map((each) =>
    // The Frontend API changes this cookie by itself when a user signs in or out, so it is for all hosts of the domain.
    directiveOf(each, redirect.origin, each.name.startsWith("__client_uat") ? domain : undefined)
  )
  const payload = JSON.stringify({ handshake: directives })
  const usesNonce = url.searchParams.get("format") === "nonce" && payload.length > maxPayload
  const name = usesNonce ? "__clerk_handshake_nonce" : "__clerk_handshake"
  const value = usesNonce
    ? keepResult(instance, moment, directives)
    : await signPayload(instance, payload, category.session)
  const known = clientDirective(client, url)
  if (!instance.production) {
    redirect.searchParams.append(name, value)
    return redirectTo(307, redirect, [known])
  }
  const result = { name, value, maxAgeSeconds: 60 }
  return redirectTo(307, redirect, [known, directiveOf(result, redirect.origin, domain)])
}

/** Sends a browser back to its application after a change of its sessions. */
const goBack = (request: FrontendRequest, client: ClientRecord, redirect: URL): EmulatorResponse => {
  const { instance, moment, url } = request
  const changed = instance.state.clients.get(client.token) ?? client
  const cookies = [clientDirective(changed, url)]
  if (instance.production) {
    const domain = sharedDomain(redirect.hostname, url.hostname)
    cookies.push(
      ...uatCookies(instance, changed, moment.now).map((each) => directiveOf(each, redirect.origin, domain))
    )
  } else redirect.searchParams.set("__clerk_db_jwt", changed.token)
  return redirectTo(303, redirect, cookies)
}

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

const html = (status: number, title: string, content: string): EmulatorResponse => ({
  status,
  headers: {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff"
  },
  body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>body{font:1rem/1.5 system-ui;max-width:30rem;margin:3rem auto;padding:0 1rem}form{margin:1rem 0;padding:1rem;border:1px solid #8888;border-radius:.5rem}label{display:block;margin-bottom:.5rem}button,select{font:inherit;padding:.5rem 1rem}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${content}
</main>
<footer><p>effect-clerk-emulator ${escaped(version)}: a Clerk in memory, for development and tests.</p></footer>
</body>
</html>
`
})

/** The organizations of each user, by the id of the user. */
const organizationsByUser = ({
  state
}: Instance): ReadonlyMap<string, ReadonlyArray<EmulatedOrganization>> => {
  const found = new Map<string, Array<EmulatedOrganization>>()
  for (const organization of state.organizations.values()) {
    for (const { userId } of organization.members) {
      const known = found.get(userId)
      if (known === undefined) found.set(userId, [organization])
      else known.push(organization)
    }
  }
  return found
}

/** A form that signs one user in, with a choice of the active organization if the user has any. */
const signInForm = (userId: string, organizations: ReadonlyArray<EmulatedOrganization>): string => {
  const id = escaped(userId)
  const options = organizations.map(
    ({ id, slug }) => `<option value="${escaped(id)}">${escaped(slug)} (${escaped(id)})</option>`
  )
  const choice =
    options.length === 0
      ? ""
      : `<label>Active organization of ${id} <select name="organization_id"><option value="">None</option>${options.join("")}</select></label>\n`
  return `<form method="post">\n${choice}<button name="user_id" value="${id}">Sign in as ${id}</button>\n</form>`
}

const noUsers = `<p>The emulator has no users yet. Create one with <code>--seed</code>, with <code>createUser</code>, or with <code>POST /__emulator/sign-in</code>. Then load this page again.</p>`

const signInPage = (request: FrontendRequest): Response => {
  const redirect = readRedirect(request)
  if (redirect instanceof Errors.ErrorResponse) return redirect
  const { instance } = request
  const organizations = organizationsByUser(instance)
  const forms = [...instance.state.users.keys()].map((id) => signInForm(id, organizations.get(id) ?? []))
  const intro = `<p>Choose a user. You then return to ${escaped(redirect.origin)}.</p>`
  return html(200, "Sign in", forms.length === 0 ? noUsers : [intro, ...forms].join("\n"))
}

/** A page of another site must not sign anybody in or out. */
const isFromElsewhere = ({ headers }: FrontendRequest): boolean => {
  const { host, origin } = headers
  if (origin === undefined || host === undefined) return false
  return !URL.canParse(origin) || new URL(origin).host !== host
}

const signIn = (request: FrontendRequest): Response => {
  const { body, instance, moment } = request
  const redirect = readRedirect(request)
  if (redirect instanceof Errors.ErrorResponse) return redirect
  if (isFromElsewhere(request)) return Errors.access("the sign-in page takes forms from itself only")
  if (body.length > limits.bodyBytes || byteLengthOf(body) > limits.bodyBytes) {
    return Errors.bodyTooLarge(limits.bodyBytes)
  }
  const form = new URLSearchParams(textOf(body) ?? "")
  const userId = form.get("user_id") ?? ""
  if (!instance.state.users.has(userId)) return Errors.user(userId)
  const organizationId = form.get("organization_id") || undefined
  if (organizationId !== undefined && !isMember(instance.state.organizations.get(organizationId), userId)) {
    return Errors.organization
  }
  const client = clientOf(request)
  const session = signInOn(instance, moment, client, { userId, organizationId })
  return typeof session === "string" ? Errors.quota(session) : goBack(request, client, redirect)
}

const signOut = (request: FrontendRequest): Response => {
  const redirect = readRedirect(request)
  if (redirect instanceof Errors.ErrorResponse) return redirect
  const client = clientOf(request)
  signOutOn(request.instance, request.moment, client)
  return goBack(request, client, redirect)
}

type Document = (request: FrontendRequest) => Response | Promise<Response>

export const documents: Readonly<Record<DocumentOperationName, Document>> = {
  "FrontendApi.handshake": handshake,
  "FrontendApi.signInPage": signInPage,
  "FrontendApi.signIn": signIn,
  "FrontendApi.signOut": signOut
}
