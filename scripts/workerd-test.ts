/**
 * Runs the scenarios of test/runtimes/workers on workerd: requests that share one module, as on Cloudflare Workers.
 *
 *     npm run test:workerd
 */
import { NodeRuntime } from "@effect/platform-node"
import { Effect } from "effect"
import { install } from "./support/runtimes.js"
import { testWorkers } from "./support/workers.js"

const main = Effect.gen(function* () {
  yield* install
  const { failures } = yield* testWorkers
  if (failures.length > 0) process.exitCode = 1
})

NodeRuntime.runMain(main)
