/**
 * What Clerk issues for a session: a token, or the cookies that carry it.
 *
 * Both are credentials, so they are `Redacted` and print as `<redacted>`. Read them with `Redacted.value` where you use
 * them.
 *
 * @since 4.0.0
 */

import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { annotated, type DataCodec, redacted } from "#major/schemas.js"

const Secret = annotated(redacted(Schema.NonEmptyString), { description: "a non-empty string" })

/**
 * A signed JSON Web Token.
 *
 * @since 4.0.0
 * @category models
 */
export interface SessionToken {
  /** The kind of the resource. */
  readonly object: "token"
  /** The signed token. Read it with `Redacted.value`. */
  readonly jwt: Redacted.Redacted<string>
}

/**
 * {@link SessionToken} in Clerk's form.
 *
 * @since 4.0.0
 * @category models
 */
export interface SessionTokenEncoded {
  /** The kind of the resource. */
  readonly object: "token"
  /** The signed token. */
  readonly jwt: string
}

/**
 * The schema of {@link SessionToken}.
 *
 * @since 4.0.0
 * @category schemas
 */
export const SessionToken: DataCodec<SessionToken, SessionTokenEncoded> = annotated(
  Schema.Struct({
    object: Schema.Literal("token"),
    jwt: Secret
  }),
  { identifier: "ClerkSessionToken" }
)

/**
 * The `Set-Cookie` values of a new session token. Send them to the browser in this order.
 *
 * @since 4.0.0
 * @category models
 */
export interface SessionCookies {
  /** The kind of the resource. */
  readonly object: "cookies"
  /** The values of the `Set-Cookie` headers, in order. Read one with `Redacted.value`. */
  readonly cookies: ReadonlyArray<Redacted.Redacted<string>>
}

/**
 * {@link SessionCookies} in Clerk's form.
 *
 * @since 4.0.0
 * @category models
 */
export interface SessionCookiesEncoded {
  /** The kind of the resource. */
  readonly object: "cookies"
  /** The values of the `Set-Cookie` headers, in order. */
  readonly cookies: ReadonlyArray<string>
}

/**
 * The schema of {@link SessionCookies}.
 *
 * @since 4.0.0
 * @category schemas
 */
export const SessionCookies: DataCodec<SessionCookies, SessionCookiesEncoded> = annotated(
  Schema.Struct({
    object: Schema.Literal("cookies"),
    cookies: Schema.Array(Secret)
  }),
  { identifier: "ClerkSessionCookies" }
)
