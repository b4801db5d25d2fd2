import { once } from "node:events"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { createGzip } from "node:zlib"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "#test/vitest.js"
import { calls, get, ours, outcome } from "./support/calls.js"
import { flood, jsonHead, whole } from "./support/responses.js"
import { type Act, scripted } from "./support/scripted.js"

const megabyte = 1024 * 1024

/** 200 MB of spaces in some 200 kB, made without holding them in memory. */
const bomb = async (): Promise<Buffer> => {
  const gzip = createGzip({ level: 9 })
  const parts: Array<Buffer> = []
  gzip.on("data", (part: Buffer) => parts.push(part))
  const spaces = Buffer.alloc(megabyte, 0x20)
  for (let part = 0; part < 200; part++) if (!gzip.write(spaces)) await once(gzip, "drain")
  gzip.end()
  await once(gzip, "end")
  return Buffer.concat(parts)
}

setFlagsFromString("--expose-gc")
/** Unreachable memory must not count for the next test. */
const collectGarbage: () => void = runInNewContext("gc")

/** The peak of the process memory above its start, in bytes. */
const growthDuring = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<readonly [A, number], E, R> =>
  Effect.suspend(() => {
    collectGarbage()
    const before = process.memoryUsage.rss()
    let highest = before
    const timer = setInterval(() => {
      highest = Math.max(highest, process.memoryUsage.rss())
    }, 1)
    return self.pipe(
      Effect.map((value) => [value, Math.max(highest, process.memoryUsage.rss()) - before] as const),
      Effect.ensuring(Effect.sync(() => clearInterval(timer)))
    )
  })

const tooLarge = { _tag: "ClerkDecodeError", reason: "oversize", attempts: 1, retryable: false }

describe.each(ours)("over $transport", ({ layer }) => {
  /** Runs the calls one after the other. A first call before loads the modules. */
  const measured = (act: Act) =>
    Effect.gen(function* () {
      const server = yield* scripted({ act })
      return yield* Effect.gen(function* () {
        yield* outcome(get.run)
        const ends = yield* Effect.forEach(calls, ({ run }) => growthDuring(outcome(run)))
        for (const [error] of ends) expect(error).toMatchObject(tooLarge)
        expect(server.seen).toHaveLength(calls.length + 1)
        // A bomb arrives completely before it is detected, so its connection stays usable.
        const abandoned = act === endless ? server.seen : []
        for (const { number } of abandoned) expect(yield* server.closed(number)).toBe(true)
        return Math.max(...ends.map(([, growth]) => growth)) / megabyte
      }).pipe(
        Effect.provide(layer({ apiUrl: server.url, policy: { maxAttempts: 3, timeout: "10 seconds" } }))
      )
    })

  const endless = flood(
    `${jsonHead}transfer-encoding: chunked\r\n\r\n`,
    Buffer.from(`10000\r\n${" ".repeat(0x10000)}\r\n`)
  )

  it.live("200 MB in 200 kB of gzip are given up at the limit, and never in memory", () =>
    Effect.gen(function* () {
      const bytes = yield* Effect.promise(bomb)
      expect(bytes.length).toBeLessThan(250_000)
      const answer = whole(200, bytes, "content-type: application/json\r\ncontent-encoding: gzip\r\n")
      expect(yield* measured((socket) => socket.write(answer))).toBeLessThan(50)
    })
  )

  it.live("an endless response is given up at the limit, and its connection is closed", () =>
    Effect.gen(function* () {
      expect(yield* measured(endless)).toBeLessThan(50)
    })
  )
})
