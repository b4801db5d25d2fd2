/**
 * One page of a list of sessions.
 *
 * @since 0.1.0
 */

import * as Schema from "effect/Schema"
import {
  annotated,
  type DataCodec,
  optionalNullish,
  renamedStruct,
  toType,
  transform,
  union,
  wholeNumber
} from "#major/schemas.js"
import { Session, type SessionEncoded } from "./Session.js"

/**
 * Sessions, newest first. `totalCount` counts the matching sessions of all pages. It is absent when Clerk responded with
 * a bare array.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionPage {
  /** The sessions on the page, newest first. */
  readonly data: ReadonlyArray<Session>
  /** The number of sessions on all pages. Absent if Clerk responded with a bare array. */
  readonly totalCount?: number | undefined
}

/**
 * Both forms a list takes on the wire.
 *
 * @since 0.1.0
 * @category models
 */
export type SessionPageEncoded =
  | {
      /** The sessions on the page, newest first. */
      readonly data: ReadonlyArray<SessionEncoded>
      /** The number of sessions on all pages. */
      readonly total_count?: number | null | undefined
    }
  | ReadonlyArray<SessionEncoded>

const Sessions = Schema.Array(Session)

type Envelope = Exclude<SessionPageEncoded, ReadonlyArray<SessionEncoded>>

const Envelope = renamedStruct<SessionPage, Envelope>(
  {
    data: Sessions,
    totalCount: optionalNullish(wholeNumber(0, Number.MAX_SAFE_INTEGER, "a whole number from 0"))
  },
  { totalCount: "total_count" }
)

const BareArray = transform(Sessions, toType(Envelope), {
  decode: (data) => ({ data }),
  encode: (page) => page.data
})

/**
 * Decodes the envelope and the bare array; encodes to the envelope.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SessionPage: DataCodec<SessionPage, SessionPageEncoded> = annotated(union(Envelope, BareArray), {
  identifier: "ClerkSessionPage"
})
