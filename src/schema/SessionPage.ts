/**
 * A page of sessions, and its schema.
 *
 * @since 4.0.0
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
 * A page of sessions, as `Sessions.list` returns it.
 *
 * @since 4.0.0
 * @category models
 */
export interface SessionPage {
  /** The sessions on the page, newest first. */
  readonly data: ReadonlyArray<Session>
  /** The number of matching sessions on all pages (`total_count`). Absent if Clerk responded with a plain array. */
  readonly totalCount?: number | undefined
}

/**
 * {@link SessionPage} in the two forms that Clerk uses: an object with `data`, or a plain array.
 *
 * @since 4.0.0
 * @category models
 */
export type SessionPageEncoded =
  | {
      /** The sessions on the page, newest first. */
      readonly data: ReadonlyArray<SessionEncoded>
      /** The number of matching sessions on all pages. */
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
 * The schema of {@link SessionPage}. Decodes both forms, and encodes to the object with `data`.
 *
 * @since 4.0.0
 * @category schemas
 */
export const SessionPage: DataCodec<SessionPage, SessionPageEncoded> = annotated(union(Envelope, BareArray), {
  identifier: "ClerkSessionPage"
})
