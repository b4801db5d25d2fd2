/**
 * A session in the form of Clerk's Backend API, and its schema.
 *
 * A decoded session has camelCase keys and `DateTime.Utc` times. Its encoded form is Clerk's: snake_case keys and
 * milliseconds since 1970. An `HttpApi` endpoint whose success is `Session` responds in that form.
 *
 * Decoding is strict for `object`, `id`, `user_id`, `status` and the times. It ignores unknown fields, keeps an unknown
 * status, and omits any other field that is `null` or has the wrong type. Only an `actor` of the wrong type becomes an
 * empty object, because its presence means an impersonation.
 *
 * @see https://clerk.com/docs/reference/backend-api/tag/Sessions
 * @since 4.0.0
 */

import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import {
  annotated,
  type DataCodec,
  DateTimeUtc,
  optionalLenient,
  optionalNullish,
  record,
  renamedStruct,
  transform,
  wholeNumber
} from "#major/schemas.js"
import { dateTimeFromMillis } from "#major/time.js"
import { type KnownSessionStatus, knownSessionStatuses } from "../core/model.js"
import { ClientId, OrganizationId, SessionId, UserId } from "./Ids.js"

export { type KnownSessionStatus, knownSessionStatuses } from "../core/model.js"

/**
 * The status of a session: a known one, or one that Clerk adds later.
 *
 * @since 4.0.0
 * @category models
 */
export type SessionStatus = KnownSessionStatus | (string & {})

/**
 * The schema of {@link SessionStatus}. It accepts any string.
 *
 * @since 4.0.0
 * @category schemas
 */
export const SessionStatus: DataCodec<SessionStatus> = annotated(Schema.String, {
  identifier: "ClerkSessionStatus",
  examples: [...knownSessionStatuses]
})

const maxEpochMillis = 8_640_000_000_000_000

/** Milliseconds since 1970 as Clerk sends them, up to the last instant a JavaScript date can hold. */
const EpochMillis: DataCodec<DateTime.Utc, number> = transform(
  wholeNumber(0, maxEpochMillis, "a whole number of milliseconds since 1970"),
  DateTimeUtc,
  { decode: (millis) => dateTimeFromMillis(millis), encode: DateTime.toEpochMillis }
)

/**
 * The device and the place where a session was last used. Every field is optional and for display only.
 *
 * @since 4.0.0
 * @category models
 */
export interface SessionActivity {
  /** The kind of the record: `session_activity`. */
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
 * {@link SessionActivity} in Clerk's form.
 *
 * @since 4.0.0
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
 * The schema of {@link SessionActivity}.
 *
 * @since 4.0.0
 * @category schemas
 */
export const SessionActivity: DataCodec<SessionActivity, SessionActivityEncoded> = annotated(
  renamedStruct<SessionActivity, SessionActivityEncoded>(
    {
      object: optionalLenient(Schema.String),
      id: optionalLenient(Schema.String),
      isMobile: optionalLenient(Schema.Boolean),
      deviceType: optionalLenient(Schema.String),
      browserName: optionalLenient(Schema.String),
      browserVersion: optionalLenient(Schema.String),
      ipAddress: optionalLenient(Schema.String),
      city: optionalLenient(Schema.String),
      country: optionalLenient(Schema.String)
    },
    {
      isMobile: "is_mobile",
      deviceType: "device_type",
      browserName: "browser_name",
      browserVersion: "browser_version",
      ipAddress: "ip_address"
    }
  ),
  { identifier: "ClerkSessionActivity" }
)

/**
 * The actor who impersonates the user. `sub` is the actor's id, and all other members that Clerk sends (`iss`, `sid`,
 * `type`, …) are kept. Empty if Clerk sent an actor that cannot be read.
 *
 * @since 4.0.0
 * @category models
 */
export interface SessionActor {
  readonly [claim: string]: unknown
}

/**
 * The schema of {@link SessionActor}.
 *
 * @since 4.0.0
 * @category schemas
 */
export const SessionActor: DataCodec<SessionActor> = annotated(record(Schema.String, Schema.Unknown), {
  identifier: "ClerkSessionActor"
})

/**
 * A task that the user has to complete before a pending session becomes active: `choose-organization`,
 * `reset-password`, `setup-mfa`, or one that Clerk adds later.
 *
 * @since 4.0.0
 * @category models
 */
export interface SessionTask {
  /** The name of the task: `choose-organization`. */
  readonly key: string
}

/**
 * The schema of {@link SessionTask}.
 *
 * @since 4.0.0
 * @category schemas
 */
export const SessionTask: DataCodec<SessionTask> = annotated(Schema.Struct({ key: Schema.String }), {
  identifier: "ClerkSessionTask"
})

/**
 * A session: one user, signed in on one client (browser or device).
 *
 * @since 4.0.0
 * @category models
 */
export interface Session {
  /** The kind of the resource. */
  readonly object: "session"
  /** The id of the session: `sess_…`. */
  readonly id: SessionId
  /** The user who is signed in: `user_…`. */
  readonly userId: UserId
  /** The client (one browser or device) of the session: `client_…`. Absent if Clerk sends none. */
  readonly clientId?: ClientId | undefined
  /** The actor. Present if somebody impersonates the user. Empty if Clerk sent an actor that cannot be read. */
  readonly actor?: SessionActor | undefined
  /** The status. The user is signed in while it is `active` or `pending`. */
  readonly status: SessionStatus
  /** The organization that was last active in the session: `org_…`. Absent if none was. */
  readonly lastActiveOrganizationId?: OrganizationId | undefined
  /** When the session was last used. */
  readonly lastActiveAt: DateTime.Utc
  /** The device and the place of the last use. Absent if Clerk sends none. */
  readonly latestActivity?: SessionActivity | undefined
  /** When the session expires. */
  readonly expireAt: DateTime.Utc
  /** When the session ends if it stays unused. Absent if Clerk sends no such time. */
  readonly abandonAt?: DateTime.Utc | undefined
  /** When the session last changed. */
  readonly updatedAt: DateTime.Utc
  /** When the session was created. */
  readonly createdAt: DateTime.Utc
  /**
   * The tasks that the user has to complete. Absent if Clerk sent none, or a list that cannot be read: decide by
   * `status` whether a session is pending.
   */
  readonly tasks?: ReadonlyArray<SessionTask> | undefined
}

/**
 * {@link Session} in Clerk's form. Times are in milliseconds since 1970.
 *
 * @since 4.0.0
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
  /** The actor, if somebody impersonates the user. */
  readonly actor?: SessionActor | null | undefined
  /** The status of the session. */
  readonly status: string
  /** The organization that was last active in the session. */
  readonly last_active_organization_id?: string | null | undefined
  /** When the session was last used, in milliseconds since 1970. */
  readonly last_active_at: number
  /** The device and the place of the last use. */
  readonly latest_activity?: SessionActivityEncoded | null | undefined
  /** When the session expires, in milliseconds since 1970. */
  readonly expire_at: number
  /** When the session ends if it stays unused, in milliseconds since 1970. */
  readonly abandon_at?: number | null | undefined
  /** When the session last changed, in milliseconds since 1970. */
  readonly updated_at: number
  /** When the session was created, in milliseconds since 1970. */
  readonly created_at: number
  /** The tasks that the user has to complete while the session is `pending`. */
  readonly tasks?: ReadonlyArray<SessionTask> | null | undefined
}

/**
 * The schema of {@link Session}.
 *
 * @since 4.0.0
 * @category schemas
 */
export const Session: DataCodec<Session, SessionEncoded> = annotated(
  renamedStruct<Session, SessionEncoded>(
    {
      object: Schema.Literal("session"),
      id: SessionId,
      userId: UserId,
      clientId: optionalLenient(ClientId),
      // An actor that cannot be read must not look like no actor.
      actor: optionalLenient(SessionActor, {}),
      status: SessionStatus,
      lastActiveOrganizationId: optionalLenient(OrganizationId),
      lastActiveAt: EpochMillis,
      latestActivity: optionalLenient(SessionActivity),
      expireAt: EpochMillis,
      abandonAt: optionalNullish(EpochMillis),
      updatedAt: EpochMillis,
      createdAt: EpochMillis,
      // The whole list or none: without the tasks that cannot be read, the others would look like all of them.
      tasks: optionalLenient(Schema.Array(SessionTask))
    },
    {
      userId: "user_id",
      clientId: "client_id",
      lastActiveOrganizationId: "last_active_organization_id",
      lastActiveAt: "last_active_at",
      latestActivity: "latest_activity",
      expireAt: "expire_at",
      abandonAt: "abandon_at",
      updatedAt: "updated_at",
      createdAt: "created_at"
    }
  ),
  { identifier: "ClerkSession" }
)
