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
export const SessionActor: DataCodec<SessionActor> = annotated(record(Schema.String, Schema.Unknown), {
  identifier: "ClerkSessionActor"
})

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
export const SessionTask: DataCodec<SessionTask> = annotated(Schema.Struct({ key: Schema.String }), {
  identifier: "ClerkSessionTask"
})

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
