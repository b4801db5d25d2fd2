import * as Duration from "effect/Duration"
import { type Authorization, OrganizationId, type SessionClaims, SessionId, UserId } from "effect-clerk"
import { utc } from "#test/dateTime.js"

/** The claims of a user without organization, plan and factors, issued when the test clock starts. */
export const bareClaims: SessionClaims = {
  userId: UserId.make("user_1"),
  sessionId: SessionId.make("sess_1"),
  issuer: "https://clerk.example.com",
  issuedAt: utc(0),
  expiresAt: utc(60_000),
  status: "active",
  version: 2,
  features: [],
  custom: undefined
}

/** The claims of a user who has one of each kind. */
export const fullClaims = {
  ...bareClaims,
  organization: {
    id: OrganizationId.make("org_1"),
    slug: "acme",
    role: "org:admin",
    permissions: ["org:invoices:create"],
    features: ["invoices"],
    plan: "team"
  },
  features: ["reports"],
  plan: "pro",
  factorAges: { first: Duration.minutes(3), second: Duration.minutes(3) }
} satisfies SessionClaims

/** The kinds of requirements, in the order in which an error lists them. */
export const kinds = ["role", "permission", "feature", "plan", "reverification"] as const

/** One requirement of each kind that `fullClaims` meets. */
export const held: Required<Authorization.Requirements> = {
  role: "org:admin",
  permission: "org:invoices:create",
  feature: "u:reports",
  plan: "o:team",
  reverification: "strict_mfa"
}
