import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type ClerkResponse, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { describe, expect, it } from "#test/vitest.js"
import { withPollutedPrototype } from "../support/pollution.js"
import * as wire from "../support/wire.js"

/** `count` sessions, numbered from `first`. */
const numbered = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => wire.sessionWith({ id: `sess_${first + index}` }))

const idsOf = (first: number, count: number) => numbered(first, count).map(({ id }) => id)

/** A Clerk with `total` sessions in pages, with or without a count. */
const paging = (total: number, form: "envelope" | "array") =>
  ClerkTest.layer(({ query }) => {
    const offset = Number(query?.["offset"] ?? 0)
    const limit = Number(query?.["limit"] ?? 10)
    const data = numbered(offset, Math.max(0, Math.min(limit, total - offset)))
    return ClerkTest.json(200, form === "envelope" ? { data, total_count: total } : data)
  })

/** A Clerk that sends these responses in order, and then repeats the last one. */
const inTurn = (...answers: readonly [ClerkResponse, ...ReadonlyArray<ClerkResponse>]) => {
  let next = 0
  return ClerkTest.layer(() => answers[next++] ?? answers.at(-1) ?? answers[0])
}

const pageOf = (data: ReadonlyArray<unknown>, total?: number) =>
  ClerkTest.json(200, total === undefined ? data : { data, total_count: total })

const collectIds = <E, R>(stream: Stream.Stream<{ readonly id: string }, E, R>) =>
  Effect.map(Stream.runCollect(stream), (all) => Array.from(all).map(({ id }) => id))

const offsets = Effect.map(ClerkTest.requests, (requests) => requests.map(({ query }) => query?.["offset"]))

describe("Sessions.stream", () => {
  it.effect("sends nothing before it is run", () =>
    Effect.gen(function* () {
      const stream = Sessions.stream({ userId: "user_1" })
      expect(yield* ClerkTest.requests).toEqual([])
      expect(yield* collectIds(stream)).toEqual(idsOf(0, 3))
      expect(yield* ClerkTest.requests).toHaveLength(1)
    }).pipe(Effect.provide(paging(3, "envelope")))
  )

  it.effect("requests the largest page, with the filters, from the start", () =>
    Effect.gen(function* () {
      yield* Stream.runDrain(Sessions.stream({ userId: "user_1", clientId: "client_1", status: "active" }))
      expect(yield* ClerkTest.requests).toMatchObject([
        {
          operation: "Sessions.list",
          method: "GET",
          path: ["sessions"],
          query: {
            user_id: "user_1",
            client_id: "client_1",
            status: "active",
            limit: 500,
            offset: 0,
            paginated: true
          }
        }
      ])
    }).pipe(Effect.provide(paging(0, "envelope")))
  )

  it.effect("pages by the given limit, from the given offset", () =>
    Effect.gen(function* () {
      const stream = Sessions.stream({ userId: "user_1", limit: 4, offset: 3 })
      expect(yield* collectIds(stream)).toEqual(idsOf(3, 10))
      expect((yield* ClerkTest.requests).map(({ query }) => [query?.["offset"], query?.["limit"]])).toEqual([
        [3, 4],
        [7, 4],
        [11, 4]
      ])
    }).pipe(Effect.provide(paging(13, "envelope")))
  )

  it.effect("fetches only the pages that are needed", () =>
    Effect.gen(function* () {
      const stream = Sessions.stream({ userId: "user_1", limit: 10 })
      expect(yield* collectIds(Stream.take(stream, 15))).toEqual(idsOf(0, 15))
      expect(yield* offsets).toEqual([0, 10])
    }).pipe(Effect.provide(paging(1_000, "envelope")))
  )

  it.effect("fetches no further page when the wanted sessions end with one", () =>
    Effect.gen(function* () {
      yield* Stream.runDrain(Stream.take(Sessions.stream({ userId: "user_1", limit: 10 }), 10))
      expect(yield* offsets).toEqual([0])
    }).pipe(Effect.provide(paging(1_000, "envelope")))
  )

  it.effect("stops at the count, without another request", () =>
    Effect.gen(function* () {
      expect(yield* collectIds(Sessions.stream({ userId: "user_1", limit: 5 }))).toEqual(idsOf(0, 10))
      expect(yield* offsets).toEqual([0, 5])
    }).pipe(Effect.provide(paging(10, "envelope")))
  )

  it.effect("continues after a short page when the count is higher", () =>
    Effect.gen(function* () {
      expect(yield* collectIds(Sessions.stream({ userId: "user_1", limit: 5 }))).toEqual(idsOf(0, 8))
      expect(yield* offsets).toEqual([0, 3])
    }).pipe(Effect.provide(inTurn(pageOf(numbered(0, 3), 8), pageOf(numbered(3, 5), 8))))
  )

  it.effect("stops at a short page without a count", () =>
    Effect.gen(function* () {
      expect(yield* collectIds(Sessions.stream({ userId: "user_1", limit: 5 }))).toEqual(idsOf(0, 8))
      expect(yield* offsets).toEqual([0, 5])
    }).pipe(Effect.provide(paging(8, "array")))
  )

  it.effect("stops at an empty page, with or without a count", () =>
    Effect.gen(function* () {
      const all = collectIds(Sessions.stream({ userId: "user_1", limit: 5 }))
      const uncounted = Effect.zip(all, offsets).pipe(Effect.provide(paging(10, "array")))
      expect(yield* uncounted).toEqual([idsOf(0, 10), [0, 5, 10]])
      // Sessions are deleted while they are listed, so a count may be higher than the number of sessions.
      const miscounted = Effect.zip(all, offsets).pipe(
        Effect.provide(inTurn(pageOf(numbered(0, 5), 99), pageOf([], 99)))
      )
      expect(yield* miscounted).toEqual([idsOf(0, 5), [0, 5]])
    })
  )

  it.effect("drops sessions that a newer one has shifted to the next page", () =>
    Effect.gen(function* () {
      expect(yield* collectIds(Sessions.stream({ userId: "user_1", limit: 3 }))).toEqual(idsOf(0, 5))
      expect(yield* offsets).toEqual([0, 3])
    }).pipe(Effect.provide(inTurn(pageOf(numbered(0, 3), 5), pageOf(numbered(2, 3), 6))))
  )

  it.effect("continues after a page of known sessions", () =>
    Effect.gen(function* () {
      expect(yield* collectIds(Sessions.stream({ userId: "user_1", limit: 2 }))).toEqual(idsOf(0, 3))
      expect(yield* offsets).toEqual([0, 2, 4])
    }).pipe(Effect.provide(inTurn(pageOf(numbered(0, 2)), pageOf(numbered(0, 2)), pageOf(numbered(2, 1)))))
  )

  it.effect("starts from the beginning in each run", () =>
    Effect.gen(function* () {
      const stream = Sessions.stream({ userId: "user_1" })
      expect(yield* collectIds(stream)).toEqual(idsOf(0, 3))
      expect(yield* collectIds(stream)).toEqual(idsOf(0, 3))
    }).pipe(Effect.provide(paging(3, "envelope")))
  )

  it.effect("fails with the error of the page, after the sessions before it", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const error = yield* Sessions.stream({ userId: "user_1", limit: 2 }).pipe(
        Stream.runForEach(({ id }) => Effect.sync(() => seen.push(id))),
        Effect.flip
      )
      expect(seen).toEqual(idsOf(0, 2))
      expect(error).toMatchObject({ _tag: "ClerkForbidden", operation: "Sessions.list", status: 403 })
      expect(yield* offsets).toEqual([0, 2])
    }).pipe(Effect.provide(inTurn(pageOf(numbered(0, 2), 9), ClerkTest.json(403, {}))))
  )

  it.effect("takes no limit and no offset that every object inherits", () =>
    Effect.gen(function* () {
      const ids = collectIds(Sessions.stream({ userId: "user_1" }))
      expect(yield* withPollutedPrototype({ limit: 1, offset: 2 })(ids)).toEqual(idsOf(0, 3))
      expect(yield* ClerkTest.requests).toMatchObject([{ query: { limit: 500, offset: 0 } }])
    }).pipe(Effect.provide(paging(3, "envelope")))
  )

  it.effect("fails for parameters that list rejects, without a request", () =>
    Effect.gen(function* () {
      for (const [field, params] of [
        ["limit", { userId: "user_1", limit: 501 }],
        ["offset", { userId: "user_1", offset: -1 }],
        ["userId", { userId: "user 1" }]
      ] as const) {
        const error = yield* Effect.flip(Stream.runDrain(Sessions.stream(params)))
        expect(error).toMatchObject({ _tag: "ClerkInvalidRequest", operation: "Sessions.list", field })
      }
      expect(yield* ClerkTest.requests).toEqual([])
    }).pipe(Effect.provide(paging(1, "envelope")))
  )
})
