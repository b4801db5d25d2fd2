import { fileURLToPath, pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { build } from "esbuild"
import { ofMajor } from "../../../scripts/support/bundling.js"
import { buildFolder, majorEnvironment, typescriptFlags } from "../../../scripts/support/major.js"
import { type Child, type End, spawnChild } from "./children.js"

/** A process of a fleet. `In` is what it receives, and `Out` is what it sends, both as JSON. */
export interface Worker<In, Out> {
  readonly pid: number
  readonly send: (message: In) => Effect.Effect<void>
  /** Takes the next message of the process. Dies with its output if it ends before. */
  readonly next: Effect.Effect<Out>
  /** All messages so far, also those that `next` has taken. */
  readonly messages: ReadonlyArray<Out>
  /** Ends the process at once with SIGKILL. */
  readonly kill: Effect.Effect<void>
  /** Stops the process with SIGSTOP. */
  readonly hang: Effect.Effect<void>
  /** Continues a process that hangs. */
  readonly resume: Effect.Effect<void>
  /** Waits for the end: the exit code, or the signal that killed it. */
  readonly ended: Effect.Effect<End>
  /** The last part of what it printed. */
  readonly output: () => string
}

export interface WorkerOptions {
  readonly args?: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
}

/** Messages in order, each of which is taken once. */
const makeInbox = <Out>(child: Child) => {
  const messages: Array<Out> = []
  const waiting = new Set<() => void>()
  let taken = 0
  const wake = () => {
    for (const each of waiting) each()
  }
  // The process of the file sends what its type says.
  child.process.on("message", (message) => {
    messages.push(message as Out)
    wake()
  })
  // Node delivers all messages before this event.
  child.process.on("disconnect", wake)
  const next = async (): Promise<Out> => {
    for (;;) {
      const message = messages[taken]
      if (taken < messages.length && message !== undefined) {
        taken++
        return message
      }
      if (!child.process.connected) {
        throw new Error(`a worker ended with ${await child.ended}: ${child.output()}`)
      }
      await new Promise<void>((resolve) => {
        const each = () => {
          waiting.delete(each)
          resolve()
        }
        waiting.add(each)
      })
    }
  }
  return { messages, next }
}

const flagsOf = ({ pathname }: URL) => (pathname.endsWith(".ts") ? typescriptFlags : [])

/** Compiles a TypeScript file of this folder with the sources of the library. It then starts in a third of the time. */
export const compiled = (name: string): Effect.Effect<URL> =>
  Effect.promise(async () => {
    const outfile = `${buildFolder}/distributed/${name}.js`
    await build({
      entryPoints: [fileURLToPath(new URL(`./${name}.ts`, import.meta.url))],
      outfile,
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      target: "node20",
      logLevel: "error",
      ...ofMajor
    })
    return pathToFileURL(outfile)
  })

/**
 * Starts a file in a process of its own: TypeScript, with the packages of the same major, or a file of `compiled`. The
 * process ends with its scope, and with the process of the test in any case. The file uses `parent` to exchange messages.
 */
export const startWorker = <In, Out>(
  file: URL,
  { args = [], env = {} }: WorkerOptions = {}
): Effect.Effect<Worker<In, Out>, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawnChild([process.execPath, ...flagsOf(file), fileURLToPath(file), ...args], {
        stdio: ["ignore", "pipe", "pipe", "ipc"],
        env: { ...process.env, ...majorEnvironment, ...env }
      })
    ),
    ({ ended, process: child }) =>
      Effect.promise(async () => {
        child.kill("SIGKILL")
        await ended
      })
  ).pipe(
    Effect.map((child): Worker<In, Out> => {
      const { messages, next } = makeInbox<Out>(child)
      const signal = (name: NodeJS.Signals) => Effect.sync(() => void child.process.kill(name))
      return {
        pid: child.pid,
        send: (message) =>
          Effect.promise(
            () =>
              new Promise<void>((resolve, reject) => {
                // `send` takes any JSON, which the type of the caller describes.
                child.process.send(message as object, (error) => (error ? reject(error) : resolve()))
              })
          ),
        next: Effect.promise(next),
        messages,
        kill: Effect.promise(async () => {
          child.process.kill("SIGKILL")
          await child.ended
        }),
        hang: signal("SIGSTOP"),
        resume: signal("SIGCONT"),
        ended: Effect.promise(() => child.ended),
        output: child.output
      }
    })
  )
