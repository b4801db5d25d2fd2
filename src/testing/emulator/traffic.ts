import * as Schema from "effect/Schema"
import type { ConnectionFault } from "./inputs.js"
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

export type Entry = { -readonly [Key in keyof ReceivedRequest]: ReceivedRequest[Key] }

export interface Traffic {
  readonly prepared: Array<Prepared>
  /** By operation; under `undefined`, of every request. */
  readonly latencies: Map<string | undefined, number>
  readonly received: Array<Entry>
}

export const make = (): Traffic => ({ prepared: [], latencies: new Map(), received: [] })

export const clear = ({ latencies, prepared, received }: Traffic): void => {
  prepared.length = 0
  latencies.clear()
  received.length = 0
}

/** A server that runs for days must not remember all of them. */
const maxReceived = 1_000
const maxBodyCharacters = 64 * 1024

const readBody = (text: string): unknown => {
  if (text === "") return undefined
  if (text.length > maxBodyCharacters) return `(${text.length} characters)`
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

export const record = (
  traffic: Traffic,
  { body, ...request }: Omit<Entry, "body" | "status"> & { readonly body: string }
): Entry => {
  const entry: Entry = { ...request, body: readBody(body), status: undefined }
  traffic.received.push(entry)
  if (traffic.received.length > maxReceived) traffic.received.shift()
  return entry
}

/** The first thing prepared for requests of this kind, which then is no longer there. */
export const take = ({ prepared }: Traffic, operation: string | undefined): Prepared | undefined => {
  const index = prepared.findIndex((each) => each.operation === undefined || each.operation === operation)
  return index < 0 ? undefined : prepared.splice(index, 1)[0]
}

export const latencyOf = ({ latencies }: Traffic, operation: string | undefined): number =>
  (operation === undefined ? undefined : latencies.get(operation)) ?? latencies.get(undefined) ?? 0
