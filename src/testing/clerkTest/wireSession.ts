import type { SessionEncoded } from "../../schema/Session.js"

const createdAt = Date.UTC(2026, 0, 1)
const day = 86_400_000

export const wireSession = (fields: Partial<SessionEncoded>): SessionEncoded => ({
  object: "session",
  id: "sess_1",
  user_id: "user_1",
  client_id: "client_1",
  actor: null,
  status: "active",
  last_active_organization_id: null,
  last_active_at: createdAt,
  latest_activity: null,
  expire_at: createdAt + 7 * day,
  abandon_at: createdAt + 37 * day,
  updated_at: createdAt,
  created_at: createdAt,
  tasks: null,
  ...fields
})
