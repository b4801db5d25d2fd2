/**
 * Clerk's ids, branded so that the compiler rejects a user's id where a session's is expected.
 *
 * Operations accept plain strings too. The brands do not check the text, because Clerk does not publish the form of its
 * ids. `IdText` says what a request accepts.
 *
 * @since 4.0.0
 */

import * as Schema from "effect/Schema"
import { type DataCodec, filtered } from "#major/schemas.js"
import { idRule, isIdText } from "../core/call/operation.js"

/**
 * The schema of a session's id, such as `sess_2g7np7Hrk0SN6kj5EDMLDaKNL0S`. `SessionId.make` brands a string.
 *
 * @since 4.0.0
 * @category schemas
 */
export const SessionId = Schema.String.pipe(Schema.brand("SessionId"))

/**
 * The id of a session: `sess_…`.
 *
 * @since 4.0.0
 * @category models
 */
export type SessionId = typeof SessionId.Type

/**
 * The schema of a user's id, such as `user_2g7np7Hrk0SN6kj5EDMLDaKNL0S`. `UserId.make` brands a string.
 *
 * @since 4.0.0
 * @category schemas
 */
export const UserId = Schema.String.pipe(Schema.brand("UserId"))

/**
 * The id of a user: `user_…`.
 *
 * @since 4.0.0
 * @category models
 */
export type UserId = typeof UserId.Type

/**
 * The schema of a client's id, such as `client_2g7np7Hrk0SN6kj5EDMLDaKNL0S`. `ClientId.make` brands a string.
 *
 * @since 4.0.0
 * @category schemas
 */
export const ClientId = Schema.String.pipe(Schema.brand("ClientId"))

/**
 * The id of a client, which is one browser or device: `client_…`. A client can have several sessions.
 *
 * @since 4.0.0
 * @category models
 */
export type ClientId = typeof ClientId.Type

/**
 * The schema of an organization's id, such as `org_2g7np7Hrk0SN6kj5EDMLDaKNL0S`. `OrganizationId.make` brands a string.
 *
 * @since 4.0.0
 * @category schemas
 */
export const OrganizationId = Schema.String.pipe(Schema.brand("OrganizationId"))

/**
 * The id of an organization: `org_…`.
 *
 * @since 4.0.0
 * @category models
 */
export type OrganizationId = typeof OrganizationId.Type

/**
 * The schema of an id, or of a template's name, in a request: 1 to 128 letters, digits, `_` or `-`. Any other character
 * could change the meaning of the URL.
 *
 * @since 4.0.0
 * @category schemas
 */
export const IdText: DataCodec<string> = filtered(Schema.String, isIdText, idRule)
