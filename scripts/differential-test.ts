/**
 * Compares the authentication of requests with `@clerk/backend`, on random requests. `--seed` repeats a run.
 *
 *     npm run test:differential
 *     npm run test:differential -- --cases 10000 --seed 7 --major effect4
 */
import { parseArgs } from "node:util"
import { NodeRuntime } from "@effect/platform-node"
import * as Effect from "effect/Effect"
import { clients } from "../test/differential/support/clients.js"
import { flaws, run } from "../test/differential/support/run.js"

const { values } = parseArgs({
  options: { cases: { type: "string", default: "2000" }, seed: { type: "string" } }
})
const cases = Number(values.cases)
const seed = Number(values.seed ?? Date.now() % 1_000_000_000)

/** A run of this size shows every difference of the list. */
const full = 2_000

const main = Effect.gen(function* () {
  const { ours, theirs } = yield* clients
  const report = yield* run({ cases, seed }, theirs, ours())
  const percent = (count: number) => `${((100 * count) / report.cases).toFixed(2).padStart(6)} %`
  console.log(`${report.cases} requests, seed ${seed}`)
  console.log(`${percent(report.agreements)}  both clients agree`)
  for (const [name, count] of report.counts) console.log(`${percent(count)}  ${name}`)
  const all = flaws(report, cases >= full)
  for (const flaw of all) console.error(flaw)
  if (all.length > 0) process.exitCode = 1
})

NodeRuntime.runMain(Effect.scoped(main))
