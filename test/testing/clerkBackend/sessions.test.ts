import type { Session as TheirSession } from "@clerk/backend"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { type Session, Sessions } from "effect-clerk"
import { describe, expect, it } from "#test/vitest.js"
import { attempt } from "../../support/requests.js"
import { expectSame, type Field, someone, stage } from "./support.js"

const millis = DateTime.toEpochMillis

/** Every field of their session beside ours. An absent field is `undefined` here, and `null` or `undefined` there. */
const sessionFields: ReadonlyArray<Field<Session, TheirSession>> = [
  ["id", (ours) => ours.id, (theirs) => theirs.id],
  ["clientId", (ours) => ours.clientId, (theirs) => theirs.clientId],
  ["userId", (ours) => ours.userId, (theirs) => theirs.userId],
  ["status", (ours) => ours.status, (theirs) => theirs.status],
  ["lastActiveAt", (ours) => millis(ours.lastActiveAt), (theirs) => theirs.lastActiveAt],
  ["expireAt", (ours) => millis(ours.expireAt), (theirs) => theirs.expireAt],
  ["abandonAt", (ours) => ours.abandonAt && millis(ours.abandonAt), (theirs) => theirs.abandonAt],
  ["createdAt", (ours) => millis(ours.createdAt), (theirs) => theirs.createdAt],
  ["updatedAt", (ours) => millis(ours.updatedAt), (theirs) => theirs.updatedAt],
  [
    "lastActiveOrganizationId",
    (ours) => ours.lastActiveOrganizationId,
    (theirs) => theirs.lastActiveOrganizationId ?? undefined
  ],
  ["actor", (ours) => ours.actor, (theirs) => theirs.actor ?? undefined],
  [
    "latestActivity",
    ({ latestActivity }) => latestActivity && { ...latestActivity, object: undefined },
    ({ latestActivity }) => (latestActivity ? { ...latestActivity } : undefined)
  ]
]

const expectSameSession = (ours: Session, theirs: TheirSession, apartFrom: ReadonlyArray<string> = []) =>
  expectSame(sessionFields, ours, theirs, apartFrom)

/** The fields that differ between two sessions created one after the other. */
const ofEach = ["id", "clientId", "lastActiveAt", "expireAt", "abandonAt", "createdAt", "updatedAt"]

describe("the same session in @clerk/backend and in this library", () => {
  it.live("covers all of their fields, and all of ours that they have", () =>
    Effect.gen(function* () {
      const { session, theirs } = yield* someone
      const names = sessionFields.map(([name]) => name).sort()
      const their = yield* Effect.promise(() => theirs.getSession(session.id))
      expect(
        Object.keys(their)
          .filter((name) => name !== "_raw")
          .sort()
      ).toEqual(names)
      const our = yield* Sessions.get(session.id)
      // `object` is a constant, and their client leaves out the tasks.
      const extra = ["object", "tasks"]
      expect(
        Object.keys(our)
          .filter((name) => !extra.includes(name))
          .sort()
      ).toEqual(names)
    }).pipe(Effect.provide(stage))
  )

  it.live("getSession ↔ get", () =>
    Effect.gen(function* () {
      const { session, theirs } = yield* someone
      const their = yield* Effect.promise(() => theirs.getSession(session.id))
      const our = yield* Sessions.get(session.id)
      expectSameSession(our, their)
      expect(our).toMatchObject({ actor: { sub: "user_support" }, latestActivity: { city: "Lima" } })
    }).pipe(Effect.provide(stage))
  )

  it.live("getSession ↔ get, of a session with few fields", () =>
    Effect.gen(function* () {
      const { theirs, user } = yield* someone
      const { id } = yield* Sessions.create({ userId: user.id })
      const their = yield* Effect.promise(() => theirs.getSession(id))
      const our = yield* Sessions.get(id)
      expectSameSession(our, their)
      expect([our.latestActivity, our.actor, our.lastActiveOrganizationId]).toEqual([
        undefined,
        undefined,
        undefined
      ])
    }).pipe(Effect.provide(stage))
  )

  it.live("getSessionList ↔ list, with every filter and page", () =>
    Effect.gen(function* () {
      const { clerk, session, theirs, user } = yield* someone
      const { clientId } = session
      for (const status of ["ended", "active", "active"] as const) {
        const more = yield* clerk.signIn(user.id, { clientId })
        yield* clerk.updateSession(more.session.id, { status })
      }
      const filters = [
        { userId: user.id },
        { clientId },
        { userId: user.id, clientId },
        { userId: user.id, status: "active" },
        { userId: user.id, status: "ended" },
        { userId: user.id, limit: 2 },
        { userId: user.id, limit: 2, offset: 2 },
        { userId: "user_nobody" }
      ] as const
      const counts: Array<number> = []
      for (const filter of filters) {
        const their = yield* Effect.promise(() => theirs.getSessionList(filter))
        const our = yield* Sessions.list(filter)
        expect(our.totalCount).toBe(their.totalCount)
        expect(our.data.length).toBe(their.data.length)
        for (const [index, one] of our.data.entries()) {
          const other = their.data[index]
          if (other !== undefined) expectSameSession(one, other)
        }
        counts.push(our.data.length)
      }
      expect(counts).toEqual([4, 4, 4, 3, 1, 2, 2, 0])
    }).pipe(Effect.provide(stage))
  )

  it.live("createSession ↔ create, two sessions that differ only in their ids and times", () =>
    Effect.gen(function* () {
      const { theirs, user } = yield* someone
      const their = yield* Effect.promise(() => theirs.createSession({ userId: user.id }))
      const our = yield* Sessions.create({ userId: user.id })
      expectSameSession(our, their, ofEach)
      expect(our.id).not.toBe(their.id)
      expect(our.clientId).not.toBe(their.clientId)
      for (const [name, ofOurs, ofTheirs] of sessionFields) {
        if (!name.endsWith("At")) continue
        const since = Number(ofOurs(our)) - millis(our.createdAt)
        expect(since, name).toBe(Number(ofTheirs(their)) - their.createdAt)
      }
    }).pipe(Effect.provide(stage))
  )

  it.live("revokeSession ↔ revoke, in either order", () =>
    Effect.gen(function* () {
      const { clerk, session, theirs, user } = yield* someone
      const their = yield* Effect.promise(() => theirs.revokeSession(session.id))
      expectSameSession(yield* Sessions.revoke(session.id), their)

      const { session: second } = yield* clerk.signIn(user.id)
      const our = yield* Sessions.revoke(second.id)
      expectSameSession(our, yield* Effect.promise(() => theirs.revokeSession(second.id)))
      expect([their.status, our.status]).toEqual(["revoked", "revoked"])
    }).pipe(Effect.provide(stage))
  )

  it.live("verifySession ↔ verify, in the last API version that has it", () =>
    Effect.gen(function* () {
      const { session, sessionToken, theirsOfOld } = yield* someone
      const their = yield* Effect.promise(() => theirsOfOld.verifySession(session.id, sessionToken))
      expectSameSession(yield* Sessions.verify(session.id, { token: sessionToken }), their)
    }).pipe(Effect.provide(stage))
  )

  it.live("verifySession is removed in the version of their client, and verify still reaches it", () =>
    Effect.gen(function* () {
      const { session, sessionToken, theirs } = yield* someone
      const error = yield* Effect.flip(attempt(() => theirs.verifySession(session.id, sessionToken)))
      expect(error).toMatchObject({ status: 404, errors: [{ code: "resource_not_found" }] })
      expect((yield* Sessions.verify(session.id, { token: sessionToken })).id).toBe(session.id)
    }).pipe(Effect.provide(stage))
  )
})
