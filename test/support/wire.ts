import type { ClerkResponse } from "effect-clerk"

/** A session in the form of Clerk's responses. */
export const session = {
  object: "session",
  id: "sess_1",
  user_id: "user_1",
  client_id: "client_1",
  actor: null,
  status: "active",
  last_active_organization_id: "org_1",
  last_active_at: 1_716_883_200_000,
  latest_activity: {
    object: "session_activity",
    id: "activity_1",
    device_type: "desktop",
    is_mobile: false,
    browser_name: "Chrome",
    browser_version: "128.0.0.0",
    ip_address: "192.168.1.100",
    city: "San Francisco",
    country: "US"
  },
  expire_at: 1_716_969_600_000,
  abandon_at: 1_719_475_200_000,
  updated_at: 1_716_883_200_001,
  created_at: 1_716_883_200_002
} as const

/** The fields that every session has; the others may be absent or null. */
export const requiredFields = [
  "object",
  "id",
  "user_id",
  "status",
  "last_active_at",
  "expire_at",
  "updated_at",
  "created_at"
] as const

/** The same with some fields replaced or added. */
export const sessionWith = (fields: Readonly<Record<string, unknown>>) => ({ ...session, ...fields })

/** The same without one field. */
export const sessionWithout = (field: string) =>
  Object.fromEntries(Object.entries(session).filter(([name]) => name !== field))

export const page = { data: [session], total_count: 1 } as const

export const token = { object: "token", jwt: "eyJhbGciOiJSUzI1NiJ9.eyJzaWQiOiJzZXNzXzEifQ.c2ln" } as const

export const cookies = {
  object: "cookies",
  cookies: ["__session=abc; Path=/; Secure; SameSite=Lax", "__session_MqCvchyS=abc; Path=/; Secure"]
} as const

/** A response with any text, declared as JSON. */
export const text = (
  body: string,
  status = 200,
  headers: Readonly<Record<string, string>> = {}
): ClerkResponse => ({ status, headers: { "content-type": "application/json", ...headers }, body })
