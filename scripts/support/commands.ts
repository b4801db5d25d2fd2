import { execFile } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

const exec = promisify(execFile)

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly timeout?: number
}

/** Returns the output of a command. A command that fails fails with its output. */
export const run = (
  cwd: string,
  command: string,
  args: ReadonlyArray<string>,
  { env = {}, timeout = 600_000 }: CommandOptions = {}
): Effect.Effect<string, Error> =>
  Effect.tryPromise({
    try: () => exec(command, args, { cwd, env: { ...process.env, ...env }, maxBuffer: 1e8, timeout }),
    catch: (error) => {
      const { stdout = "", stderr = "", killed = false } = Object(error)
      const end = killed ? `took longer than ${timeout} ms` : "failed"
      return new Error(`${command} ${args.join(" ")} ${end} in ${cwd}\n${stdout}${stderr}`)
    }
  }).pipe(Effect.map(({ stdout }) => stdout))

export const temporaryFolder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "effect-clerk-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

export const write = (path: string, content: string): Effect.Effect<void> =>
  Effect.promise(() => writeFile(path, content))
