/*
 * Reads sessions from JSON in one pass, about ten times as fast as the schema in `schema/Session.ts`. A property test
 * compares the two. A reader returns `undefined` for a value that it does not accept. The schema then decodes the value
 * again, and finds the issues.
 */

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
  readonly latestActivity?: ActivityData
  readonly expireAt: Instant
  readonly abandonAt?: Instant
  readonly updatedAt: Instant
  readonly createdAt: Instant
  readonly tasks?: ReadonlyArray<{ readonly key: string }>
}

interface ActivityData {
  readonly object?: string
  readonly id?: string
  readonly isMobile?: boolean
  readonly deviceType?: string
  readonly browserName?: string
  readonly browserVersion?: string
  readonly ipAddress?: string
  readonly city?: string
  readonly country?: string
}

export interface SessionPageData<Instant> {
  readonly data: ReadonlyArray<SessionData<Instant>>
  readonly totalCount?: number
}

type Writable<A> = { -readonly [Field in keyof A]: A[Field] }

const sessionFields = [
  "object",
  "id",
  "user_id",
  "client_id",
  "actor",
  "status",
  "last_active_organization_id",
  "last_active_at",
  "latest_activity",
  "expire_at",
  "abandon_at",
  "updated_at",
  "created_at",
  "tasks"
] as const

const activityFields = [
  "object",
  "id",
  "is_mobile",
  "device_type",
  "browser_name",
  "browser_version",
  "ip_address",
  "city",
  "country"
] as const

const pageFields = ["data", "total_count"] as const

const taskFields = ["key"] as const

type Wire<Fields extends ReadonlyArray<string>> = { readonly [Field in Fields[number]]?: unknown }

const fields: ReadonlyArray<string> = [...sessionFields, ...activityFields, ...pageFields, ...taskFields]

/** JSON objects inherit from `Object.prototype`. While it has none of the fields, each field that is read is an own one. */
const isPolluted = (): boolean => fields.some((field) => field in Object.prototype)

/** Thrown while reading, so that the schema decides. */
const unread = Symbol("effect-clerk/unread")

const isObject = <Fields extends ReadonlyArray<string>>(value: unknown): value is Wire<Fields> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const text = (value: unknown): string => {
  if (typeof value !== "string") throw unread
  return value
}

const maxEpochMillis = 8_640_000_000_000_000

/** Makes a time of a date, and does not keep the date. */
export type InstantOf<Instant> = (date: Date) => Instant

/** One date for all times: making 2,500 of them took a sixth of the time that it took to read a page. */
const date = /*#__PURE__*/ new Date(0)

const instantAt = <Instant>(millis: unknown, instantOf: InstantOf<Instant>): Instant => {
  if (typeof millis !== "number" || !Number.isSafeInteger(millis) || millis < 0 || millis > maxEpochMillis) {
    throw unread
  }
  date.setTime(millis)
  return instantOf(date)
}

/** A field that is not of its type is absent. */
const readActivity = (wire: Wire<typeof activityFields>): ActivityData => {
  const { object, id, is_mobile, device_type, browser_name, browser_version, ip_address, city, country } =
    wire
  const activity: Writable<ActivityData> = {}
  if (typeof object === "string") activity.object = object
  if (typeof id === "string") activity.id = id
  if (typeof is_mobile === "boolean") activity.isMobile = is_mobile
  if (typeof device_type === "string") activity.deviceType = device_type
  if (typeof browser_name === "string") activity.browserName = browser_name
  if (typeof browser_version === "string") activity.browserVersion = browser_version
  if (typeof ip_address === "string") activity.ipAddress = ip_address
  if (typeof city === "string") activity.city = city
  if (typeof country === "string") activity.country = country
  return activity
}

/** An actor that cannot be read must not look like no actor, so it is empty. */
const readActor = (value: unknown): { readonly [claim: string]: unknown } => {
  if (!isObject(value)) return {}
  // An assignment to `__proto__` would set the prototype.
  if (Object.hasOwn(value, "__proto__")) throw unread
  return { ...value }
}

/** The whole list or none: without the tasks that cannot be read, the others would look like all of them. */
const readTasks = (value: unknown): ReadonlyArray<{ readonly key: string }> | undefined => {
  if (!Array.isArray(value)) return undefined
  const tasks: Array<{ readonly key: string }> = []
  for (const task of value as ReadonlyArray<unknown>) {
    const key = isObject<typeof taskFields>(task) ? task.key : undefined
    if (typeof key !== "string") return undefined
    tasks.push({ key })
  }
  return tasks
}

const readSession = <Instant>(json: unknown, instantOf: InstantOf<Instant>): SessionData<Instant> => {
  if (!isObject<typeof sessionFields>(json) || json.object !== "session") throw unread
  const { abandon_at, actor, client_id, last_active_organization_id, latest_activity, tasks } = json
  // In the order of the schema's fields, so that both give the same object.
  const session: Writable<Partial<SessionData<Instant>>> = {
    object: "session",
    id: text(json.id),
    userId: text(json.user_id)
  }
  if (typeof client_id === "string") session.clientId = client_id
  if (actor !== undefined && actor !== null) session.actor = readActor(actor)
  session.status = text(json.status)
  if (typeof last_active_organization_id === "string") {
    session.lastActiveOrganizationId = last_active_organization_id
  }
  session.lastActiveAt = instantAt(json.last_active_at, instantOf)
  if (isObject<typeof activityFields>(latest_activity)) session.latestActivity = readActivity(latest_activity)
  session.expireAt = instantAt(json.expire_at, instantOf)
  if (abandon_at !== undefined && abandon_at !== null) session.abandonAt = instantAt(abandon_at, instantOf)
  session.updatedAt = instantAt(json.updated_at, instantOf)
  session.createdAt = instantAt(json.created_at, instantOf)
  const read = readTasks(tasks)
  if (read !== undefined) session.tasks = read
  return session as SessionData<Instant> // every required field was set above
}

const orUndefined = <A>(read: () => A): A | undefined => {
  if (isPolluted()) return undefined
  try {
    return read()
  } catch (reason) {
    if (reason === unread) return undefined
    throw reason
  }
}

/** Makes a reader of a session. */
export const makeSessionReader =
  <Instant>(instantOf: InstantOf<Instant>) =>
  (json: unknown): SessionData<Instant> | undefined =>
    orUndefined(() => readSession(json, instantOf))

/** Makes a reader of a page: an envelope, or a bare array. */
export const makeSessionPageReader =
  <Instant>(instantOf: InstantOf<Instant>) =>
  (json: unknown): SessionPageData<Instant> | undefined =>
    orUndefined(() => {
      const sessions = (list: ReadonlyArray<unknown>) => list.map((each) => readSession(each, instantOf))
      if (Array.isArray(json)) return { data: sessions(json) }
      if (!isObject<typeof pageFields>(json) || !Array.isArray(json.data)) throw unread
      const data = sessions(json.data)
      const { total_count: totalCount } = json
      if (totalCount === undefined || totalCount === null) return { data }
      if (typeof totalCount !== "number" || !Number.isSafeInteger(totalCount) || totalCount < 0) throw unread
      return { data, totalCount }
    })
