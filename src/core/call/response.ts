import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import { ClerkDecodeError } from "../../errors/CallErrors.js"
import type { ClerkErrorItem } from "../../errors/ClerkErrorItem.js"
import {
  ClerkBadRequest,
  ClerkConflict,
  ClerkForbidden,
  ClerkGone,
  ClerkNotFound,
  ClerkRateLimited,
  ClerkServerError,
  ClerkUnauthorized,
  ClerkUnexpectedStatus,
  ClerkUnprocessableEntity
} from "../../errors/StatusErrors.js"
import type { CompiledOperation, OperationFacts } from "../../runtime/operation.js"
import { schemaIssues } from "../../runtime/schemaIssues.js"
import type { ErrorOf } from "../../services/Operation.js"
import { parseJson } from "../input.js"
import type { ClerkResponse, DeclaredStatus, DecodeReason } from "../model.js"
import { scrubJson, scrubText } from "../redaction/redact.js"
import { isCompressed, mediaTypeIn } from "../wire/body.js"
import { parseRetryAfter } from "./retryAfter.js"
import { isStatusRetryable } from "./retryTable.js"

/** What every error of a call says about it. */
export interface CallFacts {
  readonly operation: string
  readonly method: string
  readonly path: string
  readonly attempts: number
}

export type CallError = ErrorOf<DeclaredStatus>

const successes: ReadonlySet<number> = new Set([200, 201, 202])

/** Clerk's id of a request: in the body of a refusal, or in a header. */
export const traceIdIn = (
  { headers }: ClerkResponse,
  secrets: ReadonlyArray<string>,
  json?: unknown
): string | undefined =>
  [
    Predicate.isRecord(json) ? json["clerk_trace_id"] : undefined,
    headers["clerk-trace-id"],
    headers["cf-ray"]
  ].find(
    (id): id is string => typeof id === "string" && /^[\w-]{1,128}$/.test(id) && scrubText(id, secrets) === id
  )

const maxItems = 16

/** Reads Clerk's error list. Every field has been seen missing, so nothing is required of it. */
const errorItemsIn = (json: unknown, secrets: ReadonlyArray<string>): ReadonlyArray<ClerkErrorItem> => {
  if (!Predicate.isRecord(json) || !Array.isArray(json["errors"])) return []
  const shown = (value: unknown) => (typeof value === "string" ? scrubText(value, secrets) : undefined)
  return json["errors"]
    .filter(Predicate.isRecord)
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
        ...(Predicate.isRecord(meta)
          ? { meta: scrubJson(meta, secrets) as { readonly [key: string]: unknown } }
          : undefined)
      }
    })
}

/** 404, 409, 410 and 422 are expected only where an operation declares them. */
const classOf = ({ declared }: OperationFacts, status: number) => {
  switch (declared.has(status) || status <= 403 ? status : undefined) {
    case 400:
      return ClerkBadRequest
    case 401:
      return ClerkUnauthorized
    case 403:
      return ClerkForbidden
    case 404:
      return ClerkNotFound
    case 409:
      return ClerkConflict
    case 410:
      return ClerkGone
    case 422:
      return ClerkUnprocessableEntity
    default:
      return ClerkUnexpectedStatus
  }
}

const refusal = (
  operation: OperationFacts,
  secrets: ReadonlyArray<string>,
  response: ClerkResponse,
  call: CallFacts,
  nowMillis: number
): CallError => {
  const { status } = response
  const json = parseJson(response.body)
  const traceId = traceIdIn(response, secrets, json)
  const fields = {
    ...call,
    status,
    errors: errorItemsIn(json, secrets),
    retryable: isStatusRetryable(operation.kind, status),
    ...(traceId === undefined ? undefined : { traceId })
  }
  if (status === 429 || (status >= 500 && status <= 599)) {
    const retryAfter = parseRetryAfter(response.headers, nowMillis)
    const throttled = retryAfter === undefined ? fields : { ...fields, retryAfter }
    return status === 429 ? new ClerkRateLimited(throttled, true) : new ClerkServerError(throttled, true)
  }
  const Class = classOf(operation, status)
  return new Class(fields, true)
}

type DecodeDetails = Partial<Pick<ClerkDecodeError, "expectedId" | "issues" | "receivedId">>

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

/**
 * Reads a response: the decoded success, or the error of its status, or why the client cannot read it. A success has the
 * id `expectedId`, if one is given. No error shows the `secrets`.
 *
 * `nowMillis` is the wall clock's time, for a `Retry-After` that is a date.
 */
export const readAnswer = <A>(
  operation: CompiledOperation<A>,
  expectedId: string | undefined,
  secrets: () => ReadonlyArray<string>,
  response: ClerkResponse,
  call: CallFacts,
  nowMillis: number
): Either.Either<A, CallError> => {
  const { status, headers, body } = response
  const succeeded = successes.has(status) || (status === 204 && !operation.answers)
  if (!succeeded) return Either.left(refusal(operation, secrets(), response, call, nowMillis))
  const unreadable = (reason: DecodeReason, details: DecodeDetails = {}, json?: unknown) =>
    Either.left(
      new ClerkDecodeError(
        {
          ...call,
          ...details,
          reason,
          status,
          contentType: shownMediaType(headers["content-type"], secrets()),
          traceId: traceIdIn(response, secrets(), json),
          retryable: false
        },
        true
      )
    )
  // Some platforms take what is left of a truncated body for all of it.
  const compressed = isCompressed(headers["content-encoding"])
  if (operation.answers) {
    if (!isJsonType(headers["content-type"] ?? "application/json")) return unreadable("content-type")
    if (body.trim() === "") {
      return unreadable(compressed && headers["content-length"] !== "0" ? "encoding" : "empty")
    }
  }
  const json = operation.answers ? parseJson(body) : undefined
  if (json === undefined && operation.answers) return unreadable(compressed ? "encoding" : "json")
  const decoded = operation.decode(json)
  if (Either.isLeft(decoded)) {
    const issues = schemaIssues(decoded.left).map(({ path, kind, expected }) => ({
      path: scrubText(path.join("."), secrets()),
      expected: kind === "missing" ? `${expected}, but it is missing` : expected
    }))
    return unreadable("schema", { issues }, json)
  }
  const receivedId = Predicate.isRecord(json) ? json["id"] : undefined
  if (expectedId !== undefined && receivedId !== expectedId) {
    const ids = { expectedId, receivedId: shownId(receivedId, secrets()) }
    return unreadable("id-mismatch", ids, json)
  }
  return Either.right(decoded.right)
}
