/**
 * One page of a list of sessions.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
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

const Envelope = Schema.Struct({
  data: Sessions,
  totalCount: Schema.optionalWith(Schema.NonNegativeInt, { nullable: true }).pipe(
    Schema.fromKey("total_count")
  )
})

const BareArray = Schema.transform(Sessions, Schema.typeSchema(Envelope), {
  strict: true,
  decode: (data) => ({ data }),
  encode: (page) => page.data
})

/**
 * Decodes the envelope and the bare array; encodes to the envelope.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SessionPage: Schema.Schema<SessionPage, SessionPageEncoded> = Schema.Union(
  Envelope,
  BareArray
).annotations({ identifier: "ClerkSessionPage" })
