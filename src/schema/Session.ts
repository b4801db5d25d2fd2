/**
 * A session, as Clerk's Backend API describes it.
 *
 * Decoded values are camelCase with `DateTime.Utc` times. The encoded side is Clerk's wire form, with snake_case and epoch
 * milliseconds. An `HttpApi` endpoint whose success is a `Session` responds in the wire form.
 *
 * Decoding is strict only for `object`, `id`, `user_id`, `status` and the times. It ignores unknown fields, keeps an
 * unknown status, reads `null` as absent, and reads any other field of the wrong type as absent. One exception: an
 * `actor` of the wrong type is present but empty, because its presence means an impersonation.
 *
 * @see https://clerk.com/docs/reference/backend-api/tag/Sessions
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type KnownSessionStatus, knownSessionStatuses } from "../core/model.js"
import { ClientId, OrganizationId, SessionId, UserId } from "./Ids.js"

export { type KnownSessionStatus, knownSessionStatuses } from "../core/model.js"

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

/** A field that is `null` is absent. */
const dropNull = <A>(value: Option.Option<A | null>): Option.Option<A> =>
  Option.filter(value, (each): each is A => each !== null)

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
  optionalField(Schema.NullishOr(schema).annotations({ decodingFallback: () => Either.right(null) }), schema)

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
)

/**
 * The device and place a session was last active on. Every field is optional, because all of them are for display.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionActivity {
  /** The kind of the record: `"session_activity"`. */
  readonly object?: string | undefined
  /** The id of the record: `activity_…`. */
  readonly id?: string | undefined
  /** Whether the device is a phone or a tablet. */
  readonly isMobile?: boolean | undefined
  /** The kind of device, as the browser states it: `desktop`, `iPhone`. */
  readonly deviceType?: string | undefined
  /** The name of the browser: `Firefox`. */
  readonly browserName?: string | undefined
  /** The version of the browser: `128.0.0.0`. */
  readonly browserVersion?: string | undefined
  /** The IPv4 or IPv6 address of the device. */
  readonly ipAddress?: string | undefined
  /** The city of the IP address, in English. */
  readonly city?: string | undefined
  /** The country of the IP address, in English or as a code: `US`. */
  readonly country?: string | undefined
}

/**
 * A session activity on the wire.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionActivityEncoded {
  /** The kind of the record: `"session_activity"`. */
  readonly object?: string | null | undefined
  /** The id of the record. */
  readonly id?: string | null | undefined
  /** Whether the device is a phone or a tablet. */
  readonly is_mobile?: boolean | null | undefined
  /** The kind of device. */
  readonly device_type?: string | null | undefined
  /** The name of the browser. */
  readonly browser_name?: string | null | undefined
  /** The version of the browser. */
  readonly browser_version?: string | null | undefined
  /** The IPv4 or IPv6 address of the device. */
  readonly ip_address?: string | null | undefined
  /** The city of the IP address. */
  readonly city?: string | null | undefined
  /** The country of the IP address. */
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
 * The person who acts in the user's name in an impersonation. `sub` is the actor's id. Other members that Clerk adds
 * (`iss`, `sid`, `type`, …) are kept. It is empty when Clerk sent an actor that cannot be read.
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
  /** The name of the task: `choose-organization`. */
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
  /** The kind of the resource. */
  readonly object: "session"
  /** The id of the session: `sess_…`. */
  readonly id: SessionId
  /** The user who is signed in: `user_…`. */
  readonly userId: UserId
  /** The client (one browser or device) of the session: `client_…`. Absent if Clerk states none. */
  readonly clientId?: ClientId | undefined
  /** Present if somebody impersonates the user. Empty if Clerk sent an actor that cannot be read. */
  readonly actor?: SessionActor | undefined
  /** The status. A user is signed in while it is `active` or `pending`. */
  readonly status: SessionStatus
  /** The organization that was active last in the session: `org_…`. Absent if no organization was active. */
  readonly lastActiveOrganizationId?: OrganizationId | undefined
  /** When the session was used last. */
  readonly lastActiveAt: DateTime.Utc
  /** The device and the place of the last use. Absent if Clerk states none. */
  readonly latestActivity?: SessionActivity | undefined
  /** When the session expires. */
  readonly expireAt: DateTime.Utc
  /** When the session ends if it stays unused. */
  readonly abandonAt?: DateTime.Utc | undefined
  /** When the session changed last. */
  readonly updatedAt: DateTime.Utc
  /** When the user signed in. */
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
  /** The kind of the resource. */
  readonly object: "session"
  /** The id of the session. */
  readonly id: string
  /** The user who is signed in. */
  readonly user_id: string
  /** The client (one browser or device) of the session. */
  readonly client_id?: string | null | undefined
  /** Who acts in the user's name, in an impersonation. */
  readonly actor?: SessionActor | null | undefined
  /** The status of the session. */
  readonly status: string
  /** The organization that was active last. */
  readonly last_active_organization_id?: string | null | undefined
  /** When the session was used last, in milliseconds since 1970. */
  readonly last_active_at: number
  /** The device and the place of the last use. */
  readonly latest_activity?: SessionActivityEncoded | null | undefined
  /** When the session expires, in milliseconds since 1970. */
  readonly expire_at: number
  /** When the session ends if it is not used, in milliseconds since 1970. */
  readonly abandon_at?: number | null | undefined
  /** When the session changed last, in milliseconds since 1970. */
  readonly updated_at: number
  /** When the user signed in, in milliseconds since 1970. */
  readonly created_at: number
  /** The tasks the user has to complete while the session is `pending`. */
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
    Schema.NullishOr(SessionActor).annotations({ decodingFallback: () => Either.right({}) }),
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
