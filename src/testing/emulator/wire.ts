import type { EmulatedActivity } from "./model.js"
import type { SessionRecord } from "./state.js"

/** The first version whose sessions have tasks. */
const tasksSince = "2025-03-12"

const activity = (value: EmulatedActivity) => ({
  object: "session_activity",
  id: value.id,
  device_type: value.deviceType,
  is_mobile: value.isMobile,
  browser_name: value.browserName,
  browser_version: value.browserVersion,
  ip_address: value.ipAddress,
  city: value.city,
  country: value.country
})

export const session = (value: SessionRecord, apiVersion: string) => ({
  object: "session",
  id: value.id,
  user_id: value.userId,
  client_id: value.clientId,
  actor: value.actor,
  status: value.status,
  last_active_organization_id: value.lastActiveOrganizationId,
  last_active_at: value.lastActiveAt,
  latest_activity: value.latestActivity === null ? null : activity(value.latestActivity),
  expire_at: value.expireAt,
  abandon_at: value.abandonAt,
  updated_at: value.updatedAt,
  created_at: value.createdAt,
  ...(apiVersion >= tasksSince ? { tasks: value.tasks } : {})
})

export const token = (jwt: string) => ({ object: "token", jwt })

export const cookies = (directives: ReadonlyArray<string>) => ({ object: "cookies", cookies: directives })
