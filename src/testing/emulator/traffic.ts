import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type { ConnectionFault } from "./inputs.js"
import { byteLengthOf, parseJson } from "./json.js"
import { inMiB, inWords, limits } from "./limits.js"
import type { EmulatorResponse, ReceivedRequest } from "./model.js"

/**
 * The connection broke, on purpose: see `failNext`.
 *
 * @since 0.1.0
 * @category errors
 */
export class EmulatedDisconnect extends Schema.TaggedError<EmulatedDisconnect>("EmulatedDisconnect")(
  "EmulatedDisconnect",
  {}
) {
  override get message(): string {
    return "the emulated connection broke, as failNext had asked for"
  }
}

/** What a test has prepared for a request, in place of the ordinary answer. */
export interface Prepared {
  readonly operation: string | undefined
  readonly delayMillis: number
  readonly outcome: EmulatorResponse | ConnectionFault
}

/** A request in the log. Its body stays text, since JSON takes up to a hundred times the memory once it is parsed. */
export interface Entry extends Omit<ReceivedRequest, "body" | "status"> {
  readonly body: string
  readonly bytes: number
  status: number | undefined
}

export interface Traffic {
  readonly prepared: Array<Prepared>
  /** By operation; under `undefined`, of every request. */
  readonly latencies: Map<string | undefined, number>
  readonly received: Array<Entry>
  receivedBytes: number
  dropped: number
}

export const make = (): Traffic => ({
  prepared: [],
  latencies: new Map(),
  received: [],
  receivedBytes: 0,
  dropped: 0
})

export const clear = (traffic: Traffic): void => {
  traffic.prepared.length = 0
  traffic.latencies.clear()
  traffic.received.length = 0
  traffic.receivedBytes = 0
  traffic.dropped = 0
}

const readBody = (text: string): unknown => {
  if (text === "") return undefined
  return Either.getOrElse(parseJson(text), () => text)
}

/** Adds a request to the log, and drops the oldest ones beyond its bounds. */
export const record = (
  traffic: Traffic,
  { body: whole, ...request }: Omit<Entry, "bytes" | "status">
): Entry => {
  const body = whole.length > limits.requestText ? `(${whole.length} characters)` : whole
  const bytes = byteLengthOf(JSON.stringify({ ...request, body }))
  const entry: Entry = { ...request, body, bytes, status: undefined }
  traffic.received.push(entry)
  traffic.receivedBytes += bytes
  while (
    traffic.received.length > limits.requests ||
    (traffic.receivedBytes > limits.requestBytes && traffic.received.length > 1)
  ) {
    traffic.receivedBytes -= traffic.received.shift()?.bytes ?? 0
    traffic.dropped++
  }
  return entry
}

export const requestsOf = ({ received }: Traffic): ReadonlyArray<ReceivedRequest> =>
  received.map(({ bytes: _, body, ...entry }) => ({ ...entry, body: readBody(body) }))

/** Adds a response or a fault for a later request. Gives a sentence where too many of them wait already. */
export const prepare = ({ prepared }: Traffic, next: Prepared): string | undefined => {
  if (prepared.length >= limits.prepared) {
    return `${inWords(limits.prepared)} responses and faults wait for requests already; send requests or call reset`
  }
  const length = [...prepared, next].reduce((sum, { outcome }) => sum + lengthOf(outcome), 0)
  if (length > limits.preparedText) {
    return `the responses that wait for requests would exceed ${inMiB(limits.preparedText)}; send requests or call reset`
  }
  prepared.push(next)
  return undefined
}

const lengthOf = (outcome: Prepared["outcome"]): number =>
  typeof outcome === "string" ? 0 : outcome.body.length + JSON.stringify(outcome.headers).length

/** The first thing prepared for requests of this kind, which then is no longer there. */
export const take = ({ prepared }: Traffic, operation: string | undefined): Prepared | undefined => {
  const index = prepared.findIndex((each) => each.operation === undefined || each.operation === operation)
  return index < 0 ? undefined : prepared.splice(index, 1)[0]
}

export const latencyOf = ({ latencies }: Traffic, operation: string | undefined): number =>
  (operation === undefined ? undefined : latencies.get(operation)) ?? latencies.get(undefined) ?? 0
