import { own, parseJson } from "../input.js"
import type { ClerkRequest, ClerkResponse, Failure, Sent, TransportFault } from "../model.js"
import type { Redactor } from "../redaction/redact.js"
import { version } from "../version.js"
import { transportFailure } from "./faults.js"

/** An API, and the facts that every request to it carries. */
export interface Api {
  /** Origin and path prefix, without a slash at the end. */
  readonly baseUrl: string
  readonly origin: string
  readonly maxResponseBytes: number
  /** Identifies the caller. Absent for an API that is open to everybody: a request to it carries no secret. */
  readonly caller?: { readonly secretKey: string; readonly apiVersion: string } | undefined
}

/** A request in the form in which a transport sends it. A transport adds nothing but `accept-encoding`. */
export interface WireRequest {
  readonly method: string
  readonly url: string
  /** Names in lower case. Several requests share the object. */
  readonly headers: { readonly [name: string]: string }
  readonly body: string | undefined
}

/** A request that was sent. */
export interface RequestInProgress {
  /** Stops the request. Returns whether it may have been sent by then. */
  readonly stop: () => Sent
}

/** Needs no encoding and has no meaning in a URL, as all ids and names of the operations. */
const isPlain = (segment: string): boolean => /^[A-Za-z0-9_-]+$/.test(segment)

/** Dots survive encoding. A URL parser then resolves them, and some servers drop an empty segment. */
const isLost = (segment: string): boolean => segment === "" || segment === "." || segment === ".."

/** Returns the address of a path, or `undefined` when a URL parser would read another address from it. */
const addressOf = (path: ReadonlyArray<string>, { baseUrl, origin }: Api): string | undefined => {
  if (path.length > 0 && path.every(isPlain)) return `${baseUrl}/${path.join("/")}`
  if (path.length === 0 || path.some(isLost)) return undefined
  const address = `${baseUrl}/${path.map((segment) => encodeURIComponent(segment)).join("/")}`
  const { href, origin: parsedOrigin } = new URL(address)
  return parsedOrigin === origin && href === address ? address : undefined
}

const searchOf = (query: ClerkRequest["query"]): string => {
  if (query === undefined) return ""
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.append(name, String(value))
  }
  const search = parameters.toString()
  return search === "" ? "" : `?${search}`
}

const invalidRequest = transportFailure({ reason: "invalid-request", sent: "no" })

/** Makes the function that builds requests to an API: the address, the headers and the body. */
export const wireRequests = (
  api: Api
): ((request: ClerkRequest) => WireRequest | Failure<"ClerkTransportError", TransportFault>) => {
  const { caller } = api
  const bare = {
    accept: "application/json",
    "user-agent": `effect-clerk/${version}`,
    ...(caller && {
      authorization: `Bearer ${caller.secretKey}`,
      "clerk-api-version": caller.apiVersion
    })
  }
  const withBody = { ...bare, "content-type": "application/json" }
  return (request) => {
    try {
      const address = addressOf(request.path, api)
      if (address === undefined) return invalidRequest
      const body = own(request, "body")
      const apiVersion = own(request, "apiVersion")
      const headers = body === undefined ? bare : withBody
      return {
        method: request.method,
        url: address + searchOf(own(request, "query")),
        headers:
          caller === undefined || apiVersion === undefined
            ? headers
            : { ...headers, "clerk-api-version": apiVersion },
        body: body === undefined ? undefined : JSON.stringify(body)
      }
    } catch {
      // JSON.stringify and encodeURIComponent throw errors that can quote the request.
      return invalidRequest
    }
  }
}

const successes: ReadonlySet<number> = new Set([200, 201, 202, 204])

/** Far more than any error of Clerk has. */
const maxErrorCharacters = 32 * 1024

const bodyWithoutSecrets = (body: string, redactor: Redactor): string => {
  if (body.length > maxErrorCharacters) return ""
  const hidden = redactor.hide(body)
  if (hidden === body) return body
  // Each text of the JSON is masked by itself, so that the rest of the body stays valid JSON.
  const json = parseJson(body)
  if (json === undefined) return hidden
  const clean = JSON.stringify(redactor.json(json))
  return redactor.hide(clean) === clean ? clean : ""
}

/** Removes secrets from an error response, because its server may quote the secret key. Empties a body that is too long. */
export const withoutSecrets = (response: ClerkResponse, redactor: Redactor): ClerkResponse => {
  if (successes.has(response.status)) return response
  return {
    status: response.status,
    headers: Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [redactor.hide(name), redactor.hide(value)])
    ),
    body: bodyWithoutSecrets(response.body, redactor)
  }
}
