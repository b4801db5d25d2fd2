/**
 * The errors in Clerk's error responses, and their codes.
 *
 * @since 4.0.0
 */

import * as Schema from "effect/Schema"
import { annotated, type DataCodec, record } from "#major/schemas.js"

/**
 * The error codes that Clerk documents for sessions and their tokens. Editors complete them, and any other string is
 * accepted, because Clerk adds codes.
 *
 * @see https://clerk.com/docs/errors/overview
 * @since 4.0.0
 * @category models
 */
export type ClerkErrorCode =
  | "api_version_invalid"
  | "authentication_invalid"
  | "authorization_header_format_invalid"
  | "authorization_invalid"
  | "authorization_missing_scopes"
  | "bad_request"
  | "clerk_key_invalid"
  | "client_not_found"
  | "conflict"
  | "could_not_authenticate_request"
  | "deprovisioned"
  | "expired_session_token_invalid"
  | "expired_session_token_missing_azp"
  | "expired_session_token_missing_sid"
  | "form_param_duplicate"
  | "form_param_format_invalid"
  | "form_param_missing"
  | "form_param_type_invalid"
  | "form_param_unknown"
  | "form_param_value_invalid"
  | "form_param_value_too_large"
  | "form_resource_not_found"
  | "gateway_timeout"
  | "internal_clerk_error"
  | "invalid_session_token"
  | "malformed_request_parameters"
  | "missing_query_parameter"
  | "operation_deprecated"
  | "quota_exceeded"
  | "refresh_request_origin_azp_mismatch"
  | "refresh_request_origin_invalid"
  | "refresh_sid_mismatch"
  | "refresh_token_not_found"
  | "request_body_invalid"
  | "request_body_too_large"
  | "request_invalid_for_environment"
  | "resource_locked"
  | "resource_not_found"
  | "service_unavailable"
  | "session_creation_not_allowed"
  | "session_refresh_expired_session_token_consumed"
  | "session_refresh_expired_session_token_missing_iat"
  | "session_refresh_expired_session_token_too_old"
  | "session_refresh_inactive_session"
  | "session_refresh_session_not_found"
  | "session_refresh_session_token_ineligible"
  | "session_refresh_user_not_found"
  | "too_many_requests"
  | "unsupported_content_type"
  | "user_banned"
  | "user_deactivated"
  | (string & {})

/**
 * One error of an error response. Every field can be absent, as in Clerk's responses.
 *
 * The client masks secrets in the texts, removes control characters and cuts each text to 300 characters.
 *
 * @since 4.0.0
 * @category models
 */
export interface ClerkErrorItem {
  /** Clerk's code: `resource_not_found`. */
  readonly code?: ClerkErrorCode | undefined
  /** A short text for people: `Session not found` (`message`). */
  readonly message?: string | undefined
  /** A longer text for people (`long_message`). */
  readonly longMessage?: string | undefined
  /** Details with Clerk's own keys: `param_name`, `session_id`. */
  readonly meta?: { readonly [key: string]: unknown } | undefined
}

/**
 * The schema of {@link ClerkErrorItem}.
 *
 * @since 4.0.0
 * @category schemas
 */
export const ClerkErrorItem: DataCodec<ClerkErrorItem> = annotated(
  Schema.Struct({
    code: Schema.optional(Schema.String),
    message: Schema.optional(Schema.String),
    longMessage: Schema.optional(Schema.String),
    meta: Schema.optional(record(Schema.String, Schema.Unknown))
  }),
  { identifier: "ClerkErrorItem" }
)
