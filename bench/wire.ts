/** The responses of the server: sessions in Clerk's form, each with its own id. */

export const sessionId = "sess_2g7np7Hrk0SN6kj5EDMLDaKNL0S"
export const pageSize = 500

/** The user whose list is one prepared page, and the one who has many pages. */
export const userId = "user_2g7np7Hrk0SN6kj5EDMLDaKNL0S"
export const streamedUserId = "user_2g7npStreamedSN6kj5EDMLDaKN"
export const streamedSessions = 100_000

const createdAt = 1_716_883_200_000

const sessionText = (id: string): string =>
  JSON.stringify({
    object: "session",
    id,
    user_id: userId,
    client_id: "client_2g7np7Hrk0SN6kj5EDMLDaKNL0S",
    actor: null,
    status: "active",
    last_active_organization_id: "org_2g7np7Hrk0SN6kj5EDMLDaKNL0S",
    last_active_at: createdAt,
    latest_activity: {
      object: "session_activity",
      id: "activity_2g7np7Hrk0SN6kj5EDMLDaKNL0S",
      device_type: "desktop",
      is_mobile: false,
      browser_name: "Chrome",
      browser_version: "128.0.0.0",
      ip_address: "192.168.1.100",
      city: "San Francisco",
      country: "US"
    },
    expire_at: createdAt + 86_400_000,
    abandon_at: createdAt + 2_592_000_000,
    updated_at: createdAt,
    created_at: createdAt
  })

export const oneSession = sessionText(sessionId)

const numberedId = (index: number) => `sess_2g7np7Hrk0SN6kj5E${String(index).padStart(10, "0")}`

/** Built from one text, so that a page costs the server little. */
const [before = "", after = ""] = sessionText("#").split("#")

export const pageEnvelope = (offset: number, length: number, totalCount: number): string => {
  const sessions = Array.from({ length }, (_, index) => before + numberedId(offset + index) + after)
  return `{"data":[${sessions.join(",")}],"total_count":${totalCount}}`
}
