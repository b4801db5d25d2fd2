/**
 * A session, as Clerk's Backend API describes it.
 *
 * Decoded values are camelCase with `DateTime.Utc` times; the encoded side is Clerk's wire form (snake_case,
 * epoch milliseconds), which is also what a `Session` becomes when it is the success of an `HttpApi` endpoint.
 * Unknown fields are ignored, `null` and absent are one, and a status Clerk adds tomorrow is kept as it is.
 *
 * @see https://clerk.com/docs/reference/backend-api/tag/Sessions
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import { identity } from "effect/Function"
import * as Schema from "effect/Schema"
import { DecoderAnnotationId, dropNull, refused } from "../internal/compiledDecoder.js"
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

/** A field that Clerk leaves out or sends as `null` when there is nothing to say. */
const orAbsent = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalToOptional(Schema.NullishOr(schema), Schema.UndefinedOr(Schema.typeSchema(schema)), {
    decode: dropNull,
    encode: identity
  })

const at = <A, I, K extends string>(wireName: K, schema: Schema.Schema<A, I>) =>
  Schema.propertySignature(schema).pipe(Schema.fromKey(wireName))

const orAbsentAt = <A, I, K extends string>(wireName: K, schema: Schema.Schema<A, I>) =>
  orAbsent(schema).pipe(Schema.fromKey(wireName))

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
 * Where a session was last active.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionActivity {
  readonly object?: string | undefined
  readonly id: string
  readonly isMobile: boolean
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
  readonly id: string
  readonly is_mobile: boolean
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
  object: orAbsent(Schema.String),
  id: Schema.String,
  isMobile: at("is_mobile", Schema.Boolean),
  deviceType: orAbsentAt("device_type", Schema.String),
  browserName: orAbsentAt("browser_name", Schema.String),
  browserVersion: orAbsentAt("browser_version", Schema.String),
  ipAddress: orAbsentAt("ip_address", Schema.String),
  city: orAbsent(Schema.String),
  country: orAbsent(Schema.String)
}).annotations({ identifier: "ClerkSessionActivity" })

/**
 * Who acts in the user's name when a session is an impersonation: `sub` is the actor's id, and Clerk may add
 * more (`iss`, `sid`, `type`, …), which is kept.
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
  /** Present when somebody impersonates the user. */
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
  /** What a pending session waits for. */
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
  clientId: orAbsentAt("client_id", ClientId),
  actor: orAbsent(SessionActor),
  status: SessionStatus,
  lastActiveOrganizationId: orAbsentAt("last_active_organization_id", OrganizationId),
  lastActiveAt: at("last_active_at", EpochMillis),
  latestActivity: orAbsentAt("latest_activity", SessionActivity),
  expireAt: at("expire_at", EpochMillis),
  abandonAt: orAbsentAt("abandon_at", EpochMillis),
  updatedAt: at("updated_at", EpochMillis),
  createdAt: at("created_at", EpochMillis),
  tasks: orAbsent(Schema.Array(SessionTask))
}).annotations({ identifier: "ClerkSession" })
