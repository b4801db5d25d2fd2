import { spawn } from "node:child_process"
import { join } from "node:path"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { run } from "./commands.js"

const home = join(process.cwd(), "test/runtimes")

export const installed = (path: string) => join(home, "node_modules", path)

/** Installs the runtimes of test/runtimes unless they are installed. */
export const install = Effect.gen(function* () {
  if (process.platform !== "linux" || process.arch !== "x64") {
    const here = `${process.platform}-${process.arch}`
    return yield* Effect.fail(new Error(`the runtimes are installed for linux-x64 only, not for ${here}`))
  }
  const isInstalled = yield* Effect.option(run(home, "npm", ["ls"]))
  if (isInstalled._tag === "Some") return
  yield* Console.log("installing the runtimes")
  yield* run(home, "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
})

export const workerdBinary = installed("@cloudflare/workerd-linux-64/bin/workerd")

/** Serves a worker, until the scope ends, on a free port that workerd writes to its control descriptor. */
export const serveWorkerd = (folder: string, config: string): Effect.Effect<string, Error, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawn(workerdBinary, ["serve", "--control-fd=3", config], {
        cwd: folder,
        stdio: ["ignore", "ignore", "pipe", "pipe"]
      })
    ),
    (child) => Effect.sync(() => child.kill())
  ).pipe(
    Effect.flatMap((child) =>
      Effect.tryPromise({
        try: () =>
          new Promise<string>((resolve, reject) => {
            // It logs every connection that fails, and many tests break connections.
            let log = ""
            child.stderr?.on("data", (chunk: Buffer) => {
              log += chunk
            })
            child.on("exit", (code) => reject(new Error(`workerd ended with ${code}: ${log}`)))
            child.stdio[3]?.on("data", (line: Buffer) =>
              resolve(`http://127.0.0.1:${JSON.parse(String(line)).port}`)
            )
          }),
        catch: (error) => (error instanceof Error ? error : new Error(String(error)))
      })
    )
  )
