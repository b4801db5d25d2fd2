/**
 * Traces and metrics of a short run, through OpenTelemetry. The program is the same on Effect 3 and Effect 4.
 *
 *     npm run example:observability
 *
 * An in-memory Clerk responds in process, so nothing leaves this machine, for any `server.address`.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { WorldLive } from "./clerk.js"
import { aShortDay } from "./program.js"
import { metricLines, spanLines } from "./report.js"
import { observe } from "./telemetry.js"

const introduction = `Six requests to an account service, whose Clerk is in memory. Two succeed, three fail, and the last one signs out.
The second one succeeds at the second attempt. The attributes contain no token and no id of a user or a session.`

const main = Effect.gen(function* () {
  const [, { metrics, spans }] = yield* observe(aShortDay)
  yield* Console.log(introduction)
  yield* Console.log("\nTraces: one tree for each request, and one for the keys that the service fetches\n")
  yield* Effect.forEach(spanLines(spans), (line) => Console.log(line))
  yield* Console.log("\nMetrics: totals of the run\n")
  yield* Effect.forEach(metricLines(metrics), (line) => Console.log(line))
})

NodeRuntime.runMain(Effect.provide(main, WorldLive))
