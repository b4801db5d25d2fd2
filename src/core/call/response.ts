import { isRecord, parseJson } from "../input.js"
import type { DecodeReason } from "../model.js"
import type { Redactor } from "../redaction/redact.js"
import { type Head, isCompressed, mediaTypeIn, type WireResponse } from "../wire/body.js"
import type { DecodeFailure, DecodeFields, ErrorItem, StatusFailure, StatusTag } from "./failure.js"
import { factsOf, type Operation, type OperationFacts } from "./operation.js"
import { isStatusRetryable, retryAfterMillis } from "./retry.js"

const successes: ReadonlySet<number> = new Set([200, 201, 202])

/** Clerk's id of a request: in the body of an error, or in a header. */
export const traceIdIn = ({ headers }: Head, redactor: Redactor, json?: unknown): string | undefined =>
  [
    isRecord(json) ? json["clerk_trace_id"] : undefined,
    headers.get("clerk-trace-id"),
    headers.get("cf-ray")
  ].find(
    (id): id is string => typeof id === "string" && /^[\w-]{1,128}$/.test(id) && redactor.text(id) === id
  )

const maxItems = 16

/** Reads Clerk's list of errors. Clerk sometimes omits each field, so none is required. */
const errorItemsIn = (json: unknown, redactor: Redactor): ReadonlyArray<ErrorItem> => {
  if (!isRecord(json) || !Array.isArray(json["errors"])) return []
  const shown = (value: unknown) => (typeof value === "string" ? redactor.text(value) : undefined)
  return json["errors"]
    .filter(isRecord)
    .slice(0, maxItems)
    .map((item) => {
      const code = shown(item["code"])
      const message = shown(item["message"] ?? item["short_message"])
      const longMessage = shown(item["long_message"])
      const meta = item["meta"]
      return {
        ...(code === undefined ? undefined : { code }),
        ...(message === undefined ? undefined : { message }),
        ...(longMessage === undefined ? undefined : { longMessage }),
        // Cleaning a record gives a record: only its texts change.
        ...(isRecord(meta) ? { meta: redactor.json(meta) as { readonly [key: string]: unknown } } : undefined)
      }
    })
}

const tags: ReadonlyMap<number, StatusTag> = new Map<number, StatusTag>([
  [400, "ClerkBadRequest"],
  [401, "ClerkUnauthorized"],
  [403, "ClerkForbidden"],
  [404, "ClerkNotFound"],
  [409, "ClerkConflict"],
  [410, "ClerkGone"],
  [422, "ClerkUnprocessableEntity"],
  [429, "ClerkRateLimited"]
])

/** 404, 409, 410 and 422 are expected only where an operation declares them. */
const tagOf = ({ declared }: OperationFacts, status: number): StatusTag => {
  if (status >= 500 && status <= 599) return "ClerkServerError"
  const isExpected = status <= 403 || status === 429 || declared.has(status)
  return (isExpected ? tags.get(status) : undefined) ?? "ClerkUnexpectedStatus"
}

const statusFailure = (
  operation: OperationFacts,
  redactor: Redactor,
  response: WireResponse,
  attempts: number,
  nowMillis: number
): StatusFailure => {
  const { headers, status } = response
  const json = parseJson(response.body)
  const traceId = traceIdIn(response, redactor, json)
  const _tag = tagOf(operation, status)
  const isThrottle = _tag === "ClerkRateLimited" || _tag === "ClerkServerError"
  const hint = isThrottle ? retryAfterMillis(headers, nowMillis) : undefined
  return {
    _tag,
    fields: {
      ...factsOf(operation, attempts),
      status,
      errors: errorItemsIn(json, redactor),
      retryable: isStatusRetryable(operation.kind, status),
      ...(traceId === undefined ? undefined : { traceId }),
      ...(hint === undefined ? undefined : { retryAfterMillis: hint })
    }
  }
}

/** A text from outside is shown only if nothing in it had to be masked. */
const unlessMasked = (text: string | undefined, redactor: Redactor): string | undefined =>
  text !== undefined && redactor.text(text) === text ? text : undefined

export const shownMediaType = (
  contentType: string | null | undefined,
  redactor: Redactor
): string | undefined => unlessMasked(mediaTypeIn(contentType), redactor)

const shownId = (id: unknown, redactor: Redactor): string | undefined =>
  typeof id === "string" && /^[\w-]{1,128}$/.test(id) ? unlessMasked(id, redactor) : undefined

const isJsonType = (contentType: string): boolean =>
  /^\s*(?:application\/(?:[\w.+-]+\+)?json|text\/json)\s*(?:;|$)/i.test(contentType)

/** The value of a success, or the failure of the response. */
export type ReadResponse<A> = { readonly _tag: "Success"; readonly value: A } | StatusFailure | DecodeFailure

/** Why a success cannot be read, and its JSON, if any. */
interface Flaw extends Pick<DecodeFields, "reason" | "issues" | "expectedId" | "receivedId"> {
  readonly _tag: "Flaw"
  readonly json?: unknown
}

const flaw = (reason: DecodeReason, details?: Omit<Flaw, "_tag" | "reason">): Flaw => ({
  _tag: "Flaw",
  reason,
  ...details
})

/** Finds why the body of a success is not JSON. */
const bodyFlaw = (response: WireResponse): Flaw | undefined => {
  const { body, headers } = response
  if (!isJsonType(headers.get("content-type") ?? "application/json")) return flaw("content-type")
  if (body.trim() !== "") return undefined
  return flaw(isCompressed(response) && headers.get("content-length") !== "0" ? "encoding" : "empty")
}

const readSuccess = <A>(
  { decode, hasBody }: Operation<A>,
  expectedId: string | undefined,
  redactor: Redactor,
  response: WireResponse
): { readonly _tag: "Success"; readonly value: A } | Flaw => {
  const unreadable = hasBody ? bodyFlaw(response) : undefined
  if (unreadable !== undefined) return unreadable
  const json = hasBody ? parseJson(response.body) : undefined
  // Some platforms take a truncated body for the whole of it.
  if (json === undefined && hasBody) return flaw(isCompressed(response) ? "encoding" : "json")
  const decoded = decode(json)
  if (decoded._tag === "Failure") {
    const issues = decoded.issues().map(({ expected, kind, path }) => ({
      path: redactor.text(path.join(".")),
      expected: kind === "missing" ? `${expected}, but it is missing` : expected
    }))
    return flaw("schema", { issues, json })
  }
  if (expectedId === undefined) return decoded
  const receivedId = isRecord(json) ? json["id"] : undefined
  return receivedId === expectedId
    ? decoded
    : flaw("id-mismatch", { expectedId, receivedId: shownId(receivedId, redactor), json })
}

/**
 * Reads a response: the decoded success, the failure of its status, or why the client cannot read it. A success has the
 * id `expectedId`, if one is given. No failure shows a secret.
 *
 * `nowMillis` is the time of the wall clock, for a `Retry-After` that is a date.
 */
export const readResponse = <A>(
  operation: Operation<A>,
  expectedId: string | undefined,
  redactor: Redactor,
  response: WireResponse,
  attempts: number,
  nowMillis: number
): ReadResponse<A> => {
  const { headers, status } = response
  const isSuccess = successes.has(status) || (status === 204 && !operation.hasBody)
  if (!isSuccess) return statusFailure(operation, redactor, response, attempts, nowMillis)
  const result = readSuccess(operation, expectedId, redactor, response)
  if (result._tag === "Success") return result
  const { _tag: _, json, ...details } = result
  return {
    _tag: "ClerkDecodeError",
    fields: {
      ...factsOf(operation, attempts),
      ...details,
      status,
      contentType: shownMediaType(headers.get("content-type"), redactor),
      traceId: traceIdIn(response, redactor, json),
      retryable: false
    }
  }
}
