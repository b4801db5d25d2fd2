import * as DateTime from "effect/DateTime"
import type { Session } from "effect-clerk"

/** A session with its times as numbers, which are readable in a failed comparison. */
export const inMillis = ({ lastActiveAt, expireAt, abandonAt, updatedAt, createdAt, ...rest }: Session) => ({
  ...rest,
  lastActiveAt: DateTime.toEpochMillis(lastActiveAt),
  expireAt: DateTime.toEpochMillis(expireAt),
  ...(abandonAt === undefined ? undefined : { abandonAt: DateTime.toEpochMillis(abandonAt) }),
  updatedAt: DateTime.toEpochMillis(updatedAt),
  createdAt: DateTime.toEpochMillis(createdAt)
})

/** The decoded `session` of `wire.ts`. */
export const decodedSession = {
  object: "session",
  id: "sess_1",
  userId: "user_1",
  clientId: "client_1",
  status: "active",
  lastActiveOrganizationId: "org_1",
  lastActiveAt: 1_716_883_200_000,
  latestActivity: {
    object: "session_activity",
    id: "activity_1",
    deviceType: "desktop",
    isMobile: false,
    browserName: "Chrome",
    browserVersion: "128.0.0.0",
    ipAddress: "192.168.1.100",
    city: "San Francisco",
    country: "US"
  },
  expireAt: 1_716_969_600_000,
  abandonAt: 1_719_475_200_000,
  updatedAt: 1_716_883_200_001,
  createdAt: 1_716_883_200_002
}
