import { isRecord, parseJson } from "../input.js"
import type { CallFacts, ClerkResponse, DecodeReason } from "../model.js"
import { scrubJson, scrubText } from "../redaction/redact.js"
import { isCompressed, mediaTypeIn } from "../wire/body.js"
import type { DecodeFailure, DecodeFields, ErrorItem, StatusFailure, StatusTag } from "./failure.js"
import type { Operation, OperationFacts } from "./operation.js"
import { isStatusRetryable, retryAfterMillis } from "./retry.js"

const successes: ReadonlySet<number> = new Set([200, 201, 202])

/** The secrets that no error may show. A function, because the list is only needed for an error. */
export type Secrets = () => ReadonlyArray<string>

/** Clerk's id of a request: in the body of an error, or in a header. */
export const traceIdIn = (
  { headers }: ClerkResponse,
  secrets: ReadonlyArray<string>,
  json?: unknown
): string | undefined =>
  [isRecord(json) ? json["clerk_trace_id"] : undefined, headers["clerk-trace-id"], headers["cf-ray"]].find(
    (id): id is string => typeof id === "string" && /^[\w-]{1,128}$/.test(id) && scrubText(id, secrets) === id
  )

const maxItems = 16

/** Reads Clerk's list of errors. Every field has been seen missing, so none is required. */
const errorItemsIn = (json: unknown, secrets: ReadonlyArray<string>): ReadonlyArray<ErrorItem> => {
  if (!isRecord(json) || !Array.isArray(json["errors"])) return []
  const shown = (value: unknown) => (typeof value === "string" ? scrubText(value, secrets) : undefined)
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
        ...(isRecord(meta)
          ? { meta: scrubJson(meta, secrets) as { readonly [key: string]: unknown } }
          : undefined)
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
  secrets: ReadonlyArray<string>,
  response: ClerkResponse,
  call: CallFacts,
  nowMillis: number
): StatusFailure => {
  const { headers, status } = response
  const json = parseJson(response.body)
  const traceId = traceIdIn(response, secrets, json)
  const _tag = tagOf(operation, status)
  const isThrottle = _tag === "ClerkRateLimited" || _tag === "ClerkServerError"
  const hint = isThrottle ? retryAfterMillis(headers, nowMillis) : undefined
  return {
    _tag,
    fields: {
      ...call,
      status,
      errors: errorItemsIn(json, secrets),
      retryable: isStatusRetryable(operation.kind, status),
      ...(traceId === undefined ? undefined : { traceId }),
      ...(hint === undefined ? undefined : { retryAfterMillis: hint })
    }
  }
}

/** A text from outside is shown only if nothing in it had to be masked. */
const unlessMasked = (text: string | undefined, secrets: ReadonlyArray<string>): string | undefined =>
  text !== undefined && scrubText(text, secrets) === text ? text : undefined

export const shownMediaType = (
  contentType: string | undefined,
  secrets: ReadonlyArray<string>
): string | undefined => unlessMasked(mediaTypeIn(contentType), secrets)

const shownId = (id: unknown, secrets: ReadonlyArray<string>): string | undefined =>
  typeof id === "string" && /^[\w-]{1,128}$/.test(id) ? unlessMasked(id, secrets) : undefined

const isJsonType = (contentType: string): boolean =>
  /^\s*(?:application\/(?:[\w.+-]+\+)?json|text\/json)\s*(?:;|$)/i.test(contentType)

/** What a response holds: the value of a success, or why there is none. */
export type ReadResponse<A> = { readonly _tag: "Success"; readonly value: A } | StatusFailure | DecodeFailure

/**
 * Reads a response: the decoded success, the failure of its status, or why the client cannot read it. A success has the
 * id `expectedId`, if one is given. No failure shows a secret.
 *
 * `nowMillis` is the time of the wall clock, for a `Retry-After` that is a date.
 */
export const readResponse = <A>(
  operation: Operation<A>,
  expectedId: string | undefined,
  secrets: Secrets,
  response: ClerkResponse,
  call: CallFacts,
  nowMillis: number
): ReadResponse<A> => {
  const { body, headers, status } = response
  const { hasBody } = operation
  const isSuccess = successes.has(status) || (status === 204 && !hasBody)
  if (!isSuccess) return statusFailure(operation, secrets(), response, call, nowMillis)
  const unreadable = (
    reason: DecodeReason,
    details: Pick<DecodeFields, "expectedId" | "issues" | "receivedId"> = {},
    json?: unknown
  ): DecodeFailure => ({
    _tag: "ClerkDecodeError",
    fields: {
      ...call,
      ...details,
      reason,
      status,
      contentType: shownMediaType(headers["content-type"], secrets()),
      traceId: traceIdIn(response, secrets(), json),
      retryable: false
    }
  })
  // Some platforms take a truncated body for the whole of it.
  const compressed = isCompressed(headers["content-encoding"])
  if (hasBody) {
    if (!isJsonType(headers["content-type"] ?? "application/json")) return unreadable("content-type")
    if (body.trim() === "") {
      return unreadable(compressed && headers["content-length"] !== "0" ? "encoding" : "empty")
    }
  }
  const json = hasBody ? parseJson(body) : undefined
  if (json === undefined && hasBody) return unreadable(compressed ? "encoding" : "json")
  const decoded = operation.decode(json)
  if (decoded._tag === "Failure") {
    const issues = decoded.issues().map(({ expected, kind, path }) => ({
      path: scrubText(path.join("."), secrets()),
      expected: kind === "missing" ? `${expected}, but it is missing` : expected
    }))
    return unreadable("schema", { issues }, json)
  }
  const receivedId = isRecord(json) ? json["id"] : undefined
  if (expectedId !== undefined && receivedId !== expectedId) {
    const ids = { expectedId, receivedId: shownId(receivedId, secrets()) }
    return unreadable("id-mismatch", ids, json)
  }
  return decoded
}
