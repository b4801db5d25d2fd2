import { Clock, Deferred, Effect, Fiber, Layer, Option } from "effect"
import { ClerkHttp } from "effect-clerk"
import { ClerkEmulator } from "effect-clerk/testing"
import { fork, poll, runner } from "#test/fiber.js"
import * as TestClock from "#test/TestClock.js"
import { assert, describe, it } from "#test/vitest.js"
import { makeApp } from "../../examples/devices/app.js"
import { clerkInMemory } from "../../examples/devices/demo.js"

const origin = "http://127.0.0.1:3000"

const ClerkInMemory = clerkInMemory(origin)

/** A visitor with a browser, who sends requests to the application without a socket and keeps its cookies. */
const visitor = Effect.gen(function* () {
  const app = yield* makeApp(origin)
  const { runPromise } = yield* runner<ClerkHttp | ClerkEmulator>()
  const cookies = new Map<string, string>()
  const ask = (method: "GET" | "HEAD" | "POST", path: string, form?: Record<string, string>) =>
    Effect.promise(async () => {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ")
      const headers = { cookie, ...(method === "POST" ? { origin } : {}) }
      const body = form && new URLSearchParams(form)
      const response = await runPromise(
        app(new Request(new URL(path, origin), { method, headers, ...(body && { body }) }))
      )
      for (const set of response.headers.getSetCookie()) {
        const [pair = ""] = set.split(";")
        cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1))
      }
      return {
        status: response.status,
        location: response.headers.get("location"),
        headers: response.headers,
        text: await response.text()
      }
    })
  return {
    get: (path: string) => ask("GET", path),
    head: (path: string) => ask("HEAD", path),
    post: (path: string, form = {}) => ask("POST", path, form)
  }
})

/** Clerk does not respond to one operation. `asked` is done when Clerk receives the request. */
const silentOn = (operation: string) =>
  Effect.map(Deferred.make<void>(), (asked) => {
    const silenced = Layer.effect(
      ClerkHttp,
      Effect.map(ClerkHttp, ({ execute, ...rest }) => ({
        ...rest,
        execute: (request) =>
          request.operation === operation
            ? Effect.andThen(Deferred.succeed(asked, undefined), Effect.never)
            : execute(request)
      }))
    )
    return {
      asked: Deferred.await(asked),
      clerk: Layer.provideMerge(silenced, ClerkInMemory)
    }
  })

/** Runs a scenario at noon, with a Clerk of its own. */
const atNoonWith =
  <I, E>(clerk: Layer.Layer<I, E>) =>
  <A, E2, R>(story: Effect.Effect<A, E2, R>) =>
    Effect.andThen(TestClock.setTime(Date.UTC(2026, 0, 15, 12)), Effect.provide(story, clerk))

/**
 * Joins a fiber and advances the time in steps until it is done. The clock of a test does not see which of the
 * application's fibers still have to start to sleep. Returns how many seconds it took.
 */
const joinInTime = <A, E>(fiber: Fiber.Fiber<A, E>) =>
  Effect.gen(function* () {
    const started = yield* Clock.currentTimeMillis
    while (Option.isNone(yield* poll(fiber))) {
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 2)))
      yield* TestClock.adjust("250 millis")
    }
    return [yield* Fiber.join(fiber), ((yield* Clock.currentTimeMillis) - started) / 1000] as const
  })

/** The page that the application shows when Clerk does not respond for some seconds. */
const givenUp = <A extends { readonly status: number }, E, R>(
  request: Effect.Effect<A, E, R>,
  asked: Effect.Effect<void>
) =>
  Effect.gen(function* () {
    const asking = yield* fork(request)
    yield* asked
    const [page, seconds] = yield* joinInTime(asking)
    assert.isAtMost(seconds, 8)
    assert.strictEqual(page.status, 504)
    return page
  })

const alertOf = (text: string) => /role="alert">([^<]*)</.exec(text)?.[1]

const revokePathOf = (text: string, device: string) => {
  const item = text.split("<li").find((item) => item.includes(device))
  return /action="([^"]*)"/.exec(item ?? "")?.[1] ?? assert.fail(`${device} is not on the page`)
}

describe("the devices example", () => {
  it.effect("shows the devices of the user who signs in, and signs them out", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const { get, post } = yield* visitor

      const stranger = yield* get("/")
      assert.deepStrictEqual([stranger.status, stranger.location], [303, "/sign-in"])
      assert.include((yield* get("/sign-in")).text, "Chrome on Mac, Athens, GR")
      const entered = yield* post("/sign-in", { browser: "mac" })
      assert.deepStrictEqual([entered.status, entered.location], [303, "/"])

      const page = yield* get("/")
      assert.strictEqual(page.status, 200)
      assert.strictEqual(page.headers.get("content-type"), "text/html; charset=utf-8")
      assert.match(page.headers.get("content-security-policy") ?? "", /^default-src 'none'; /)
      assert.strictEqual(page.headers.get("cache-control"), "no-store")
      assert.match(page.text, /aria-current="true">\s*<div>\s*<h2>Chrome on Mac <span/)
      assert.include(
        page.text,
        `<time datetime="2026-01-15T09:00:00.000Z">3 hours ago (15 Jan 2026, 09:00 UTC)</time>`
      )

      const one = yield* post(revokePathOf(page.text, "Safari on iPhone"))
      assert.deepStrictEqual([one.status, one.location], [303, "/?done=one"])
      assert.notInclude((yield* get("/?done=one")).text, "Safari on iPhone")

      const others = yield* post("/devices/revoke-others")
      assert.deepStrictEqual([others.status, others.location], [303, "/?done=others"])
      const statuses = (yield* clerk.sessions).map(({ status }) => status)
      assert.sameMembers(statuses, ["active", "revoked", "revoked", "revoked", "revoked"])

      const here = yield* post(revokePathOf(page.text, "Chrome on Mac"))
      assert.deepStrictEqual([here.status, here.location], [303, "/sign-in?done=here"])
      assert.strictEqual((yield* get("/")).location, "/sign-in")
    }).pipe(atNoonWith(ClerkInMemory))
  )

  it.effect("decides by Clerk's state, not by the token, whether a session has ended", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const { get, post } = yield* visitor
      yield* post("/sign-in", { browser: "android" })
      const before = yield* get("/")
      const [newest] = (yield* clerk.sessions).filter(({ clientId }) => clientId === "client_android")
      yield* clerk.updateSession(newest?.id ?? "", { status: "ended" })

      const refused = yield* post(revokePathOf(before.text, "Chrome on Mac"))
      assert.strictEqual(refused.status, 401)
      assert.include(alertOf(refused.text), "no longer signed in on this device")
      assert.notInclude(refused.text, "Chrome on Mac")
      assert.isTrue((yield* clerk.sessions).every(({ status }) => status !== "revoked"))
    }).pipe(atNoonWith(ClerkInMemory))
  )

  it.effect("shows an error for a path or a query that it does not know", () =>
    Effect.gen(function* () {
      const { get, head, post } = yield* visitor
      assert.deepInclude(yield* head("/sign-in"), { status: 200, text: "" })
      yield* post("/sign-in", { browser: "mac" })
      for (const page of [yield* get("/nowhere"), yield* post("/nowhere"), yield* get("/?done=all")]) {
        assert.strictEqual(page.status, 404)
        assert.strictEqual(page.headers.get("cache-control"), "no-store")
        assert.strictEqual(alertOf(page.text), "This page does not exist.")
      }
    }).pipe(atNoonWith(ClerkInMemory))
  )

  it.effect("shows an error when it cannot verify the token, because Clerk's keys are unavailable", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator
      const { get, post } = yield* visitor
      yield* post("/sign-in", { browser: "mac" })
      yield* clerk.respondNext({ status: 401, body: "{}" })
      const page = yield* get("/")
      assert.strictEqual(page.status, 503)
      assert.include(alertOf(page.text), "is unavailable")
    }).pipe(atNoonWith(ClerkInMemory))
  )

  it.effect("shows an error after some seconds without a response", () =>
    Effect.gen(function* () {
      const { asked, clerk } = yield* silentOn("Sessions.list")
      yield* Effect.gen(function* () {
        const { get, post } = yield* visitor
        yield* post("/sign-in", { browser: "mac" })
        const page = yield* givenUp(get("/"), asked)
        assert.include(alertOf(page.text), "did not respond in time")
      }).pipe(atNoonWith(clerk))
    })
  )

  it.effect("still shows the devices when signing one out takes too long", () =>
    Effect.gen(function* () {
      const { asked, clerk } = yield* silentOn("Sessions.revoke")
      yield* Effect.gen(function* () {
        const { get, post } = yield* visitor
        yield* post("/sign-in", { browser: "mac" })
        const path = revokePathOf((yield* get("/")).text, "Safari on iPhone")
        const page = yield* givenUp(post(path), asked)
        assert.include(alertOf(page.text), "Check which devices are signed in")
        assert.include(page.text, "Safari on iPhone")
      }).pipe(atNoonWith(clerk))
    })
  )
})
