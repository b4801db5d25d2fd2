import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { failureOf } from "#major/cause.js"
import { clockOf, makeDeferred, millisOf, nanosOf, timeoutFail, withFiber } from "#major/fiber.js"
import { visibleText } from "../core/redaction/redact.js"
import {
  type Change,
  isLater,
  parts,
  readEntries,
  readStream,
  readTime,
  type StreamEntry,
  toFields
} from "../core/revocations/change.js"
import { Denials } from "../core/revocations/denials.js"
import type { RedisClient, RedisConnection } from "../core/revocations/redis.js"
import type { SharedSettings } from "../core/revocations/settings.js"
import type { ClerkKeysUnavailable } from "../errors/TokenErrors.js"
import { keysUnavailable } from "../runtime/errors.js"
import { makeRevocations, type Publish, type RevocationsService } from "../runtime/revocations.js"
import { countRevocationError, countRevocations, recordRevocationLag } from "../runtime/telemetry.js"

/*
 * Holds a copy of a stream of Redis. One fiber reads the stream over a connection of its own, another one writes the
 * changes of this process. The clocks of other processes never count: ids have the time of Redis, lifetimes are spans.
 */

/** How long a command may take, apart from the time that it blocks. */
const commandMillis = 1000

/** How long a read waits for new entries. Between two reads the reader checks that the stream is still there. */
const blockMillis = 1000

/** How many entries one read returns. */
const batch = 200

/** How long the layer waits for the first complete copy. */
const startMillis = 2000

const maxBackoffMillis = 2000

/** How long a process waits before it adds lost entries, so that not every process adds all of them. */
const maxJitterMillis = 250

interface Failure {
  readonly _tag: "RedisFailure"
  readonly message: string
}

const failure = (message: string): Failure => ({ _tag: "RedisFailure", message })

const failureFrom = (error: unknown): Failure =>
  failure(visibleText(error instanceof Error ? error.message : String(error)))

const run = <A>(make: () => Promise<A>, millis: number): Effect.Effect<A, Failure> =>
  timeoutFail(Effect.tryPromise({ try: make, catch: failureFrom }), Duration.millis(millis), () =>
    failure(`no response within ${millis} ms`)
  )

/** Waits before the next attempt, longer after each failure. */
const backoff = (failures: number): Effect.Effect<void> =>
  Effect.flatMap(Random.next, (random) =>
    Effect.sleep(
      Duration.millis(Math.min(maxBackoffMillis, 50 * 2 ** Math.min(failures, 10)) * (0.5 + random / 2))
    )
  )

/** A change that Redis does not have yet. */
interface Pending {
  readonly change: Change
  /** When it is too old to be of use, on the monotonic clock. */
  readonly endsAt: number
  /** The caller that waits for it. A change that was not stored in time has no caller any more. */
  done: Deferred.Deferred<void, ClerkKeysUnavailable> | undefined
}

const unavailable = () =>
  keysUnavailable({ _tag: "ClerkKeysUnavailable", fields: { reason: "revocations", retryable: true } })

/** Makes the service, and starts its two fibers. They end with the scope. */
export const makeShared = (
  settings: SharedSettings<RedisClient>
): Effect.Effect<RevocationsService, never, Scope.Scope> =>
  withFiber((fiber) => {
    const { end, isReady, read, service, write } = makeCopy(settings, clockOf(fiber))
    return Effect.gen(function* () {
      // Registered first, so that it runs when both fibers have ended.
      yield* Effect.addFinalizer(() => end)
      yield* Effect.forkScoped(Effect.interruptible(write))
      yield* Effect.forkScoped(Effect.interruptible(read))
      yield* Effect.timeoutOption(Deferred.await(isReady), Duration.millis(startMillis))
      return service
    })
  })

/** The copy of this process, and the effects that keep it complete. */
const makeCopy = (settings: SharedSettings<RedisClient>, clock: Clock.Clock) => {
  const { lifetimes, redis, staleAfter, stream, whenStale } = settings
  const denials = new Denials(lifetimes)

  const open = Effect.try({ try: () => redis.connect(), catch: failureFrom })
  const close = (connection: RedisConnection): Effect.Effect<void> =>
    Effect.ignore(Effect.try({ try: () => connection.close(), catch: failureFrom }))

  /** Done when the copy is complete for the first time. */
  const isReady = makeDeferred<void, never>()
  let completeAt: number | undefined
  let failedReads = 0
  /** The id after which the next read starts. */
  let cursor: string | undefined
  /** The entry that was read last. */
  let lastRead: string | undefined
  /** Whether Redis has lost entries that this process has not added yet. */
  let isLost = false
  /** How far the clock of Redis is ahead of the monotonic clock here. */
  let ahead: number | undefined

  /** The changes that Redis does not have yet, oldest first. */
  const outbox: Array<Pending> = []
  let failedWrites = 0
  /** The changes that Redis has, and that the reader has not seen yet, by the ids of their entries. */
  const unread = new Map<string, Pending>()
  /** The connection that writes. */
  let writing: RedisConnection | undefined
  /** The writer waits for it while the outbox is empty. */
  let idle: Deferred.Deferred<void> | undefined

  /** Time that never goes backwards, in milliseconds. */
  const monotonic = (): number => Number(nanosOf(clock)) / 1_000_000

  const lag = (): number =>
    completeAt === undefined ? Number.POSITIVE_INFINITY : Math.max(0, monotonic() - completeAt)

  /** The time of Redis, or `undefined` before the first connection. */
  const redisNow = (): number | undefined => (ahead === undefined ? undefined : monotonic() + ahead)

  /** The time of the oldest entry that can still deny a token, on the clock of Redis. */
  const oldest = (): number => Math.max(0, Math.floor((redisNow() ?? 0) - denials.longest))

  // Reading

  /** Reads the entries after the cursor, and applies them. */
  const readNext = (
    connection: RedisConnection,
    waits: boolean
  ): Effect.Effect<ReadonlyArray<StreamEntry>, Failure> => {
    const block = waits ? ["BLOCK", String(blockMillis)] : []
    cursor ??= `${oldest()}-0`
    const command = ["XREAD", "COUNT", String(batch), ...block, "STREAMS", stream, cursor]
    return Effect.flatMap(
      run(() => connection.send(command), commandMillis + (waits ? blockMillis : 0)),
      (reply) =>
        withFiber((fiber) => {
          const entries = readStream(reply)
          if (entries === undefined) return Effect.fail(failure("Redis sent an invalid reply to XREAD"))
          for (const { change, id, receivedAt } of entries) {
            cursor = id
            lastRead = id
            unread.delete(id)
            if (change === undefined) countRevocationError("entry", fiber)
            else {
              countRevocations(change.type, change.ids.length, fiber)
              denials.apply(change, millisOf(clock), (redisNow() ?? 0) - receivedAt)
            }
          }
          return Effect.succeed(entries)
        })
    )
  }

  /** Reads without waiting until no entries are left. Returns the ids that they name. */
  const catchUp = (connection: RedisConnection): Effect.Effect<ReadonlySet<string>, Failure> =>
    Effect.gen(function* () {
      const named = new Set<string>()
      for (;;) {
        const entries = yield* readNext(connection, false)
        for (const { change } of entries) for (const id of change?.ids ?? []) named.add(id)
        if (entries.length < batch) return named
      }
    })

  /** Returns whether an entry is gone that Redis would still have: it was flushed, or restarted without its last data. */
  const isGone = (connection: RedisConnection, id: string | undefined): Effect.Effect<boolean, Failure> =>
    Effect.suspend(() => {
      // Redis may have trimmed an older one.
      if (isLost || id === undefined || !isLater(id, `${oldest()}-0`)) return Effect.succeed(isLost)
      return Effect.flatMap(
        run(() => connection.send(["XRANGE", stream, id, id]), commandMillis),
        (reply) => {
          const entries = readEntries(reply)
          return entries === undefined
            ? Effect.fail(failure("Redis sent an invalid reply to XRANGE"))
            : Effect.succeed(entries.length === 0)
        }
      )
    })

  /** Reads all entries. Where Redis has lost some, adds what this process knows and the stream does not have. */
  const synchronize = (connection: RedisConnection, isGone: boolean): Effect.Effect<void, Failure> =>
    Effect.gen(function* () {
      const written = [...unread.keys()]
      if (isGone) {
        isLost = true
        yield* Effect.logWarning(
          "Revocations: Redis has lost entries. This process adds those that it knows."
        )
        const random = yield* Random.next
        yield* Effect.sleep(Duration.millis(random * maxJitterMillis))
        cursor = undefined
        lastRead = undefined
      }
      const named = yield* catchUp(connection)
      const missing = isGone ? denials.changes(millisOf(clock), (id) => named.has(id)).flatMap(parts) : []
      // What Redis had, and is not in the stream.
      const again = written.flatMap((id) => unread.get(id) ?? [])
      for (const id of written) unread.delete(id)
      isLost = false
      yield* enqueue([...again, ...missing.map((change) => pending(change))])
      yield* complete
    })

  const complete: Effect.Effect<void> = withFiber((fiber) => {
    if (completeAt !== undefined) recordRevocationLag(lag() / 1000, fiber)
    completeAt = monotonic()
    denials.sweep(millisOf(clock))
    const wasDown = failedReads > 0
    failedReads = 0
    return Effect.andThen(
      wasDown ? Effect.logInfo("Revocations: this process reads from Redis again") : Effect.void,
      Effect.asVoid(Deferred.succeed(isReady, undefined))
    )
  })

  /** Follows the stream over one connection. */
  const follow = (connection: RedisConnection): Effect.Effect<never, Failure> =>
    Effect.gen(function* () {
      const time = readTime(yield* run(() => connection.send(["TIME"]), commandMillis))
      if (time === undefined) return yield* Effect.fail(failure("Redis sent an invalid reply to TIME"))
      ahead = time - monotonic()
      // A restart may have lost the last entries only.
      yield* synchronize(connection, yield* isGone(connection, lastRead))
      let checkedAt = monotonic()
      // Read before the last check, so that the entries after a flush do not hide it.
      let checked = lastRead
      for (;;) {
        if (monotonic() - checkedAt >= blockMillis) {
          const next = lastRead
          const isFlushed = yield* isGone(connection, checked)
          if (isFlushed) yield* synchronize(connection, true)
          checked = isFlushed ? lastRead : next
          checkedAt = monotonic()
        }
        const entries = yield* readNext(connection, true)
        checked ??= entries[0]?.id
        if (entries.length === batch) yield* catchUp(connection)
        yield* complete
      }
    })

  const afterRead = (exit: Exit.Exit<never, Failure>): Effect.Effect<void> =>
    withFiber((fiber) => {
      countRevocationError("read", fiber)
      if (completeAt !== undefined) recordRevocationLag(lag() / 1000, fiber)
      failedReads++
      const { message } = failureOf(exit) ?? failure("the reader failed")
      const effect =
        whenStale === "refuse"
          ? `After ${staleAfter / 1000} s it rejects all tokens with 503.`
          : "It accepts their tokens until they expire."
      const log =
        failedReads === 1
          ? Effect.logWarning(
              `Revocations: Redis is unavailable (${message}). This process does not learn of sessions that other processes revoke. ${effect}`
            )
          : Effect.logDebug(`Revocations: Redis is still unavailable (${message})`)
      return Effect.andThen(log, backoff(failedReads))
    })

  /** Reads the stream for ever. Opens another connection after a failure. */
  const read: Effect.Effect<never> = Effect.forever(
    Effect.flatMap(Effect.exit(Effect.acquireUseRelease(open, follow, close)), afterRead)
  )

  // Writing

  const pending = (change: Change, done?: Pending["done"]): Pending => ({
    change,
    endsAt: monotonic() + denials.longest,
    done
  })

  const enqueue = (changes: ReadonlyArray<Pending>): Effect.Effect<void> =>
    Effect.suspend(() => {
      for (const each of changes) outbox.push(each)
      const waiting = idle
      idle = undefined
      return waiting === undefined ? Effect.void : Effect.asVoid(Deferred.succeed(waiting, undefined))
    })

  /** The wait ends when Redis has the change. After a failure the change stays in the outbox. */
  const publish: Publish = (change) =>
    Effect.suspend(() => {
      // A caller does not wait for Redis where the last attempt failed.
      const isDown = failedWrites > 0
      const done = isDown ? [] : parts(change).map(() => makeDeferred<void, ClerkKeysUnavailable>())
      const changes = parts(change).map((part, at) => pending(part, done[at]))
      return Effect.as(
        enqueue(changes),
        isDown ? Effect.fail(unavailable()) : Effect.forEach(done, Deferred.await, { discard: true })
      )
    })

  const add = (change: Change, leftMillis: number): ReadonlyArray<string> => {
    // What is left of a hold, so that a late entry does not prolong it.
    const sent = change.type === "hold" ? { ...change, ttl: Math.min(change.ttl, leftMillis) } : change
    const trim = ahead === undefined ? [] : ["MINID", "~", String(oldest())]
    return ["XADD", stream, ...trim, "*", ...toFields(sent)]
  }

  /** Sends the oldest changes. A second attempt may store a change twice, which has no further effect. */
  const flush: Effect.Effect<void, Failure> = Effect.suspend(() => {
    const now = monotonic()
    const sent = outbox.slice(0, batch)
    if (sent.length === 0) return Effect.void
    const live = sent.filter(({ endsAt }) => endsAt > now)
    const commands = live.map(({ change, endsAt }) => add(change, endsAt - now))
    return Effect.flatMap(
      Effect.flatMap(writing === undefined ? open : Effect.succeed(writing), (connection) => {
        writing = connection
        return run(() => Promise.all(commands.map((command) => connection.send(command))), commandMillis)
      }),
      (ids) => {
        for (const [at, id] of ids.entries()) {
          const change = live[at]
          if (change === undefined || typeof id !== "string") continue
          // The reader may be faster than the reply.
          if (lastRead === undefined || isLater(id, lastRead)) unread.set(id, { ...change, done: undefined })
        }
        outbox.splice(0, sent.length)
        return Effect.forEach(sent, ({ done }) => (done ? Deferred.succeed(done, undefined) : Effect.void), {
          discard: true
        })
      }
    )
  })

  /** Closes the connection that writes, and with it the commands that wait for a reply. */
  const hangUp: Effect.Effect<void> = Effect.suspend(() => {
    const connection = writing
    writing = undefined
    return connection === undefined ? Effect.void : close(connection)
  })

  const afterWrite = (exit: Exit.Exit<void, Failure>): Effect.Effect<void> =>
    withFiber((fiber) => {
      if (Exit.isSuccess(exit)) {
        failedWrites = 0
        return Effect.void
      }
      countRevocationError("write", fiber)
      failedWrites++
      const callers = outbox.flatMap(({ done }) => done ?? [])
      for (const each of outbox) each.done = undefined
      const { message } = failureOf(exit) ?? failure("the writer failed")
      const log =
        failedWrites === 1
          ? Effect.logWarning(
              `Revocations: Redis did not store a change (${message}). It is in effect in this process, which resends it.`
            )
          : Effect.logDebug(`Revocations: Redis still stores no changes (${message})`)
      const fail = Effect.forEach(callers, (done) => Deferred.fail(done, unavailable()), { discard: true })
      return Effect.all([fail, hangUp, log, backoff(failedWrites)], { discard: true })
    })

  /** Writes the outbox for ever, in its order. */
  const write: Effect.Effect<never> = Effect.forever(
    Effect.suspend(() => {
      if (outbox.length > 0) return Effect.flatMap(Effect.exit(flush), afterWrite)
      idle ??= makeDeferred<void, never>()
      return Deferred.await(idle)
    })
  )

  /** Sends what is left, and closes the connection. */
  const end = Effect.andThen(Effect.ignore(flush), hangUp)

  const service = makeRevocations(denials, clock, publish, {
    isUnavailable: () => whenStale === "refuse" && lag() > staleAfter,
    lag: Effect.sync(() => Duration.millis(lag()))
  })
  return { end, isReady, read, service, write }
}
