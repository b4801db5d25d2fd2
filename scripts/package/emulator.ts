import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

export interface Emulator {
  readonly url: string
  /** Sends a command on the emulator's control path. */
  readonly post: (command: string, input: unknown) => Effect.Effect<void, Error>
}

/** Starts the emulator program of an installed package, until the scope ends. */
export const startEmulator = (project: string): Effect.Effect<Emulator, Error, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, ["node_modules/.bin/effect-clerk-emulator", "--port", "0"], {
          cwd: project,
          stdio: ["ignore", "pipe", "inherit"]
        })
      ),
      (child) => Effect.sync(() => child.kill())
    )
    const url = yield* Effect.tryPromise({
      try: async () => {
        for await (const line of createInterface(child.stdout)) {
          const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? []
          if (address !== undefined) return address
        }
        throw new Error("the emulator ended without an address")
      },
      catch: (error) => new Error(String(error))
    })
    const post = (command: string, input: unknown) =>
      Effect.tryPromise({
        try: async () => {
          const body = JSON.stringify(input)
          const response = await fetch(`${url}/__emulator/${command}`, { method: "POST", body })
          if (!response.ok) throw new Error(`${command}: ${response.status} ${await response.text()}`)
        },
        catch: (error) => new Error(String(error))
      })
    return { url, post }
  })
