/**
 * What Clerk issues for a session: a token, or the cookies that carry it.
 *
 * Both are credentials, so both are `Redacted`: read them with `Redacted.value` at the point of use.
 *
 * @since 0.1.0
 */

import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { annotated, type DataCodec, redacted } from "#major/schemas.js"

const Secret = annotated(redacted(Schema.NonEmptyString), { description: "a non-empty string" })

/**
 * A signed JSON Web Token.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionToken {
  /** The kind of the resource. */
  readonly object: "token"
  /** The signed token. `Redacted.value` reads it. */
  readonly jwt: Redacted.Redacted<string>
}

/**
 * A session token on the wire.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionTokenEncoded {
  /** The kind of the resource. */
  readonly object: "token"
  /** The signed token. */
  readonly jwt: string
}

/**
 * @since 0.1.0
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
 * `Set-Cookie` values to pass on to the browser, in order.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionCookies {
  /** The kind of the resource. */
  readonly object: "cookies"
  /** The values of the `Set-Cookie` headers, in order. `Redacted.value` reads one. */
  readonly cookies: ReadonlyArray<Redacted.Redacted<string>>
}

/**
 * Session cookies on the wire.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionCookiesEncoded {
  /** The kind of the resource. */
  readonly object: "cookies"
  /** The values of the `Set-Cookie` headers, in order. */
  readonly cookies: ReadonlyArray<string>
}

/**
 * @since 0.1.0
 * @category schemas
 */
export const SessionCookies: DataCodec<SessionCookies, SessionCookiesEncoded> = annotated(
  Schema.Struct({
    object: Schema.Literal("cookies"),
    cookies: Schema.Array(Secret)
  }),
  { identifier: "ClerkSessionCookies" }
)
