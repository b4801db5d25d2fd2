// Checked by `npm run check`, never run. It states what the types of the permission checks promise.

import * as Effect from "effect/Effect"
import { pipe } from "effect/Function"
import {
  Authorization,
  type ClerkAccessDenied,
  type SessionClaims,
  SessionTokens,
  type SigningKeys,
  type TokenClaims
} from "effect-clerk"
import { expectTypeOf } from "vitest"
import type { DurationInput } from "#major/time.js"
import type { Codec } from "#test/schema.js"

interface Team {
  readonly team: string
}

declare const claims: SessionClaims
declare const custom: SessionClaims<Team>
declare const template: TokenClaims
declare const team: Codec<Team>

// A check of one kind returns at once, with the claims first or last.
expectTypeOf(Authorization.hasRole(claims, "org:admin")).toEqualTypeOf<boolean>()
expectTypeOf(Authorization.hasPermission(claims, "org:invoices:create")).toEqualTypeOf<boolean>()
expectTypeOf(Authorization.hasFeature(claims, "o:reports")).toEqualTypeOf<boolean>()
expectTypeOf(Authorization.hasPlan(custom, "u:pro")).toEqualTypeOf<boolean>()
expectTypeOf(pipe(claims, Authorization.hasRole("org:admin"))).toEqualTypeOf<boolean>()
expectTypeOf(pipe(claims, Authorization.hasPermission("org:invoices:create"))).toEqualTypeOf<boolean>()
expectTypeOf(pipe(custom, Authorization.hasFeature("o:reports"))).toEqualTypeOf<boolean>()
expectTypeOf(pipe(custom, Authorization.hasPlan("u:pro"))).toEqualTypeOf<boolean>()

// A check that depends on the time is an effect that cannot fail and has no requirements.
expectTypeOf(Authorization.isReverified(claims, "strict")).toEqualTypeOf<Effect.Effect<boolean>>()
expectTypeOf(pipe(custom, Authorization.isReverified("lax"))).toEqualTypeOf<Effect.Effect<boolean>>()
expectTypeOf(Authorization.has(claims, { role: "org:admin" })).toEqualTypeOf<Effect.Effect<boolean>>()
expectTypeOf(pipe(custom, Authorization.has({ plan: "pro" }))).toEqualTypeOf<Effect.Effect<boolean>>()

// `protect` returns the claims unchanged, with the caller's own.
expectTypeOf(Authorization.protect(custom, { role: "org:admin" })).toEqualTypeOf<
  Effect.Effect<SessionClaims<Team>, ClerkAccessDenied>
>()
expectTypeOf(pipe(custom, Authorization.protect({ role: "org:admin" }))).toEqualTypeOf<
  Effect.Effect<SessionClaims<Team>, ClerkAccessDenied>
>()

// After a verification both failures can be caught.
expectTypeOf(
  SessionTokens.verify("eyJ…").pipe(Effect.flatMap(Authorization.protect({ permission: "org:teams:delete" })))
).toEqualTypeOf<Effect.Effect<SessionClaims, SessionTokens.VerifyError | ClerkAccessDenied, SigningKeys>>()
expectTypeOf(
  SessionTokens.verify("eyJ…", { claims: team }).pipe(
    Effect.tap((claims) => Authorization.protect(claims, { reverification: "strict" })),
    Effect.map((claims) => claims.custom.team)
  )
).toEqualTypeOf<Effect.Effect<string, SessionTokens.VerifyError | ClerkAccessDenied, SigningKeys>>()

// A reverification is a preset of Clerk, or a level and a time with a unit.
expectTypeOf<Authorization.Requirements["reverification"]>().toEqualTypeOf<
  | "strict_mfa"
  | "strict"
  | "moderate"
  | "lax"
  | {
      readonly level: "first_factor" | "second_factor" | "multi_factor"
      readonly within: DurationInput
    }
  | undefined
>()
expectTypeOf(
  Authorization.has(claims, { reverification: { level: "first_factor", within: "5 minutes" } })
).toEqualTypeOf<Effect.Effect<boolean>>()

// @ts-expect-error: a misspelt requirement
Authorization.has(claims, { roles: "org:admin" })
// @ts-expect-error: a misspelt requirement, claims last
Authorization.protect({ plan: "pro", permissions: "org:teams:delete" })
// @ts-expect-error: one role, not some of which any would do
Authorization.has(claims, { role: ["org:admin", "org:owner"] })
// @ts-expect-error: an unknown preset
Authorization.has(claims, { reverification: "loose" })
// @ts-expect-error: a level without a time
Authorization.has(claims, { reverification: { level: "first_factor" } })
// @ts-expect-error: Clerk's number of minutes, which says no unit
Authorization.has(claims, { reverification: { level: "first_factor", afterMinutes: 10 } })
// @ts-expect-error: null is not "not asked for"
Authorization.has(claims, { role: null })
// @ts-expect-error: the token of a template names no session
Authorization.has(template, { role: "org:admin" })
// @ts-expect-error: requirements come second
Authorization.protect({ role: "org:admin" }, claims)
// @ts-expect-error: forgotten requirements do not make a check
expectTypeOf(Authorization.has(claims)).toEqualTypeOf<Effect.Effect<boolean>>()
