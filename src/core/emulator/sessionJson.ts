import type { EmulatedActivity, EmulatedSession } from "./model.js"

/** The first version whose sessions have tasks. */
const tasksSince = "2025-03-12"

const activityJson = (value: EmulatedActivity) => ({
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

/** A session in Clerk's JSON. */
export const sessionJson = (value: EmulatedSession, apiVersion: string) => ({
  object: "session",
  id: value.id,
  user_id: value.userId,
  client_id: value.clientId,
  actor: value.actor,
  status: value.status,
  last_active_organization_id: value.lastActiveOrganizationId,
  last_active_at: value.lastActiveAt,
  latest_activity: value.latestActivity === null ? null : activityJson(value.latestActivity),
  expire_at: value.expireAt,
  abandon_at: value.abandonAt,
  updated_at: value.updatedAt,
  created_at: value.createdAt,
  ...(apiVersion >= tasksSince ? { tasks: value.tasks } : {})
})
