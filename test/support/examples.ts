import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { callback } from "#test/fiber.js"
import { majorEnvironment, typescriptFlags } from "../../scripts/support/major.js"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** Runs a TypeScript file to its end, as a user would, with an otherwise empty environment. */
export const runFile = (
  path: string,
  args: ReadonlyArray<string> = [],
  env: { readonly [name: string]: string } = {}
) =>
  callback<{ readonly code: number; readonly output: string }>((resume) => {
    const child = execFile(
      process.execPath,
      [...typescriptFlags, path, ...args],
      { cwd: root, env: { PATH: process.env["PATH"], ...majorEnvironment, ...env } },
      (error, stdout, stderr) =>
        resume(Effect.succeed({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }))
    )
    return Effect.sync(() => child.kill())
  })

/** Runs an example of `examples/`. */
export const runExample = (
  path: string,
  ...rest: [args?: ReadonlyArray<string>, env?: { [name: string]: string }]
) => runFile(`examples/${path}`, ...rest)
