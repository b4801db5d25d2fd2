import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Directory from "./directory.js"
import { aDesktop } from "./frontEnd.js"
import * as Ids from "./ids.js"
import * as Instance from "./instance.js"
import { inMiB, inWords, limits } from "./limits.js"
import { type EmulatorSeed, EmulatorSeedError, readSeed, type SeedIssue, type SeedSession } from "./seed.js"
import * as State from "./state.js"

const millis = (value: Duration.DurationInput) => Duration.toMillis(value)

const ages = ({ createdAgo, expiresIn, lastActiveAgo }: SeedSession, now: number, lifetime: number) => {
  const created = now - millis(createdAgo ?? lastActiveAgo ?? 0)
  return {
    createdAt: created,
    lastActiveAt: lastActiveAgo === undefined ? created : now - millis(lastActiveAgo),
    expireAt: expiresIn === undefined ? created + lifetime : now + millis(expiresIn)
  }
}

/** What no schema can see: ids that are there twice, and ids of what is not there. */
const contradictions = (seed: EmulatorSeed, state: State.State, now: number): ReadonlyArray<SeedIssue> => {
  const issues: Array<SeedIssue> = []
  const unique = (
    list: string,
    ids: ReadonlyArray<string | undefined>,
    taken: Iterable<string>,
    name = "id"
  ) => {
    const seen = new Set(taken)
    ids.forEach((id, index) => {
      if (id === undefined) return
      if (seen.has(id)) issues.push({ path: `${list}.${index}.${name}`, rule: "is there already" })
      seen.add(id)
    })
    return seen
  }
  const { organizations = [], sessions = [], templates = [], users = [] } = seed
  const added = { users, organizations, templates, sessions }
  for (const name of ["users", "organizations", "templates", "sessions"] as const) {
    if (state[name].size + added[name].length > limits[name]) {
      issues.push({ path: name, rule: `must be at most ${inWords(limits[name])} in all` })
    }
  }
  const userIds = unique(
    "users",
    users.map(({ id }) => id),
    state.users.keys()
  )
  unique(
    "organizations",
    organizations.map(({ id }) => id),
    state.organizations.keys()
  )
  unique(
    "templates",
    templates.map(({ name }) => name),
    state.templates.keys(),
    "name"
  )
  unique(
    "sessions",
    sessions.map(({ id }) => id),
    state.sessions.keys()
  )

  const members = new Map(
    [...organizations, ...state.organizations.values()].map(({ id, members = [] }) => [
      id,
      new Set(members.map(({ userId }) => userId))
    ])
  )
  organizations.forEach(({ members = [] }, organization) => {
    members.forEach(({ userId }, index) => {
      if (userIds.has(userId)) return
      issues.push({ path: `organizations.${organization}.members.${index}.userId`, rule: noUser })
    })
  })
  sessions.forEach((session, index) => {
    const wrong = (field: keyof SeedSession, rule: string) =>
      issues.push({ path: `sessions.${index}.${field}`, rule })
    const { organizationId, userId } = session
    if (!userIds.has(userId)) wrong("userId", noUser)
    else if (organizationId !== undefined && members.get(organizationId)?.has(userId) !== true) {
      wrong("organizationId", "must be the id of an organization that the user is a member of")
    }
    const { createdAt, lastActiveAt } = ages(session, now, 0)
    if (lastActiveAt < createdAt) wrong("lastActiveAgo", "must not be longer ago than createdAgo")
    if (Math.min(createdAt, lastActiveAt) < 0) {
      wrong(
        session.createdAgo === undefined ? "lastActiveAgo" : "createdAgo",
        "must not reach back beyond 1970, where TestClock begins: set the time first (TestClock.setTime)"
      )
    }
  })
  return issues
}

const noUser = "must be the id of a user"

/** As many as a reader wants at once; a seed may have a hundred thousand sessions. */
const maxIssues = 16

const newSession = (instance: Instance.Instance, seed: SeedSession) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const times = ages(seed, now, instance.sessionLifetime)
    return yield* Instance.newSession(instance, {
      ...(seed.id === undefined ? {} : { id: seed.id }),
      ...(seed.clientId === undefined ? {} : { clientId: seed.clientId }),
      userId: seed.userId,
      lastActiveOrganizationId: seed.organizationId ?? null,
      status: seed.status ?? "active",
      actor: seed.actor ?? null,
      tasks: seed.tasks ?? null,
      latestActivity: { ...aDesktop, id: yield* Ids.make("activity"), ...seed.activity },
      refreshToken: yield* Ids.make("rt"),
      verifiedAt: times.createdAt,
      ...times,
      abandonAt: times.expireAt + Instance.abandonAfterExpiry,
      updatedAt: times.lastActiveAt
    })
  })

const entriesOf = (
  instance: Instance.Instance,
  { organizations = [], sessions = [], templates = [], users = [] }: EmulatorSeed
): Effect.Effect<ReadonlyArray<State.Entry>> =>
  Effect.gen(function* () {
    const entries: Array<State.Entry> = []
    for (const record of yield* Effect.forEach(users, Directory.newUser)) {
      entries.push({ name: "users", id: record.id, record })
    }
    for (const record of yield* Effect.forEach(organizations, Directory.newOrganization)) {
      entries.push({ name: "organizations", id: record.id, record })
    }
    for (const record of templates.map(Directory.newTemplate)) {
      entries.push({ name: "templates", id: record.name, record })
    }
    for (const record of yield* Effect.forEach(sessions, (session) => newSession(instance, session))) {
      entries.push({ name: "sessions", id: record.id, record })
    }
    return entries
  })

/** Takes over all of the data, or nothing of it. */
export const plant = (instance: Instance.Instance, data: unknown): Effect.Effect<void, EmulatorSeedError> =>
  Effect.gen(function* () {
    const { state } = instance
    const seed = yield* readSeed(data)
    const issues = contradictions(seed, state, yield* Clock.currentTimeMillis).slice(0, maxIssues)
    if (issues.length > 0) return yield* new EmulatorSeedError({ issues })
    const entries = yield* entriesOf(instance, seed)
    if (!State.hasRoom(state, entries)) {
      const rule = `must leave the emulator within ${inMiB(limits.data)} of data`
      return yield* new EmulatorSeedError({ issues: [{ path: "", rule }] })
    }
    yield* Effect.forEach(entries, ({ id, name, record }) => State.putOrDie(state, name, id, record), {
      discard: true
    })
  })
