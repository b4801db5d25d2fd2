import { isRecord, own, parseJson } from "../input.js"
import type { SignedText } from "./message.js"

export const sessionEventTypes = [
  "session.created",
  "session.ended",
  "session.removed",
  "session.revoked"
] as const

/**
 * The types of the events of sessions.
 *
 * @since 4.0.0
 * @category models
 */
export type SessionEventType = (typeof sessionEventTypes)[number]

export const isSessionEventType = (type: string): type is SessionEventType =>
  sessionEventTypes.some((each) => each === type)

/** The body of a webhook. */
export interface EventBody {
  readonly type: string
  readonly data: unknown
  /** When it happened, in epoch milliseconds. Absent if the body states no such time. */
  readonly timestamp?: number
  readonly instanceId?: string
}

const maxEpochMillis = 8_640_000_000_000_000

const isEpochMillis = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= maxEpochMillis

const utf8 = new TextDecoder("utf-8", { fatal: true })

const textOf = ({ bodyAt, bytes }: SignedText): string => {
  try {
    return utf8.decode(bytes.subarray(bodyAt))
  } catch {
    return "" // it is not UTF-8, and an empty text is no JSON
  }
}

/** Reads the body of a webhook. Returns `undefined` for a body that is no event. */
export const readEventBody = (signed: SignedText): EventBody | undefined => {
  const json = parseJson(textOf(signed))
  if (!isRecord(json)) return undefined
  const type = own(json, "type")
  if (typeof type !== "string" || type === "") return undefined
  const timestamp = own(json, "timestamp")
  const instanceId = own(json, "instance_id")
  return {
    type,
    data: own(json, "data"),
    ...(isEpochMillis(timestamp) ? { timestamp } : {}),
    ...(typeof instanceId === "string" ? { instanceId } : {})
  }
}
