import { RuleBreak } from "../input.js"
import { byteLengthOf, inMiB, inWords, limits, readJson } from "./limits.js"
import type { EmulatorResponse, ReceivedRequest } from "./model.js"

/** How a connection fails. */
export type Fault = "reset" | "response-lost" | "no-response"

/** A response or a fault that replaces the ordinary response to a later request. */
export interface Prepared {
  readonly operation: string | undefined
  readonly delayMillis: number
  readonly outcome: EmulatorResponse | Fault
}

/** A request in the log. Its body stays text, because parsed JSON takes up to a hundred times the memory. */
export interface LogEntry extends Omit<ReceivedRequest, "body" | "status"> {
  readonly body: string
  readonly bytes: number
  status: number | undefined
}

/** The requests that an emulator received, and the responses that a test has prepared for later ones. */
export interface RequestLog {
  readonly prepared: Array<Prepared>
  /** By operation. The latency of all requests is under `undefined`. */
  readonly latencies: Map<string | undefined, number>
  readonly entries: Array<LogEntry>
  bytes: number
  dropped: number
}

export const makeRequestLog = (): RequestLog => ({
  prepared: [],
  latencies: new Map(),
  entries: [],
  bytes: 0,
  dropped: 0
})

export const clearRequestLog = (log: RequestLog): void => {
  log.prepared.length = 0
  log.latencies.clear()
  log.entries.length = 0
  log.bytes = 0
  log.dropped = 0
}

/** Adds a request to the log, and drops the oldest ones above the limits. */
export const record = (
  log: RequestLog,
  { body: whole, ...request }: Omit<LogEntry, "bytes" | "status">
): LogEntry => {
  const body = whole.length > limits.requestText ? `(${whole.length} characters)` : whole
  const bytes = byteLengthOf(JSON.stringify({ ...request, body }))
  const entry: LogEntry = { ...request, body, bytes, status: undefined }
  log.entries.push(entry)
  log.bytes += bytes
  while (
    log.entries.length > limits.requests ||
    (log.bytes > limits.requestBytes && log.entries.length > 1)
  ) {
    log.bytes -= log.entries.shift()?.bytes ?? 0
    log.dropped++
  }
  return entry
}

const bodyOf = (text: string): unknown => {
  if (text === "") return undefined
  const json = readJson(text)
  return json instanceof RuleBreak ? text : json
}

export const requestsOf = ({ entries }: RequestLog): ReadonlyArray<ReceivedRequest> =>
  entries.map(({ bytes: _, body, ...entry }) => ({ ...entry, body: bodyOf(body) }))

const lengthOf = ({ outcome }: Prepared): number =>
  typeof outcome === "string" ? 0 : outcome.body.length + JSON.stringify(outcome.headers).length

/** Adds a response or a fault for a later request. Returns a sentence if too many of them wait already. */
export const prepare = ({ prepared }: RequestLog, next: Prepared): string | undefined => {
  if (prepared.length >= limits.prepared) {
    return `${inWords(limits.prepared)} responses and faults wait for requests already; send requests or call reset`
  }
  if ([...prepared, next].reduce((sum, each) => sum + lengthOf(each), 0) > limits.preparedText) {
    return `the responses that wait for requests would exceed ${inMiB(limits.preparedText)}; send requests or call reset`
  }
  prepared.push(next)
  return undefined
}

/** Takes the first response or fault that is prepared for an operation or for any request. */
export const takePrepared = (
  { prepared }: RequestLog,
  operation: string | undefined
): Prepared | undefined => {
  const index = prepared.findIndex((each) => each.operation === undefined || each.operation === operation)
  return index < 0 ? undefined : prepared.splice(index, 1)[0]
}

export const latencyOf = ({ latencies }: RequestLog, operation: string | undefined): number =>
  (operation === undefined ? undefined : latencies.get(operation)) ?? latencies.get(undefined) ?? 0
