import { copyFile } from "node:fs/promises"
import { basename, join } from "node:path"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type { Report } from "../../test/runtimes/support/check.js"
import { scenarios } from "../../test/runtimes/workers/scenarios.js"
import { temporaryFolder, write } from "./commands.js"
import { bundleWorkers, describeReport, hosts } from "./conformance.js"
import { serveWorkerd } from "./runtimes.js"

const root = process.cwd()

/** Runs the scenarios, each in a new isolate, and prints the results. */
export const testWorkers: Effect.Effect<Report, Error> = Effect.gen(function* () {
  const folder = yield* temporaryFolder
  yield* bundleWorkers(root, join(folder, "workers.js"))
  const report = yield* scenarios((config) =>
    Effect.gen(function* () {
      // workerd reads the configuration beside its own.
      const home = yield* temporaryFolder
      for (const file of [
        join(folder, "workers.js"),
        join(hosts(root), "requests.js"),
        join(hosts(root), "requests.capnp")
      ]) {
        yield* Effect.promise(() => copyFile(file, join(home, basename(file))))
      }
      yield* write(join(home, "config.json"), JSON.stringify(config))
      return yield* serveWorkerd(home, "requests.capnp")
    })
  )
  yield* Console.log(describeReport("concurrent requests on workerd", report))
  return report
}).pipe(Effect.scoped)
