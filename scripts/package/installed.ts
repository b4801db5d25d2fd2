import { readdir } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { run, write } from "../support/commands.js"

/** Two copies of `effect` in one program do not share services and errors. */
export const oneCopyOf = (name: string, project: string): Effect.Effect<void, Error> =>
  Effect.gen(function* () {
    const files = yield* Effect.promise(() => readdir(join(project, "node_modules"), { recursive: true }))
    const copies = files.filter(
      (file) => file === `${name}/package.json` || file.endsWith(`/node_modules/${name}/package.json`)
    )
    if (copies.length !== 1) return yield* Effect.fail(new Error(`there are ${copies.length}: ${copies}`))
  })

/** Requires each entry from a CommonJS module, and uses one. */
export const canBeRequired = (project: string, entries: ReadonlyArray<string>): Effect.Effect<void, Error> =>
  Effect.gen(function* () {
    const lines = entries.map((entry) => `require(${JSON.stringify(entry)})`)
    const program = `
const { Effect } = require("effect")
const { Sessions } = require("effect-clerk")
Effect.runPromise(Effect.flip(Sessions.get("../users"))).then(({ _tag }) => console.log(_tag))`
    yield* write(join(project, "required.cjs"), [...lines, program].join("\n"))
    const said = yield* run(project, process.execPath, ["required.cjs"])
    if (said.trim() !== "ClerkInvalidRequest") return yield* Effect.fail(new Error(said))
  })

/** Milliseconds of CPU of importing a module, in a separate process. */
export const importMillis = (project: string, module: string): Effect.Effect<number, Error> =>
  Effect.map(
    run(project, process.execPath, [
      "--input-type=module",
      "--eval",
      `const before = process.cpuUsage()
await import(${JSON.stringify(module)})
const { user, system } = process.cpuUsage(before)
console.log((user + system) / 1000)`
    ]),
    Number
  )
