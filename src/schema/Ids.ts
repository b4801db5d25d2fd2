/**
 * Clerk's ids, branded so that a user's id cannot be passed where a session's is due.
 *
 * Operations accept plain strings as well. The brands assert nothing about the text, because Clerk does not
 * publish the alphabet of its ids; what may go into a request is `IdText`.
 *
 * @since 0.1.0
 */

import * as Schema from "effect/Schema"
import { type DataCodec, filtered } from "#major/schemas.js"
import { idRule, isIdText } from "../core/call/operation.js"

/**
 * A session's id, as in `sess_2g7np7Hrk0SN6kj5EDMLDaKNL0S`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SessionId = Schema.String.pipe(Schema.brand("SessionId"))

/**
 * @since 0.1.0
 * @category models
 */
export type SessionId = typeof SessionId.Type

/**
 * A user's id, as in `user_2g7np7Hrk0SN6kj5EDMLDaKNL0S`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const UserId = Schema.String.pipe(Schema.brand("UserId"))

/**
 * @since 0.1.0
 * @category models
 */
export type UserId = typeof UserId.Type

/**
 * The id of a client: one browser or device, which may hold several sessions.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ClientId = Schema.String.pipe(Schema.brand("ClientId"))

/**
 * @since 0.1.0
 * @category models
 */
export type ClientId = typeof ClientId.Type

/**
 * An organization's id, as in `org_2g7np7Hrk0SN6kj5EDMLDaKNL0S`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OrganizationId = Schema.String.pipe(Schema.brand("OrganizationId"))

/**
 * @since 0.1.0
 * @category models
 */
export type OrganizationId = typeof OrganizationId.Type

/**
 * What may stand for an id (or a template's name) in a request. It is an allow-list, because everything outside
 * of it changes the meaning of a URL somewhere between here and Clerk.
 *
 * @since 0.1.0
 * @category schemas
 */
export const IdText: DataCodec<string> = filtered(Schema.String, isIdText, idRule)
