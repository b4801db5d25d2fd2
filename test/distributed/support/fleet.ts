import { createServer } from "node:http"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { ClerkEmulator, type ClerkEmulatorOptions } from "effect-clerk/testing"
import { HttpServer } from "#test/httpServer.js"
import { NodeHttpServer } from "#test/node.js"
import type { Answer, Work } from "./fleet.worker.js"
import { startWorker, type Worker } from "./processes.js"

/** An in-memory Clerk on a port of this machine. */
export const emulator = (options: ClerkEmulatorOptions) =>
  ClerkEmulator.layerServer.pipe(
    Layer.provideMerge(ClerkEmulator.layer(options)),
    Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })),
    Layer.orDie
  )

/** The URL of the emulator of the context. */
export const emulatorUrl = HttpServer.addressFormattedWith(Effect.succeed)

export type Process = Worker<Work, Answer>

/** Starts a process of the fleet, and waits until it has its client. */
export const startProcess = (
  url: string,
  redisPort: number,
  ...args: ReadonlyArray<string>
): Effect.Effect<Process, never, Scope.Scope> =>
  Effect.gen(function* () {
    const worker = yield* startWorker<Work, Answer>(new URL("./fleet.worker.ts", import.meta.url), {
      args: ["--url", url, "--redis", String(redisPort), ...args]
    })
    yield* worker.next
    return worker
  })

/** Makes a process call, and returns what it reports. */
export const work = (worker: Process, what: Work) =>
  Effect.gen(function* () {
    yield* worker.send(what)
    const answer = yield* worker.next
    return answer._tag === "done" ? answer : yield* Effect.die(new Error("a process reports before its work"))
  })

/** The value below which a part of the values lies. */
export const percentile = (values: ReadonlyArray<number>, part: number): number => {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

/** Prints a figure beside the results. */
export const report = (text: string): void => void process.stdout.write(`  ${text}\n`)
