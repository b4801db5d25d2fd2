import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { visibleText } from "../../core/redaction/redact.js"
import * as Ids from "./ids.js"
import type { MintOptions, MintTokenOptions, SignInOptions } from "./inputs.js"
import * as Instance from "./instance.js"
import * as Minting from "./minting.js"
import { EmulatorMisuse } from "./misuse.js"
import type { EmulatedActivity, EmulatedSession, EmulatedSessionPatch, SignedIn } from "./model.js"
import * as State from "./state.js"

export const DEFAULT_ORIGIN = "https://app.emulator.test"

export const aDesktop: Omit<EmulatedActivity, "id"> = {
  deviceType: "desktop",
  isMobile: false,
  browserName: "Chrome",
  browserVersion: "128.0.0.0",
  ipAddress: "192.0.2.1",
  city: "Athens",
  country: "GR"
}

/** The part of a record that a test may see. */
export const visible = ({
  refreshToken: _,
  verifiedAt: __,
  ...session
}: State.SessionRecord): EmulatedSession => session

/** A test may have given a token in the place of an id, so the sentence masks it. */
const misuse = (status: 404 | 409, sentence: string) =>
  Effect.die(new EmulatorMisuse(status, visibleText(sentence)))

const noSession = (id: string) => misuse(404, `there is no session ${id}`)

const sessionOrDie = (instance: Instance.Instance, id: string) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const session = State.findSession(instance.state, id, now)
    return session === undefined ? noSession(id) : Effect.succeed(session)
  })

export const signIn = (
  instance: Instance.Instance,
  userId: string,
  options: SignInOptions = {}
): Effect.Effect<SignedIn> =>
  Effect.gen(function* () {
    const { state } = instance
    if (!state.users.has(userId)) {
      return yield* misuse(404, `there is no user ${userId}`)
    }
    const organizationId = options.organizationId ?? null
    if (organizationId !== null) {
      const organization = state.organizations.get(organizationId)
      if (organization === undefined || !State.isMember(organization, userId)) {
        return yield* misuse(404, `user ${userId} is not a member of an organization ${organizationId}`)
      }
    }
    if (options.sessionId !== undefined && state.sessions.has(options.sessionId)) {
      return yield* misuse(409, `there is a session ${options.sessionId} already`)
    }
    const refreshToken = yield* Ids.make("rt")
    const session = yield* Instance.newSession(instance, {
      userId,
      ...(options.sessionId === undefined ? {} : { id: options.sessionId }),
      ...(options.clientId === undefined ? {} : { clientId: options.clientId }),
      lastActiveOrganizationId: organizationId,
      status: options.status ?? "active",
      actor: options.actor ?? null,
      tasks: options.tasks ?? null,
      latestActivity: { ...aDesktop, id: yield* Ids.make("activity"), ...options.activity },
      refreshToken,
      verifiedAt: yield* Clock.currentTimeMillis
    })
    yield* State.putOrDie(state, "sessions", session.id, session)
    const origin = options.origin ?? DEFAULT_ORIGIN
    const sessionToken = yield* Minting.sessionToken(instance, session, { ...options, origin })
    return { session: visible(session), sessionToken, refreshToken, origin }
  })

export const mintSessionToken = (
  instance: Instance.Instance,
  id: string,
  options: MintOptions = {}
): Effect.Effect<string> =>
  Effect.flatMap(sessionOrDie(instance, id), (session) => Minting.sessionToken(instance, session, options))

export const mintToken = (
  instance: Instance.Instance,
  options: MintTokenOptions = {}
): Effect.Effect<string> =>
  Effect.gen(function* () {
    const { sessionId, template: name } = options
    const template = name === undefined ? undefined : instance.state.templates.get(name)
    if (name !== undefined && template === undefined) {
      return yield* misuse(404, `there is no template ${name}`)
    }
    if (name !== undefined && sessionId === undefined) {
      return yield* misuse(404, `a token of template ${name} needs a sessionId`)
    }
    const session = sessionId === undefined ? undefined : yield* sessionOrDie(instance, sessionId)
    return yield* Minting.anyToken(instance, session, template, options)
  })

export const refreshTokenOf = (instance: Instance.Instance, id: string): Effect.Effect<string | null> =>
  Effect.map(sessionOrDie(instance, id), (session) => session.refreshToken)

/** Lays the patch over what is stored, so that a later `expireAt` brings an expired session back. */
export const updateSession = (
  instance: Instance.Instance,
  id: string,
  patch: EmulatedSessionPatch
): Effect.Effect<EmulatedSession> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.suspend(() => {
      const stored = instance.state.sessions.get(id)
      if (stored === undefined) return noSession(id)
      const updated = { ...stored, ...patch, updatedAt: now }
      const full = State.put(instance.state, "sessions", id, updated)
      return full === undefined ? Effect.succeed(visible(State.aged(updated, now))) : misuse(409, full)
    })
  )
