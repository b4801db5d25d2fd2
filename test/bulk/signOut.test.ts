import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import { SignOutEverywhere } from "effect-clerk/bulk"
import { ClerkEmulator } from "effect-clerk/testing"
import { dateTimeFromMillis } from "#major/time.js"
import { replaceLogger, simpleLogger } from "#test/logger.js"
import * as TestClock from "#test/TestClock.js"
import { assert, describe, it } from "#test/vitest.js"
import {
  atNoon,
  ended,
  inTime,
  noon,
  openSessions,
  requested,
  respondNext,
  seedOf,
  sourceOf,
  userIds,
  workerWith
} from "./support.js"

const failedOf = (job: string) =>
  Effect.map(Stream.runCollect(SignOutEverywhere.failed(job)), (all) => [...all])

const lister = (ids: ReadonlyArray<string>) => ids.map((id) => `Sessions.list ${id}`)

describe("a job", () => {
  const users = userIds(27)

  it.effect("ends every active and pending session of every user of the source, and of nobody else", () =>
    Effect.gen(function* () {
      const run = yield* SignOutEverywhere.start({ job: "incident" })
      assert.deepStrictEqual(
        [run.job, run.mode, DateTime.toEpochMillis(run.cutoff)],
        ["incident", "sessions", noon]
      )
      const progress = yield* ended("incident")
      assert.deepInclude(progress, { status: "done", users: 27, failed: 0, mode: "sessions" })
      assert.deepStrictEqual(yield* openSessions, ["sess_26_0", "sess_26_1", "sess_26_3"])
      assert.deepStrictEqual(yield* failedOf("incident"), [])
    }).pipe(
      atNoon(
        workerWith(seedOf(userIds(27), 4), {
          source: sourceOf(users.slice(0, 26).concat("user_none"), 7),
          chunk: 2
        })
      )
    )
  )

  it.effect("keeps sessions that were created after the cutoff", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      yield* TestClock.adjust("1 second")
      const { session } = yield* clerk.signIn("user_1", { sessionId: "sess_new" })
      assert.isAbove(session.createdAt, noon)
      yield* SignOutEverywhere.start({ job: "incident", cutoff: new Date(noon) })
      yield* ended("incident")
      assert.deepStrictEqual(yield* openSessions, ["sess_new"])
    }).pipe(atNoon(workerWith(seedOf(userIds(3), 2), { source: sourceOf(userIds(3), 2) })))
  )

  it.effect("ends a session that was created at the very time of the cutoff", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      yield* clerk.signIn("user_1")
      yield* SignOutEverywhere.start({ job: "incident", cutoff: dateTimeFromMillis(noon) })
      yield* ended("incident")
      assert.deepStrictEqual(yield* openSessions, [])
    }).pipe(atNoon(workerWith(seedOf(userIds(3), 2), { source: sourceOf(userIds(3), 2) })))
  )

  it.effect("ends more sessions of a user than Clerk returns in one page", () =>
    Effect.gen(function* () {
      yield* SignOutEverywhere.start({ job: "incident" })
      const progress = yield* ended("incident")
      assert.deepInclude(progress, { status: "done", users: 1, failed: 0 })
      assert.deepStrictEqual(yield* openSessions, [])
    }).pipe(atNoon(workerWith(seedOf(["user_0"], 1_003), { source: sourceOf(["user_0"], 10) })))
  )

  it.effect("lists the sessions of each user once, and revokes each session once", () =>
    Effect.gen(function* () {
      yield* SignOutEverywhere.start({ job: "incident" })
      yield* ended("incident")
      const expected = [
        ...lister(userIds(9)),
        ...userIds(9).flatMap((_, at) => [`Sessions.revoke sess_${at}_0`, `Sessions.revoke sess_${at}_1`])
      ]
      assert.sameMembers([...(yield* requested)], expected)
    }).pipe(atNoon(workerWith(seedOf(userIds(9), 3), { source: sourceOf(userIds(9), 4), chunk: 1 })))
  )

  it.effect("reads all pages of the source in order, and an empty page too", () => {
    const cursors: Array<string | undefined> = []
    const pages: Readonly<Record<string, SignOutEverywhere.UserPage>> = {
      first: { users: ["user_0"], next: "second" },
      second: { users: [], next: "third" },
      third: { users: ["user_1"] }
    }
    const source = (cursor = "first") =>
      Effect.sync(() => {
        cursors.push(cursor)
        return pages[cursor] ?? { users: [] }
      })
    return Effect.gen(function* () {
      yield* SignOutEverywhere.start({ job: "incident" })
      assert.deepInclude(yield* ended("incident"), { status: "done", users: 2 })
      assert.deepStrictEqual(cursors, ["first", "second", "third"])
    }).pipe(atNoon(workerWith(seedOf(userIds(2), 1), { source })))
  })

  it.effect("is done at once when the source has no users", () =>
    Effect.gen(function* () {
      yield* SignOutEverywhere.start({ job: "incident" })
      assert.deepInclude(yield* ended("incident"), { status: "done", users: 0, failed: 0 })
    }).pipe(atNoon(workerWith(seedOf([], 0), { source: sourceOf([], 5) })))
  )
})

describe("starting a job again", () => {
  it.effect("returns the run that exists, with its cutoff and its mode, and repeats nothing", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      yield* SignOutEverywhere.start({ job: "incident", cutoff: new Date(noon - 1_000) })
      yield* ended("incident")
      const before = (yield* clerk.requests).length
      yield* TestClock.adjust("1 minute")
      const again = yield* SignOutEverywhere.start({ job: "incident", mode: "compromised" })
      assert.deepStrictEqual([again.mode, DateTime.toEpochMillis(again.cutoff)], ["sessions", noon - 1_000])
      yield* TestClock.adjust("1 minute")
      assert.deepInclude(yield* ended("incident"), { status: "done", users: 3 })
      assert.lengthOf(yield* clerk.requests, before)
    }).pipe(atNoon(workerWith(seedOf(userIds(3), 2), { source: sourceOf(userIds(3), 2) })))
  )

  it.effect("under another name is another job, which finds nothing left to do", () =>
    Effect.gen(function* () {
      for (const job of ["one", "two"]) {
        yield* SignOutEverywhere.start({ job })
        assert.deepInclude(yield* ended(job), { status: "done", users: 3 })
      }
      assert.sameMembers(
        [...(yield* requested)].filter((request) => request.startsWith("Sessions.list")),
        lister([...userIds(3), ...userIds(3)])
      )
    }).pipe(atNoon(workerWith(seedOf(userIds(3), 2), { source: sourceOf(userIds(3), 2) })))
  )
})

describe("the progress of a job", () => {
  it.effect("is unknown for a name that no job has", () =>
    Effect.gen(function* () {
      const progress = yield* SignOutEverywhere.progress("nobody")
      assert.deepStrictEqual(progress, { status: "unknown", users: 0, failed: 0 })
      assert.deepStrictEqual(yield* failedOf("nobody"), [])
    }).pipe(atNoon(workerWith(seedOf([], 0), { source: sourceOf([], 5) })))
  )

  it.effect("grows from part to part, and watch ends with the job", () => {
    // The source waits for an hour before each page, so that the test sees the parts between.
    const read = sourceOf(userIds(60), 20)
    const source = (cursor?: string) => Effect.delay(read(cursor), "1 hour")
    return Effect.gen(function* () {
      yield* SignOutEverywhere.start({ job: "incident" })
      const seen = yield* inTime(
        Stream.runCollect(SignOutEverywhere.watch("incident", { every: "10 minutes" })),
        "10 minutes"
      )
      const users = [...seen].map(({ users }) => users)
      assert.deepStrictEqual([...new Set(users)], [0, 20, 40, 60], "each part has ten chunks of two users")
      assert.deepStrictEqual(
        [...seen].map(({ status }) => status).filter((status) => status === "done").length,
        1
      )
    }).pipe(atNoon(workerWith(seedOf(userIds(60), 1), { source, chunk: 2 })))
  })
})

describe("a response of Clerk", () => {
  const oneUser = workerWith(seedOf(["user_0"], 1), { source: sourceOf(["user_0"], 1) })

  it.effect("404 to a list or to a revoke is a success", () =>
    Effect.gen(function* () {
      yield* respondNext("Sessions.list", 404)
      yield* SignOutEverywhere.start({ job: "one" })
      assert.deepInclude(yield* ended("one"), { status: "done", users: 1, failed: 0 })
      yield* respondNext("Sessions.revoke", 404)
      yield* SignOutEverywhere.start({ job: "two" })
      assert.deepInclude(yield* ended("two"), { status: "done", users: 1, failed: 0 })
      assert.deepStrictEqual(yield* requested, [
        "Sessions.list user_0",
        "Sessions.list user_0",
        "Sessions.revoke sess_0_0"
      ])
    }).pipe(atNoon(oneUser))
  )

  it.effect("409 to a revoke is a success if the session has ended, and otherwise revoked again", () =>
    Effect.gen(function* () {
      yield* respondNext("Sessions.revoke", 409, 409)
      yield* SignOutEverywhere.start({ job: "one" })
      assert.deepStrictEqual(yield* ended("one").pipe(Effect.andThen(failedOf("one"))), [])
      assert.deepStrictEqual(yield* openSessions, [])
      assert.deepStrictEqual(yield* requested, [
        "Sessions.list user_0",
        "Sessions.revoke sess_0_0",
        "Sessions.get sess_0_0",
        "Sessions.revoke sess_0_0",
        "Sessions.get sess_0_0",
        "Sessions.revoke sess_0_0"
      ])
    }).pipe(atNoon(oneUser))
  )

  for (const [status, reason] of [
    [401, "unauthorized"],
    [403, "forbidden"]
  ] as const) {
    it.effect(`${status} stops the job, because no other request can succeed`, () =>
      Effect.gen(function* () {
        const clerk = yield* ClerkEmulator
        yield* respondNext("Sessions.list", ...Array.from({ length: 30 }, () => status))
        yield* SignOutEverywhere.start({ job: "incident" })
        assert.deepInclude(yield* ended("incident"), { status: "stopped", users: 0, stopped: { reason } })
        assert.isAtMost((yield* clerk.requests).length, 15)
      }).pipe(atNoon(workerWith(seedOf(userIds(300), 1), { source: sourceOf(userIds(300), 100), chunk: 20 })))
    )
  }

  it.effect("500 is retried with backoff, nine times, and the third time leaves a line in the log", () => {
    const lines: Array<string> = []
    return Effect.gen(function* () {
      yield* respondNext("Sessions.revoke", ...Array.from({ length: 9 }, () => 500))
      yield* SignOutEverywhere.start({ job: "incident" })
      assert.deepInclude(yield* ended("incident"), { status: "done", users: 1, failed: 0 })
      assert.deepStrictEqual(yield* openSessions, [])
      const failures = lines.filter((line) => line.includes("SignOutEverywhere:"))
      assert.lengthOf(failures, 1)
      assert.match(
        failures[0] ?? "",
        /level=WARN(ING)? .*"SignOutEverywhere: attempt 3 of 10 failed, and the job goes on: Sessions\.revoke: 500 /i
      )
    }).pipe(atNoon(oneUser), Effect.provide(replaceLogger(simpleLogger((line) => lines.push(line)))))
  })

  it.effect("500 ten times lists the user as failed, and the other users are signed out", () =>
    Effect.gen(function* () {
      yield* respondNext("Sessions.list", ...Array.from({ length: 10 }, () => 503))
      yield* SignOutEverywhere.start({ job: "incident" })
      assert.deepInclude(yield* ended("incident"), { status: "done", users: 3, failed: 1 })
      assert.deepStrictEqual(yield* failedOf("incident"), [{ userId: "user_0", reason: "server-error" }])
      assert.deepStrictEqual(yield* openSessions, ["sess_0_0"])
    }).pipe(
      atNoon(
        workerWith(seedOf(userIds(3), 1), { source: sourceOf(userIds(3), 5), parallel: 1, concurrency: 1 })
      )
    )
  )

  it.effect("422 lists the user as failed at once", () =>
    Effect.gen(function* () {
      yield* respondNext("Sessions.list", 422)
      yield* SignOutEverywhere.start({ job: "incident" })
      yield* ended("incident")
      assert.deepStrictEqual(yield* failedOf("incident"), [{ userId: "user_0", reason: "rejected" }])
      assert.deepStrictEqual(yield* requested, ["Sessions.list user_0"])
    }).pipe(atNoon(oneUser))
  )
})

describe("a job that is cancelled", () => {
  it.effect("stops after the chunks that are running, and does not start again", () => {
    const read = sourceOf(userIds(60), 20)
    const source = (cursor?: string) => Effect.delay(read(cursor), "1 hour")
    return Effect.gen(function* () {
      yield* SignOutEverywhere.start({ job: "incident" })
      yield* inTime(Effect.sleep("90 minutes"), "10 minutes")
      yield* SignOutEverywhere.cancel("incident")
      const stopped = { status: "stopped", users: 20, stopped: { reason: "cancelled" } } as const
      assert.deepInclude(yield* ended("incident", "10 minutes"), stopped)
      yield* SignOutEverywhere.start({ job: "incident" })
      assert.deepInclude(yield* ended("incident", "10 minutes"), stopped)
      assert.lengthOf(yield* openSessions, 40)
    }).pipe(atNoon(workerWith(seedOf(userIds(60), 1), { source, chunk: 2 })))
  })
})

describe("the users who failed", () => {
  it.effect("are listed part by part", () => {
    const invalid = userIds(45).map((id) => `${id}/..`)
    return Effect.gen(function* () {
      yield* SignOutEverywhere.start({ job: "incident" })
      assert.deepInclude(yield* ended("incident"), { status: "done", users: 45, failed: 45 })
      assert.deepStrictEqual(
        yield* failedOf("incident"),
        invalid.map((userId) => ({ userId, reason: "invalid-request" as const }))
      )
      assert.deepStrictEqual(yield* requested, [])
    }).pipe(atNoon(workerWith(seedOf([], 0), { source: sourceOf(invalid, 10), chunk: 2 })))
  })
})

describe("a source", () => {
  const stoppedBy = (source: (cursor?: string) => Effect.Effect<SignOutEverywhere.UserPage, unknown>) =>
    Effect.gen(function* () {
      yield* SignOutEverywhere.start({ job: "incident" })
      const { status, stopped } = yield* ended("incident")
      assert.deepStrictEqual([status, stopped?.reason], ["stopped", "source"])
      return stopped?.detail
    }).pipe(atNoon(workerWith(seedOf([], 0), { source })))

  it.effect("that fails nine times is retried", () => {
    let failures = 9
    const read = sourceOf(["user_0"], 1)
    const source = (cursor?: string) =>
      Effect.suspend(() => (failures-- > 0 ? Effect.fail("down") : read(cursor)))
    return Effect.gen(function* () {
      yield* SignOutEverywhere.start({ job: "incident" })
      assert.deepInclude(yield* ended("incident"), { status: "done", users: 1 })
    }).pipe(atNoon(workerWith(seedOf(["user_0"], 1), { source })))
  })

  it.effect("that fails ten times stops the job, which does not show the text of the error", () =>
    Effect.gen(function* () {
      const failure = { _tag: "SqlError", message: "postgres://user:secret@db" }
      const tagged = yield* stoppedBy(() => Effect.fail(failure))
      assert.strictEqual(tagged, "failed 10 times, at last with SqlError")
      const thrown = yield* stoppedBy(() => Effect.die(new Error("postgres://user:secret@db")))
      assert.strictEqual(thrown, "failed 10 times, at last with an error")
    })
  )

  it.effect("that is rejected stops the job at once, because no retry can help", () => {
    let reads = 0
    const source = () =>
      Effect.suspend(() => {
        reads += 1
        return Effect.fail({ _tag: "ResponseError", response: { status: 403 }, message: "key 1234" })
      })
    return Effect.gen(function* () {
      assert.strictEqual(yield* stoppedBy(source), "failed with ResponseError 403, which no retry can help")
      assert.strictEqual(reads, 1)
    })
  })

  const wrong: ReadonlyArray<readonly [title: string, page: unknown, rule: string]> = [
    ["no object", "user_1", "must return an object with users and next"],
    ["a misspelt name", { users: [], nxt: "1" }, "nxt is not a part of a page; did you mean next?"],
    ["ids of another type", { users: [1] }, "users must be an array of at most 1000 ids"],
    ["too many users", { users: userIds(1_001) }, "users must be an array of at most 1000 ids"],
    [
      "a cursor of another type",
      { users: [], next: 7 },
      "next must be a text of at most 4,096 characters, or absent on the last page"
    ]
  ]
  for (const [title, page, rule] of wrong) {
    it.effect(`that returns ${title} stops the job`, () =>
      Effect.gen(function* () {
        // What a program without types returns.
        const detail = yield* stoppedBy(() => Effect.succeed(page as SignOutEverywhere.UserPage))
        assert.strictEqual(detail, rule)
      })
    )
  }

  it.effect("that returns the cursor it was given stops the job, which would never end", () =>
    Effect.gen(function* () {
      const detail = yield* stoppedBy(() => Effect.succeed({ users: [], next: "same" }))
      assert.strictEqual(detail, "next must not be the cursor that the source was given")
    })
  )
})

describe("an option that is invalid", () => {
  const invalid = (program: Effect.Effect<unknown, unknown, never>) =>
    Effect.map(Effect.exit(program), (exit) => (Exit.isFailure(exit) ? String(exit.cause) : "succeeded"))

  it.effect("fails the start with the name of the option", () =>
    Effect.gen(function* () {
      const start = (options: unknown) =>
        // What a program without types passes.
        Effect.map(
          Effect.flip(SignOutEverywhere.start(options as SignOutEverywhere.StartOptions)),
          ({ message }) => message
        )
      assert.strictEqual(
        yield* start({ job: "" }),
        "SignOutEverywhere.start: job must be 1 to 128 characters on one line, such as incident-2026-11-27"
      )
      assert.include(
        yield* start({ job: "a", cutof: 1 }),
        "cutof is not an option of SignOutEverywhere.start"
      )
      assert.include(yield* start({ job: "a", cutoff: 5 }), "cutoff must be a DateTime or a valid Date")
      assert.include(
        yield* start({ job: "a", cutoff: new Date(noon + 1) }),
        "cutoff must not be in the future"
      )
      assert.include(yield* start({ job: "a", mode: "all" }), 'mode must be "sessions" or "compromised"')
    }).pipe(atNoon(workerWith(seedOf([], 0), { source: sourceOf([], 1) })))
  )

  it.effect("fails the layer with the name of the option", () =>
    Effect.gen(function* () {
      const layer = (options: object) =>
        invalid(Effect.void.pipe(atNoon(workerWith(seedOf([], 0), { source: sourceOf([], 1), ...options }))))
      assert.include(yield* layer({ chunk: 0 }), "chunk must be a whole number from 1 to 1000")
      assert.include(yield* layer({ parallel: 21 }), "parallel must be a whole number from 1 to 20")
      assert.include(yield* layer({ source: 1 }), "source must be a function")
      assert.include(yield* layer({ paralel: 1 }), "did you mean parallel?")
    })
  )
})
