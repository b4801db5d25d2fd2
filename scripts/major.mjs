// Runs a TypeScript file, or vitest, with the packages of one Effect major, on a Node that this major supports. For
// several majors it runs one after the other, and fails if one of them fails. `--major` picks one of several.
//
//     node scripts/major.mjs effect3 examples/quickstart.ts
//     node scripts/major.mjs effect4 vitest run test/schema
//     node scripts/major.mjs effect3,effect4 --expose-gc soak/run.ts --seconds 5
//     npm run test:faults -- --major effect4 test/faults/cuts.test.ts
import { spawn } from "node:child_process"
import { createRequire } from "node:module"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const [all = "", ...given] = process.argv.slice(2)
const option = given.indexOf("--major")
const majors = option === -1 ? all : (given.splice(option, 2)[1] ?? "")
const manifestOf = (major) => fileURLToPath(new URL(`../majors/${major}/package.json`, import.meta.url))

/** The Node of this process, or the one from npm where it is too old for Effect 4. */
const nodeFor = (major) => {
  const [release, minor] = process.versions.node.split(".").map(Number)
  if (major === "effect3" || release > 22 || (release === 22 && minor >= 19)) return process.execPath
  try {
    // A workspace has this package, because npm would put the `node` of the root before the machine's in every script.
    return join(dirname(createRequire(manifestOf(major)).resolve("node24/package.json")), "bin/node")
  } catch {
    console.error(`Effect 4 needs Node 22.19 or newer; this is Node ${process.versions.node}`)
    process.exit(1)
  }
}

const programFor = (major) => {
  const at = given.findIndex((argument) => !argument.startsWith("-"))
  const [file, ...args] = given.slice(at)
  const program =
    file === "vitest"
      ? [join(dirname(manifestOf(major)), "node_modules/vitest/vitest.mjs")]
      : ["--import", new URL("major/register.mjs", import.meta.url).href, file]
  return [...given.slice(0, at), ...program, ...args]
}

const run = (major) =>
  new Promise((resolve) => {
    const node = nodeFor(major)
    // `npm` and `npx` inside run on the same Node.
    const PATH = [dirname(node), process.env.PATH].join(delimiter)
    const child = spawn(node, programFor(major), {
      stdio: "inherit",
      env: { ...process.env, PATH, EFFECT_MAJOR: major }
    })
    const forward = (signal) => child.kill(signal)
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, forward)
    child.on("exit", (code, signal) => {
      for (const each of ["SIGINT", "SIGTERM"]) process.off(each, forward)
      if (signal !== null) process.kill(process.pid, signal)
      else resolve(code)
    })
  })

const isKnown =
  /^effect[34](?:,effect[34])*$/.test(majors) && majors.split(",").every((each) => all.includes(each))
if (!isKnown || given.every((argument) => argument.startsWith("-"))) {
  console.error(
    "usage: node scripts/major.mjs <effect3|effect4|effect3,effect4> [flags of Node] <file.ts|vitest> … [--major <one of them>]"
  )
  process.exit(2)
}
for (const major of majors.split(",")) {
  if (all.includes(",")) console.log(`== ${major}`)
  const code = await run(major)
  if (code !== 0) process.exitCode = code
}
