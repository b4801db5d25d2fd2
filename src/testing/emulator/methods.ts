import * as Duration from "effect/Duration"
import type { DurationInput } from "#major/time.js"
import { appCookies, liveSessions, newClient, saveClient } from "../../core/emulator/clients.js"
import { type Moment, makeId } from "../../core/emulator/ids.js"
import type { Instance } from "../../core/emulator/instance.js"
import type * as Model from "../../core/emulator/model.js"
import { aged, findSession, isMember, newSignIn, save, visible } from "../../core/emulator/sessions.js"
import { type Entry, put, type SessionRecord } from "../../core/emulator/state.js"
import { issueSessionToken, issueToken, type TokenOptions } from "../../core/emulator/tokens.js"
import type { Outbox } from "../../core/emulator/webhooks.js"
import { visibleText } from "../../core/redaction/redact.js"
import type * as Inputs from "./inputs.js"

/*
 * The methods of the emulator that arrange its data. They throw an `EmulatorUsageError`, which becomes a defect.
 */

/**
 * A method of the emulator was called with an invalid input. In process it is a defect, because the mistake is in the
 * test. The control API responds with `status` and `sentence`.
 */
export class EmulatorUsageError extends Error {
  readonly status: 400 | 404 | 409
  readonly sentence: string

  constructor(status: EmulatorUsageError["status"], sentence: string, method?: string) {
    super(`ClerkEmulator: ${method === undefined ? "" : `${method}: `}${sentence}`)
    this.status = status
    this.sentence = sentence
  }
}

/** The error of an id. A test may have given a token in the place of an id, so the sentence masks it. */
const idError = (status: 404 | 409, sentence: string) => new EmulatorUsageError(status, visibleText(sentence))

/**
 * The default web origin of a sign-in, which becomes the `azp` of the session token.
 *
 * @since 4.0.0
 * @category constants
 */
export const DEFAULT_ORIGIN: string = "https://app.emulator.test"

export const seconds = (duration: DurationInput): number => Math.floor(Duration.toSeconds(duration))

/** Adds a record, or replaces the one of the same id. */
export const store = <E extends Entry>({ state }: Instance, entry: E): E["record"] => {
  const full = put(state, entry)
  if (full !== undefined) throw new EmulatorUsageError(409, full)
  return entry.record
}

const saveSession = (instance: Instance, moment: Moment, record: SessionRecord): void => {
  const full = save(instance, moment, record)
  if (full !== undefined) throw new EmulatorUsageError(409, full)
}

export const newUser = (
  moment: Moment,
  { features = [], id = makeId("user", moment), plan }: Inputs.CreateUserOptions
): Model.EmulatedUser => ({ id, features, plan })

export const newOrganization = (
  moment: Moment,
  {
    features = [],
    id = makeId("org", moment),
    members = [],
    plan,
    slug = id.toLowerCase().replaceAll("_", "-")
  }: Inputs.CreateOrganizationOptions
): Model.EmulatedOrganization => ({
  id,
  slug,
  features,
  plan,
  members: members.map(({ permissions = [], role = "org:member", userId }) => ({ userId, role, permissions }))
})

export const newTemplate = ({
  claims = {},
  lifetime = "60 seconds",
  name
}: Inputs.CreateTemplateOptions): Model.EmulatedTemplate => ({
  name,
  claims,
  lifetimeSeconds: seconds(lifetime)
})

/** Finds a session as it is now. */
export const sessionOf = ({ state }: Instance, { now }: Moment, id: string): SessionRecord => {
  const session = findSession(state, id, now)
  if (session === undefined) throw idError(404, `there is no session ${id}`)
  return session
}

const tokenOptions = ({ age, expiresIn, ...options }: Inputs.MintOptions): TokenOptions => ({
  ...options,
  ...(age === undefined ? {} : { ageMillis: Duration.toMillis(age) }),
  ...(expiresIn === undefined ? {} : { lifetimeSeconds: seconds(expiresIn) })
})

/** Rejects an active organization that no token of the user can state. */
const checkMember = (
  { state }: Instance,
  userId: string,
  organizationId: string | null | undefined
): void => {
  if (organizationId === null || organizationId === undefined) return
  if (isMember(state.organizations.get(organizationId), userId)) return
  throw idError(404, `user ${userId} is not a member of an organization ${organizationId}`)
}

export const signIn = async (
  instance: Instance,
  moment: Moment,
  userId: string,
  options: Inputs.SignInOptions
): Promise<Model.SignedIn> => {
  const { sessions, users } = instance.state
  const { organizationId, origin = DEFAULT_ORIGIN, sessionId: id } = options
  if (!users.has(userId))
    throw idError(404, `there is no user ${userId}; create it first, with createUser or a seed`)
  checkMember(instance, userId, organizationId)
  if (id !== undefined && sessions.has(id)) {
    throw idError(409, `there is a session ${id} already`)
  }
  const record = newSignIn(instance, moment, { ...options, id, userId })
  saveSession(instance, moment, record)
  const sessionToken = await issueSessionToken(instance, moment, record, tokenOptions({ ...options, origin }))
  return { session: visible(record), sessionToken, refreshToken: record.refreshToken, origin }
}

export const signInBrowser = async (
  instance: Instance,
  moment: Moment,
  userId: string,
  options: Inputs.SignInOptions
): Promise<Readonly<Record<string, string>>> => {
  const { clientId, origin = DEFAULT_ORIGIN } = options
  const token = tokenOptions({ ...options, origin })
  const made = newClient(moment)
  const client = saveClient(instance, {
    ...made,
    id: clientId ?? made.id,
    changedAt: moment.now - (token.ageMillis ?? 0)
  })
  const find = () => liveSessions(instance, client, moment.now).find((session) => session.userId === userId)
  if (find() === undefined) await signIn(instance, moment, userId, { ...options, clientId: client.id })
  const cookies = await appCookies(instance, moment, client, find(), { ...token, withSuffix: true })
  return Object.fromEntries(cookies.map(({ name, value }) => [name, value]))
}

export const mintSessionToken = async (
  instance: Instance,
  moment: Moment,
  id: string,
  options: Inputs.MintOptions
): Promise<string> =>
  issueSessionToken(instance, moment, sessionOf(instance, moment, id), tokenOptions(options))

export const mintToken = async (
  instance: Instance,
  moment: Moment,
  { payload, sessionId, sign, template: name, ...options }: Inputs.MintTokenOptions
): Promise<string> => {
  const template = name === undefined ? undefined : instance.state.templates.get(name)
  if (name !== undefined && template === undefined) {
    throw idError(404, `there is no template ${name}`)
  }
  if (name !== undefined && sessionId === undefined) {
    throw idError(404, `a token of template ${name} needs a sessionId`)
  }
  const session = sessionId === undefined ? undefined : sessionOf(instance, moment, sessionId)
  return issueToken(instance, moment, session, template, { ...tokenOptions(options), payload, sign })
}

/** Changes the stored session, so that a later `expireAt` makes an expired session active again. */
export const updateSession = (
  instance: Instance,
  moment: Moment,
  id: string,
  patch: Model.EmulatedSessionPatch
): Model.EmulatedSession => {
  const { now } = moment
  const stored = instance.state.sessions.get(id)
  if (stored === undefined) throw idError(404, `there is no session ${id}`)
  checkMember(instance, stored.userId, patch.lastActiveOrganizationId)
  const record = { ...stored, ...patch, updatedAt: now }
  saveSession(instance, moment, record)
  return visible(aged(record, now))
}

/** Returns the outbox of an emulator that makes webhooks. */
export const outboxOf = ({ outbox }: Instance, method: string): Outbox => {
  if (outbox !== undefined) return outbox
  throw new EmulatorUsageError(400, "the emulator makes no webhooks without the option webhookSecret", method)
}
