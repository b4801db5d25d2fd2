/**
 * Measures the library beside its peers and compares it with its targets.
 *
 *     npm run bench                                 some minutes; writes RESULTS.md and results.svg
 *     npm run bench -- --quick                      some seconds, and writes nothing
 *     npm run bench -- --rounds 31 --calls 1000     more measurements
 */
import { writeFile } from "node:fs/promises"
import { parseArgs } from "node:util"
import type { CallResults } from "./calls.js"
import { chartOf } from "./chart.js"
import { compileChildren, runChild, withServer } from "./children.js"
import { measureBundle, measureStartup } from "./footprint.js"
import { reportOf } from "./report.js"
import type { StreamResults } from "./stream.js"
import type { Results } from "./targets.js"
import type { VerifyResults } from "./verify.js"

const { values } = parseArgs({
  options: {
    rounds: { type: "string" },
    calls: { type: "string" },
    quick: { type: "boolean", default: false }
  }
})

const rounds = Number(values.rounds ?? (values.quick ? 3 : 21))
const calls = Number(values.calls ?? (values.quick ? 160 : 480))
const warmUps = values.quick ? 5 : 12
if (!(Number.isInteger(rounds) && rounds > 0 && Number.isInteger(calls) && calls > 0)) {
  throw new Error("--rounds and --calls must be whole numbers above zero")
}

const step = (text: string) => process.stderr.write(`${text} …\n`)

step("compiling")
await compileChildren()

const served = await withServer(async (apiUrl) => {
  step(`${rounds} rounds of ${calls} calls`)
  const called = await runChild<CallResults>("calls", [apiUrl, rounds, calls, warmUps].map(String))
  step("a long stream")
  return { ...called, stream: await runChild<StreamResults>("stream", [apiUrl]) }
})

step("session tokens")
const verified = await runChild<VerifyResults>("verify", [rounds, calls, warmUps].map(String))

step("bundle and import")
const bundle = await measureBundle()
const startup = await measureStartup(Math.min(rounds, 11))

const results: Results = {
  ...served,
  readings: [...served.readings, ...verified.readings],
  keyRequests: verified.keyRequests,
  bundle,
  startup
}
const { tables, page } = await reportOf(results, rounds, calls)
process.stdout.write(`${tables}\n`)

if (!values.quick) {
  await writeFile(new URL("RESULTS.md", import.meta.url), page)
  await writeFile(new URL("results.svg", import.meta.url), chartOf(results))
}
