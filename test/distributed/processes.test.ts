import { rm } from "node:fs/promises"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "#test/vitest.js"
import { major } from "../../scripts/support/major.js"
import { defectOf } from "../support/exits.js"
import { isRunning, waitUntil } from "./support/children.js"
import { startWorker } from "./support/processes.js"
import type { Request, Response } from "./support/sample.worker.js"
import { redisCommand } from "./support/servers.js"

const start = (args: ReadonlyArray<string> = []) =>
  startWorker<Request, Response>(new URL("./support/sample.worker.ts", import.meta.url), { args })

describe("a process of a fleet", () => {
  it.live("has the same major and its arguments, and exchanges messages in order", () =>
    Effect.gen(function* () {
      const worker = yield* start(["--name", "a"])
      const texts = Array.from({ length: 200 }, (_, index) => `message ${index}`)
      for (const text of texts) yield* worker.send({ _tag: "echo", text })
      expect(yield* worker.next).toEqual({ _tag: "ready", args: ["--name", "a"], major })
      for (const text of texts) expect(yield* worker.next).toEqual({ _tag: "echo", text })
      expect(worker.messages).toHaveLength(201)
    }).pipe(Effect.scoped)
  )

  it.live("ends with its exit code, its error, or the signal that killed it", () =>
    Effect.gen(function* () {
      const workers = yield* Effect.all([start(), start(), start()])
      const [exits, fails, isKilled] = workers
      for (const worker of workers) yield* worker.next
      yield* exits.send({ _tag: "exit", code: 7 })
      expect(yield* exits.ended).toBe(7)
      yield* fails.send({ _tag: "throw" })
      const defect = String(defectOf(yield* Effect.exit(fails.next)))
      expect(defect).toContain("Error: a worker ended with 1: ")
      expect(defect).toContain("the worker failed")
      expect(fails.output()).toContain("the worker failed")
      yield* isKilled.hang
      yield* isKilled.kill
      expect(yield* isKilled.ended).toBe("SIGKILL")
      for (const { pid } of workers) expect(isRunning(pid)).toBe(false)
    }).pipe(Effect.scoped)
  )

  it.live("ends with its scope", () =>
    Effect.gen(function* () {
      const { pid } = yield* Effect.scoped(start())
      expect(isRunning(pid)).toBe(false)
    })
  )

  it.live("takes its own servers and processes with it when it is killed", () =>
    Effect.gen(function* () {
      const worker = yield* start()
      yield* worker.next
      yield* worker.send({ _tag: "startOthers" })
      const others = yield* worker.next
      if (others._tag !== "others") throw new Error(`expected others, got ${others._tag}`)
      expect(yield* Effect.promise(() => redisCommand(others.port, "PING"))).toBe("+PONG")
      yield* worker.kill
      yield* Effect.promise(() =>
        waitUntil(
          async () =>
            !isRunning(others.pid) &&
            (await redisCommand(others.port, "PING").catch(() => "none")) === "none",
          () => "the children of a killed worker run"
        )
      )
      // A process that is killed cannot remove its files.
      yield* Effect.promise(() => rm(others.folder, { recursive: true }))
    }).pipe(Effect.scoped)
  )
})
