/**
 * A session, as Clerk's Backend API describes it.
 *
 * Decoded values are camelCase with `DateTime.Utc` times; the encoded side is Clerk's wire form (snake_case,
 * epoch milliseconds), which is also what a `Session` becomes when it is the success of an `HttpApi` endpoint.
 *
 * Decoding is strict only for `object`, `id`, `user_id`, `status` and the times. It ignores unknown fields, keeps an
 * unknown status, reads `null` as absent, and reads any other field of the wrong type as absent. One exception: an
 * `actor` of the wrong type is present but empty, because its presence marks an impersonation.
 *
 * @see https://clerk.com/docs/reference/backend-api/tag/Sessions
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import { identity } from "effect/Function"
import * as Schema from "effect/Schema"
import {
  DecoderAnnotationId,
  dropNull,
  readAsEmpty,
  readAsNull,
  refused
} from "../internal/compiledDecoder.js"
import { ClientId, OrganizationId, SessionId, UserId } from "./Ids.js"

/**
 * The statuses known today. `active` and `pending` are signed in (`pending`: with tasks still to do), the
 * others are over.
 *
 * @since 0.1.0
 * @category models
 */
export type KnownSessionStatus = (typeof knownSessionStatuses)[number]

/**
 * @since 0.1.0
 * @category models
 */
export const knownSessionStatuses = [
  "abandoned",
  "active",
  "ended",
  "expired",
  "pending",
  "removed",
  "replaced",
  "revoked"
] as const

/**
 * A session's status: one of the known ones, or one that Clerk has added since.
 *
 * @since 0.1.0
 * @category models
 */
export type SessionStatus = KnownSessionStatus | (string & {})

/**
 * @since 0.1.0
 * @category schemas
 */
export const SessionStatus: Schema.Schema<SessionStatus> = Schema.String.annotations({
  identifier: "ClerkSessionStatus",
  examples: [...knownSessionStatuses]
})

const optionalField = <A, I>(
  nullish: Schema.Schema<A | null | undefined, I | null | undefined>,
  schema: Schema.Schema<A, I>
) =>
  Schema.optionalToOptional(nullish, Schema.UndefinedOr(Schema.typeSchema(schema)), {
    decode: dropNull,
    encode: identity
  })

/** A field that Clerk omits or sends as `null` when it has no value. A value of the wrong type is an error. */
const orAbsent = <A, I>(schema: Schema.Schema<A, I>) => optionalField(Schema.NullishOr(schema), schema)

/** A field that informs and restricts nothing: a value of the wrong type is absent too. */
const lenient = <A, I>(schema: Schema.Schema<A, I>) =>
  optionalField(Schema.NullishOr(schema).annotations({ decodingFallback: readAsNull }), schema)

const at = <A, I, K extends string>(wireName: K, schema: Schema.Schema<A, I>) =>
  Schema.propertySignature(schema).pipe(Schema.fromKey(wireName))

const lenientAt = <A, I, K extends string>(wireName: K, schema: Schema.Schema<A, I>) =>
  lenient(schema).pipe(Schema.fromKey(wireName))

const maxEpochMillis = 8_640_000_000_000_000

/** Milliseconds since 1970 as Clerk sends them, up to the last instant a JavaScript date can hold. */
const EpochMillis: Schema.Schema<DateTime.Utc, number> = Schema.transform(
  Schema.Int.pipe(Schema.between(0, maxEpochMillis)).annotations({
    description: "a whole number of milliseconds since 1970"
  }),
  Schema.DateTimeUtcFromSelf,
  { strict: true, decode: (millis) => DateTime.unsafeMake(millis), encode: DateTime.toEpochMillis }
).annotations({
  // A page of sessions has thousands of these.
  [DecoderAnnotationId]: (value: unknown) =>
    Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= maxEpochMillis
      ? DateTime.unsafeFromDate(new Date(Number(value)))
      : refused
})

/**
 * The device and place a session was last active on. Every field is optional, because all of them are for display.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionActivity {
  readonly object?: string | undefined
  readonly id?: string | undefined
  readonly isMobile?: boolean | undefined
  readonly deviceType?: string | undefined
  readonly browserName?: string | undefined
  readonly browserVersion?: string | undefined
  readonly ipAddress?: string | undefined
  readonly city?: string | undefined
  readonly country?: string | undefined
}

/**
 * A session activity on the wire.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionActivityEncoded {
  readonly object?: string | null | undefined
  readonly id?: string | null | undefined
  readonly is_mobile?: boolean | null | undefined
  readonly device_type?: string | null | undefined
  readonly browser_name?: string | null | undefined
  readonly browser_version?: string | null | undefined
  readonly ip_address?: string | null | undefined
  readonly city?: string | null | undefined
  readonly country?: string | null | undefined
}

/**
 * @since 0.1.0
 * @category schemas
 */
export const SessionActivity: Schema.Schema<SessionActivity, SessionActivityEncoded> = Schema.Struct({
  object: lenient(Schema.String),
  id: lenient(Schema.String),
  isMobile: lenientAt("is_mobile", Schema.Boolean),
  deviceType: lenientAt("device_type", Schema.String),
  browserName: lenientAt("browser_name", Schema.String),
  browserVersion: lenientAt("browser_version", Schema.String),
  ipAddress: lenientAt("ip_address", Schema.String),
  city: lenient(Schema.String),
  country: lenient(Schema.String)
}).annotations({ identifier: "ClerkSessionActivity" })

/**
 * Who acts in the user's name when a session is an impersonation: `sub` is the actor's id, and Clerk may add
 * more (`iss`, `sid`, `type`, …), which is kept. It is empty when Clerk sent an actor that cannot be read.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionActor {
  readonly [claim: string]: unknown
}

/**
 * @since 0.1.0
 * @category schemas
 */
export const SessionActor: Schema.Schema<SessionActor> = Schema.Record({
  key: Schema.String,
  value: Schema.Unknown
}).annotations({ identifier: "ClerkSessionActor" })

/**
 * Something a user has to do before a pending session becomes active: `choose-organization`, `reset-password`,
 * `setup-mfa`, or a task Clerk has added since.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionTask {
  readonly key: string
}

/**
 * @since 0.1.0
 * @category schemas
 */
export const SessionTask: Schema.Schema<SessionTask> = Schema.Struct({
  key: Schema.String
}).annotations({ identifier: "ClerkSessionTask" })

/**
 * A user's signed-in state on one client.
 *
 * @since 0.1.0
 * @category models
 */
export interface Session {
  readonly object: "session"
  readonly id: SessionId
  readonly userId: UserId
  readonly clientId?: ClientId | undefined
  /** Present when somebody impersonates the user, also when nothing can be read of that actor. */
  readonly actor?: SessionActor | undefined
  readonly status: SessionStatus
  readonly lastActiveOrganizationId?: OrganizationId | undefined
  readonly lastActiveAt: DateTime.Utc
  readonly latestActivity?: SessionActivity | undefined
  /** When the session ends for good. */
  readonly expireAt: DateTime.Utc
  /** When the session ends if it stays unused. */
  readonly abandonAt?: DateTime.Utc | undefined
  readonly updatedAt: DateTime.Utc
  readonly createdAt: DateTime.Utc
  /**
   * What a pending session waits for. Absent when Clerk sent a list that cannot be read: decide by `status` whether a
   * session is pending.
   */
  readonly tasks?: ReadonlyArray<SessionTask> | undefined
}

/**
 * A session on the wire.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionEncoded {
  readonly object: "session"
  readonly id: string
  readonly user_id: string
  readonly client_id?: string | null | undefined
  readonly actor?: SessionActor | null | undefined
  readonly status: string
  readonly last_active_organization_id?: string | null | undefined
  readonly last_active_at: number
  readonly latest_activity?: SessionActivityEncoded | null | undefined
  readonly expire_at: number
  readonly abandon_at?: number | null | undefined
  readonly updated_at: number
  readonly created_at: number
  readonly tasks?: ReadonlyArray<SessionTask> | null | undefined
}

/**
 * @since 0.1.0
 * @category schemas
 */
export const Session: Schema.Schema<Session, SessionEncoded> = Schema.Struct({
  object: Schema.Literal("session"),
  id: SessionId,
  userId: at("user_id", UserId),
  clientId: lenientAt("client_id", ClientId),
  // An actor that cannot be read must not look like no actor.
  actor: optionalField(
    Schema.NullishOr(SessionActor).annotations({ decodingFallback: readAsEmpty }),
    SessionActor
  ),
  status: SessionStatus,
  lastActiveOrganizationId: lenientAt("last_active_organization_id", OrganizationId),
  lastActiveAt: at("last_active_at", EpochMillis),
  latestActivity: lenientAt("latest_activity", SessionActivity),
  expireAt: at("expire_at", EpochMillis),
  abandonAt: orAbsent(EpochMillis).pipe(Schema.fromKey("abandon_at")),
  updatedAt: at("updated_at", EpochMillis),
  createdAt: at("created_at", EpochMillis),
  // The whole list or none: without the tasks that cannot be read, the others would look like all of them.
  tasks: lenient(Schema.Array(SessionTask))
}).annotations({ identifier: "ClerkSession" })
