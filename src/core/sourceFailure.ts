import { isRecord } from "./input.js"
import { visibleText } from "./redaction/redact.js"

/*
 * What is known of the failure of an effect that the caller gave, such as one that reads a secret store.
 */

export interface SourceFailure {
  /** Names the failure: `AccessDeniedException 400`. Absent if it has no name. Never its message, which may hold a secret. */
  readonly name: string | undefined
  /** Whether the same effect would fail again in the same way, because the source rejected the request. */
  readonly isPermanent: boolean
}

/** Reads a member of a value of any class. A getter may throw. */
const read = (value: unknown, ...[key, ...rest]: ReadonlyArray<string>): unknown => {
  if (key === undefined) return value
  try {
    return isRecord(value) ? read(value[key], ...rest) : undefined
  } catch {
    return undefined
  }
}

/** Whether a text is the name of a class or a code. A message has spaces. */
const isName = (value: unknown): value is string =>
  typeof value === "string" && /^[A-Za-z@][\w./@-]{0,63}$/.test(value) && visibleText(value) === value

/** Where HTTP clients, AWS's SDK and Effect's `HttpClient` have the status of a response. */
const statusPaths: ReadonlyArray<ReadonlyArray<string>> = [
  ["status"],
  ["statusCode"],
  ["$metadata", "httpStatusCode"],
  ["response", "status"],
  ["reason", "response", "status"]
]

const statusOf = (error: unknown): number | undefined =>
  statusPaths
    .map((path) => read(error, ...path))
    .find((status): status is number => typeof status === "number" && Number.isInteger(status))

/** The statuses from 400 to 499 after which another attempt can succeed. */
const transientStatuses: ReadonlySet<number> = new Set([408, 409, 423, 425, 429])

/** AWS responds with 400 to too many requests. */
const isThrottling = (names: ReadonlyArray<string>): boolean =>
  names.some((name) => /throttl|toomanyrequests|slowdown|limitexceeded/i.test(name))

/** Describes a failure. Without a status below 500 it counts as transient. */
export const sourceFailure = (error: unknown): SourceFailure => {
  const tag = read(error, "_tag")
  const name = read(error, "name")
  const code = read(error, "code")
  const names = [isName(tag) ? tag : name, code].filter(isName).filter((text) => text !== "Error")
  const status = statusOf(error)
  const isRejected = status !== undefined && status >= 400 && status < 500 && !transientStatuses.has(status)
  const texts = [...new Set([...names, ...(status === undefined ? [] : [String(status)])])]
  return {
    name: texts.length === 0 ? undefined : texts.join(" "),
    isPermanent: isRejected && !isThrottling(names) && read(error, "retryable") !== true
  }
}
