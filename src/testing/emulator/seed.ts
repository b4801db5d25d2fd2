import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import type { DataCodec } from "#major/schemas.js"
import type { DurationInput } from "#major/time.js"
import type { Moment } from "../../core/emulator/ids.js"
import type { Instance } from "../../core/emulator/instance.js"
import { inMiB, inWords, limits } from "../../core/emulator/limits.js"
import type { EmulatedActivity, EmulatedStatus } from "../../core/emulator/model.js"
import { abandonAfterExpiry, newSignIn } from "../../core/emulator/sessions.js"
import { type Entry, fitsIn } from "../../core/emulator/state.js"
import { IdText } from "../../schema/Ids.js"
import { KeptObject, PlainDuration, reader, sentenceOf } from "../input.js"
import type * as Inputs from "./inputs.js"
import { newOrganization, newTemplate, newUser, store } from "./methods.js"
import { permissionIssues } from "./permissions.js"
import * as Schemas from "./schemas.js"

/**
 * A duration in plain data: a text such as `"2 days"` or `"90 seconds"`, or a number of milliseconds.
 *
 * @since 4.0.0
 * @category models
 */
export type SeedDuration = Extract<DurationInput, string | number>

/**
 * The device and the place of a session in a seed. Default: a new `id`, and a desktop in Athens.
 *
 * @since 4.0.0
 * @category models
 */
export interface SeedActivity extends Partial<EmulatedActivity> {}

/**
 * A session in a seed. Its ages count back from the time of seeding.
 *
 * @since 4.0.0
 * @category models
 */
export interface SeedSession
  extends Omit<Inputs.SignInOptions, keyof Inputs.MintOptions | "sessionId" | "status" | "activity"> {
  /** The id: `sess_…`. Default: a new one. */
  readonly id?: string | undefined
  /** The user of the session, who must exist in the emulator or in the seed. */
  readonly userId: string
  /** The status. Default `"active"`. An `active` or `pending` session expires by its age. */
  readonly status?: EmulatedStatus | undefined
  /** The time since the session was created. Default: `lastActiveAgo`, or zero. */
  readonly createdAgo?: SeedDuration | undefined
  /** The time since the session was last used. Default: `createdAgo`. */
  readonly lastActiveAgo?: SeedDuration | undefined
  /** The time until the session expires. Default: the `sessionLifetime` of the emulator, counted from the creation. */
  readonly expiresIn?: SeedDuration | undefined
  /** The device and the place. Default: a desktop in Athens. */
  readonly activity?: SeedActivity | undefined
}

/**
 * The initial data of an emulator, as plain JSON.
 *
 * @since 4.0.0
 * @category models
 */
export interface EmulatorSeed {
  /** The users. Default: none. */
  readonly users?: ReadonlyArray<Inputs.CreateUserOptions & { readonly id: string }> | undefined
  /** The organizations with their members. Default: none. */
  readonly organizations?:
    | ReadonlyArray<Inputs.CreateOrganizationOptions & { readonly id: string }>
    | undefined
  /** The JWT templates. Default: none. */
  readonly templates?:
    | ReadonlyArray<Inputs.CreateTemplateOptions & { readonly lifetime?: SeedDuration | undefined }>
    | undefined
  /** The sessions. Default: none. */
  readonly sessions?: ReadonlyArray<SeedSession> | undefined
}

const optional = Schema.optional

/**
 * The schema of {@link EmulatorSeed}. The decoded form is plain data too:
 * `Schema.decodeUnknown(EmulatorSeed)(JSON.parse(text))`.
 *
 * @since 4.0.0
 * @category schemas
 */
export const EmulatorSeed: DataCodec<EmulatorSeed> = Schema.Struct({
  users: optional(Schema.Array(Schema.Struct({ id: IdText, ...Schemas.userFields }))),
  organizations: optional(Schema.Array(Schema.Struct({ id: IdText, ...Schemas.organizationFields(IdText) }))),
  templates: optional(
    Schema.Array(
      Schema.Struct({ name: IdText, claims: optional(KeptObject), lifetime: optional(PlainDuration) })
    )
  ),
  sessions: optional(
    Schema.Array(
      Schema.Struct({
        id: optional(IdText),
        userId: IdText,
        clientId: optional(IdText),
        organizationId: optional(IdText),
        status: optional(Schemas.status),
        createdAgo: optional(PlainDuration),
        lastActiveAgo: optional(PlainDuration),
        expiresIn: optional(PlainDuration),
        ...Schemas.detailFields
      })
    )
  )
})

/**
 * A mistake in a seed, such as `sessions.0.userId` and `must be the id of a user`.
 *
 * @since 4.0.0
 * @category models
 */
export interface SeedIssue {
  /** The place in the seed: `sessions.0.userId`. */
  readonly path: string
  /** The rule that the value breaks, as the rest of a sentence that starts with the path. */
  readonly rule: string
}

/**
 * A seed is invalid. The emulator has stored nothing of it.
 *
 * @since 4.0.0
 * @category errors
 */
export class EmulatorSeedError extends Schema.TaggedError<EmulatorSeedError>("EmulatorSeedError")(
  "EmulatorSeedError",
  {
    /** The mistakes in the seed. */
    issues: Schema.Array(Schema.Struct({ path: Schema.String, rule: Schema.String }))
  }
) {
  override get message(): string {
    return sentenceOf(this.issues, "the seed")
  }
}

const timesOf = ({ createdAgo, expiresIn, lastActiveAgo }: SeedSession, now: number, lifetime: number) => {
  const createdAt = now - Duration.toMillis(createdAgo ?? lastActiveAgo ?? 0)
  const lastActiveAt = lastActiveAgo === undefined ? createdAt : now - Duration.toMillis(lastActiveAgo)
  const expireAt = expiresIn === undefined ? createdAt + lifetime : now + Duration.toMillis(expiresIn)
  return {
    createdAt,
    lastActiveAt,
    updatedAt: lastActiveAt,
    verifiedAt: createdAt,
    expireAt,
    abandonAt: expireAt + abandonAfterExpiry
  }
}

const noUser = "must be the id of a user"

/** Finds what a schema cannot see: duplicate ids, ids of missing records, useless permissions and impossible times. */
const conflictsOf = (
  { organizations = [], sessions = [], templates = [], users = [] }: EmulatorSeed,
  { state }: Instance,
  now: number
): ReadonlyArray<SeedIssue> => {
  const issues: Array<SeedIssue> = []
  const ids = {
    users: users.map(({ id }) => id),
    organizations: organizations.map(({ id }) => id),
    templates: templates.map(({ name }) => name),
    sessions: sessions.map(({ id }) => id)
  }
  for (const name of ["users", "organizations", "templates", "sessions"] as const) {
    const known = new Set(state[name].keys())
    if (known.size + ids[name].length > limits[name]) {
      issues.push({ path: name, rule: `must be at most ${inWords(limits[name])} in all` })
    }
    for (const [index, id] of ids[name].entries()) {
      if (id === undefined) continue
      const field = name === "templates" ? "name" : "id"
      if (known.has(id)) issues.push({ path: `${name}.${index}.${field}`, rule: "is there already" })
      known.add(id)
    }
  }
  const userIds = new Set([...state.users.keys(), ...ids.users])
  const members = new Map(
    [...organizations, ...state.organizations.values()].map(({ id, members = [] }) => [
      id,
      new Set(members.map(({ userId }) => userId))
    ])
  )
  for (const [organization, given] of organizations.entries()) {
    issues.push(...permissionIssues(given, `organizations.${organization}.`))
    for (const [index, { userId }] of (given.members ?? []).entries()) {
      if (userIds.has(userId)) continue
      issues.push({ path: `organizations.${organization}.members.${index}.userId`, rule: noUser })
    }
  }
  for (const [index, session] of sessions.entries()) {
    const report = (field: keyof SeedSession, rule: string) =>
      issues.push({ path: `sessions.${index}.${field}`, rule })
    const { createdAgo, organizationId, userId } = session
    if (!userIds.has(userId)) report("userId", noUser)
    else if (organizationId !== undefined && !members.get(organizationId)?.has(userId)) {
      report("organizationId", "must be the id of an organization that the user is a member of")
    }
    const { createdAt, lastActiveAt } = timesOf(session, now, 0)
    if (lastActiveAt < createdAt) report("lastActiveAgo", "must not be longer ago than createdAgo")
    if (Math.min(createdAt, lastActiveAt) < 0) {
      report(
        createdAgo === undefined ? "lastActiveAgo" : "createdAgo",
        "must not be before 1970, where TestClock begins: set the time first (TestClock.setTime)"
      )
    }
  }
  return issues
}

const entriesOf = (
  instance: Instance,
  moment: Moment,
  { organizations = [], sessions = [], templates = [], users = [] }: EmulatorSeed
): ReadonlyArray<Entry> => [
  ...users.map((each) => ({ name: "users" as const, record: newUser(moment, each) })),
  ...organizations.map((each) => ({ name: "organizations" as const, record: newOrganization(moment, each) })),
  ...templates.map((each) => ({ name: "templates" as const, record: newTemplate(each) })),
  ...sessions.map((each) => {
    const times = timesOf(each, moment.now, instance.sessionLifetime)
    return { name: "sessions" as const, record: newSignIn(instance, moment, each, times) }
  })
]

const readSeed = reader(EmulatorSeed)

/** A seed can have a hundred thousand sessions, so an error lists only the first issues. */
const maxIssues = 16

/** Stores all of a seed, or nothing of it and returns the error. */
export const storeSeed = (
  instance: Instance,
  moment: Moment,
  data: unknown
): EmulatorSeedError | undefined => {
  const failed = (issues: ReadonlyArray<SeedIssue>) => new EmulatorSeedError({ issues })
  const seed = readSeed(data)
  if ("issues" in seed) return failed(seed.issues)
  const issues = conflictsOf(seed.value, instance, moment.now)
  if (issues.length > 0) return failed(issues.slice(0, maxIssues))
  const entries = entriesOf(instance, moment, seed.value)
  if (!fitsIn(instance.state, entries)) {
    return failed([{ path: "", rule: `must leave the emulator within ${inMiB(limits.data)} of data` }])
  }
  for (const entry of entries) store(instance, entry)
  return undefined
}
