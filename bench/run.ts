/**
 * Measures the library beside its floors and the official client, and compares it with its targets.
 *
 *     npm run bench                                 ten minutes; records the figures, and writes the pages and pictures
 *     npm run bench -- --render                     writes the pages and pictures from the recorded figures
 *     npm run bench -- --quick                      about a minute, and writes nothing
 *     npm run bench -- --node 24                    on one Node version
 *     npm run bench -- --rounds 41 --calls 1000     more measurements
 *
 * Without `--node` it runs on the machine's Node and on Node 24, which it installs into test/runtimes if it is missing.
 */
import { parseArgs } from "node:util"
import { measureBundle } from "./bundle.js"
import { compileChildren, runChild, withServer } from "./children.js"
import { type Figures, figuresOf, readFigures, recordFigures } from "./figures.js"
import { findNodes, type Node } from "./nodes.js"
import { packageVersions, pageOf } from "./page.js"
import type { Reading } from "./readings.js"
import { writeRendered } from "./render.js"
import type { NodeResults, Results } from "./results.js"
import { compileImports, measureStartup } from "./startup.js"
import type { StreamResults } from "./stream.js"
import { targetsTable } from "./targetsTable.js"
import type { VerifyResults } from "./verify.js"
import { transports } from "./works.js"

const { values } = parseArgs({
  options: {
    rounds: { type: "string" },
    calls: { type: "string" },
    node: { type: "string" },
    "warm-ups": { type: "string" },
    quick: { type: "boolean", default: false },
    render: { type: "boolean", default: false }
  }
})

const rounds = Number(values.rounds ?? (values.quick ? 3 : 9))
const calls = Number(values.calls ?? (values.quick ? 160 : 1_600))
const warmUps = Number(values["warm-ups"] ?? (values.quick ? 5 : 3))
if (![rounds, calls, warmUps].every((count) => Number.isInteger(count) && count > 0)) {
  throw new Error("--rounds, --calls and --warm-ups must be whole numbers above zero")
}

const step = (text: string) => process.stderr.write(`${text} …\n`)

const measureOn = async (node: Node, apiUrl: string): Promise<NodeResults> => {
  const { binary, version } = node
  const readings: Array<Reading> = []
  for (const transport of transports) {
    step(`Node ${version}: ${rounds} rounds of ${calls} calls over ${transport}`)
    const args = [transport, apiUrl, rounds, calls, warmUps]
    readings.push(...(await runChild<ReadonlyArray<Reading>>(binary, "calls", args)))
  }
  step(`Node ${version}: session tokens`)
  const verified = await runChild<VerifyResults>(binary, "verify", [rounds, calls, warmUps])
  step(`Node ${version}: a long stream`)
  const stream = await runChild<StreamResults>(binary, "stream", [apiUrl])
  step(`Node ${version}: import`)
  const startup = await measureStartup(binary, Math.min(rounds, 11))
  return { ...verified, node, readings: [...readings, ...verified.readings], stream, startup }
}

const measureAll = async (): Promise<Figures> => {
  step("compiling")
  const nodes = await findNodes(values.node)
  await compileChildren()
  await compileImports()

  const measured: Array<NodeResults> = []
  await withServer(async (apiUrl) => {
    for (const node of nodes) measured.push(await measureOn(node, apiUrl))
  })
  const results: Results = { rounds, warmUps, calls, nodes: measured, bundle: await measureBundle() }
  const figures = figuresOf(results, new Date().toISOString().slice(0, 10), await packageVersions())
  process.stdout.write(`${pageOf(figures)}\n## Targets\n\n${targetsTable(results)}\n`)
  return figures
}

if (values.render) {
  await writeRendered(await readFigures())
} else {
  const figures = await measureAll()
  if (!values.quick) {
    await recordFigures(figures)
    await writeRendered(figures)
  }
}
