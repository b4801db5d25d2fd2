/*
 * Reads sessions from JSON in one pass, about ten times as fast as the schema in `schema/Session.ts`. A property test
 * holds the two equal. A reader returns `undefined` for a value that it does not accept. The schema then decodes the value
 * again: it decides, and it says what is wrong.
 */

type Wire = { readonly [field: string]: unknown }

type Draft = { [field: string]: unknown }

/** A session whose times are of the type `Instant`. */
export interface SessionData<Instant> {
  readonly object: "session"
  readonly id: string
  readonly userId: string
  readonly clientId?: string
  readonly actor?: { readonly [claim: string]: unknown }
  readonly status: string
  readonly lastActiveOrganizationId?: string
  readonly lastActiveAt: Instant
  readonly latestActivity?: { readonly [field: string]: string | boolean }
  readonly expireAt: Instant
  readonly abandonAt?: Instant
  readonly updatedAt: Instant
  readonly createdAt: Instant
  readonly tasks?: ReadonlyArray<{ readonly key: string }>
}

export interface SessionPageData<Instant> {
  readonly data: ReadonlyArray<SessionData<Instant>>
  readonly totalCount?: number
}

/** Thrown while reading: the schema decides. */
const unread = Symbol("effect-clerk/unread")

const isObject = (value: unknown): value is Wire =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The own member of a JSON object. JSON has no `undefined`, so that an object which has it did not come from JSON. */
const member = (wire: Wire, name: string): unknown => {
  if (!Object.hasOwn(wire, name)) return undefined
  const value = wire[name]
  if (value === undefined) throw unread
  return value
}

const text = (wire: Wire, name: string): string => {
  const value = member(wire, name)
  if (typeof value !== "string") throw unread
  return value
}

const maxEpochMillis = 8_640_000_000_000_000

const date = (value: unknown): Date => {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > maxEpochMillis) {
    throw unread
  }
  return new Date(value)
}

/** The fields of an activity on the wire, with their names here. All but one are texts. */
const activityFields = [
  ["object", "object"],
  ["id", "id"],
  ["is_mobile", "isMobile"],
  ["device_type", "deviceType"],
  ["browser_name", "browserName"],
  ["browser_version", "browserVersion"],
  ["ip_address", "ipAddress"],
  ["city", "city"],
  ["country", "country"]
] as const

const readActivity = (wire: Wire): { readonly [field: string]: string | boolean } => {
  const activity: { [field: string]: string | boolean } = {}
  for (const [from, to] of activityFields) {
    const value = member(wire, from)
    const type = to === "isMobile" ? "boolean" : "string"
    if ((typeof value === "string" || typeof value === "boolean") && typeof value === type)
      activity[to] = value
  }
  return activity
}

/** An actor that cannot be read must not look like no actor, so it is empty. */
const readActor = (value: unknown): Wire => {
  if (!isObject(value)) return {}
  // Assigning to `__proto__` is no ordinary assignment.
  if (Object.hasOwn(value, "__proto__")) throw unread
  return { ...value }
}

/** The whole list or none: without the tasks that cannot be read, the others would look like all of them. */
const readTasks = (value: unknown): ReadonlyArray<{ readonly key: string }> | undefined => {
  if (!Array.isArray(value)) return undefined
  const tasks: Array<{ readonly key: string }> = []
  for (const task of value as ReadonlyArray<unknown>) {
    const key = isObject(task) ? member(task, "key") : undefined
    if (typeof key !== "string") return undefined
    tasks.push({ key })
  }
  return tasks
}

const readSession = <Instant>(json: unknown, instant: (date: Date) => Instant): SessionData<Instant> => {
  if (!isObject(json) || member(json, "object") !== "session") throw unread
  const session: Draft = { object: "session", id: text(json, "id"), userId: text(json, "user_id") }
  const clientId = member(json, "client_id")
  if (typeof clientId === "string") session["clientId"] = clientId
  const actor = member(json, "actor")
  if (actor !== undefined && actor !== null) session["actor"] = readActor(actor)
  session["status"] = text(json, "status")
  const organizationId = member(json, "last_active_organization_id")
  if (typeof organizationId === "string") session["lastActiveOrganizationId"] = organizationId
  session["lastActiveAt"] = instant(date(member(json, "last_active_at")))
  const activity = member(json, "latest_activity")
  if (isObject(activity)) session["latestActivity"] = readActivity(activity)
  session["expireAt"] = instant(date(member(json, "expire_at")))
  const abandonAt = member(json, "abandon_at")
  if (abandonAt !== undefined && abandonAt !== null) session["abandonAt"] = instant(date(abandonAt))
  session["updatedAt"] = instant(date(member(json, "updated_at")))
  session["createdAt"] = instant(date(member(json, "created_at")))
  const tasks = readTasks(member(json, "tasks"))
  if (tasks !== undefined) session["tasks"] = tasks
  return session as object as SessionData<Instant> // every member was checked above
}

const orUndefined = <A>(read: () => A): A | undefined => {
  try {
    return read()
  } catch (reason) {
    if (reason === unread) return undefined
    throw reason
  }
}

/** Makes a reader of a session. `instant` makes a time of a date. */
export const makeSessionReader =
  <Instant>(instant: (date: Date) => Instant) =>
  (json: unknown): SessionData<Instant> | undefined =>
    orUndefined(() => readSession(json, instant))

/** Makes a reader of a page: an envelope, or a bare array. */
export const makeSessionPageReader =
  <Instant>(instant: (date: Date) => Instant) =>
  (json: unknown): SessionPageData<Instant> | undefined =>
    orUndefined(() => {
      const sessions = (list: ReadonlyArray<unknown>) => list.map((each) => readSession(each, instant))
      if (Array.isArray(json)) return { data: sessions(json) }
      const list = isObject(json) ? member(json, "data") : undefined
      if (!isObject(json) || !Array.isArray(list)) throw unread
      const data = sessions(list)
      const totalCount = member(json, "total_count")
      if (totalCount === undefined || totalCount === null) return { data }
      if (typeof totalCount !== "number" || !Number.isSafeInteger(totalCount) || totalCount < 0) throw unread
      return { data, totalCount }
    })
