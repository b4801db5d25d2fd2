import { existsSync } from "node:fs"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { describe, expect, it } from "#test/vitest.js"
import { type PrivateServer, postgres, psql, redis, redisCommand } from "./support/servers.js"

/** How the tests use a server: each of these fails within half a second without a response. */
interface Client {
  readonly start: Effect.Effect<PrivateServer, never, Scope.Scope>
  /** Stores a value. */
  readonly store: (port: number) => Promise<unknown>
  /** Returns whether the server has the value. */
  readonly has: (port: number) => Promise<boolean>
}

const limit = 500

const clients: Readonly<Record<string, Client>> = {
  Redis: {
    start: redis(),
    store: (port) => redisCommand(port, "SET stored 1", limit),
    has: async (port) => (await redisCommand(port, "EXISTS stored", limit)) === ":1"
  },
  "an append-only Redis": {
    start: redis({ appendOnly: true }),
    store: (port) => redisCommand(port, "SET stored 1", limit),
    has: async (port) => (await redisCommand(port, "EXISTS stored", limit)) === ":1"
  },
  PostgreSQL: {
    start: postgres,
    store: (port) => psql(port, "CREATE TABLE stored (id int)", limit),
    has: async (port) => (await psql(port, "SELECT to_regclass('public.stored')", limit)) === "stored"
  }
}

describe.each(Object.entries(clients))("%s", (name, { has, start, store }) => {
  const responds = (port: number) =>
    Effect.promise(() =>
      has(port).then(
        () => true,
        () => false
      )
    )
  const stored = ({ port }: PrivateServer) => Effect.promise(() => has(port))

  it.live("starts without data, and is flushed", () =>
    Effect.gen(function* () {
      const server = yield* start
      expect(yield* stored(server)).toBe(false)
      yield* Effect.promise(() => store(server.port))
      expect(yield* stored(server)).toBe(true)
      yield* server.flush
      expect(yield* stored(server)).toBe(false)
      yield* Effect.promise(() => store(server.port))
    }).pipe(Effect.scoped)
  )

  it.live("is killed, and restarts on the same port with the data that it keeps", () =>
    Effect.gen(function* () {
      const server = yield* start
      yield* Effect.promise(() => store(server.port))
      yield* server.kill
      expect(yield* responds(server.port)).toBe(false)
      yield* server.restart
      expect(yield* stored(server)).toBe(name !== "Redis")
      // A server that runs restarts too.
      yield* server.restart
      yield* server.stop
      expect(yield* responds(server.port)).toBe(false)
      yield* server.restart
      expect(yield* stored(server)).toBe(name !== "Redis")
    }).pipe(Effect.scoped)
  )

  it.live("hangs until it is resumed, stopped or killed", () =>
    Effect.gen(function* () {
      const server = yield* start
      yield* server.hang
      expect(yield* responds(server.port)).toBe(false)
      yield* server.resume
      expect(yield* stored(server)).toBe(false)
      yield* server.hang
      yield* server.restart
      expect(yield* responds(server.port)).toBe(true)
      yield* server.hang
      yield* server.kill
      expect(yield* responds(server.port)).toBe(false)
    }).pipe(Effect.scoped)
  )

  it.live("leaves no process and no file behind, also after a failure and while it hangs", () =>
    Effect.gen(function* () {
      const servers: Array<PrivateServer> = []
      const failed = yield* Effect.exit(
        Effect.scoped(
          Effect.gen(function* () {
            for (const _ of [1, 2]) servers.push(yield* start)
            if (servers[0] !== undefined) yield* servers[0].hang
            expect(servers.every(({ folder }) => existsSync(folder))).toBe(true)
            return yield* Effect.die(new Error("the test failed"))
          })
        )
      )
      expect(failed._tag).toBe("Failure")
      expect(new Set(servers.map(({ port }) => port)).size).toBe(2)
      for (const { folder, port } of servers) {
        expect(yield* responds(port)).toBe(false)
        expect(existsSync(folder)).toBe(false)
      }
    })
  )
})
