// Publishes the version in package.json, with provenance, after every check of the published files.
//
//     npm run release                 what the release workflow runs
//     npm run release -- --dry-run    the same without publishing, on any machine
//     npm run release -- --dry-run --no-checks
import { spawnSync } from "node:child_process"
import { appendFileSync, readFileSync } from "node:fs"
import { parseArgs } from "node:util"

const { values } = parseArgs({
  options: { "dry-run": { type: "boolean" }, checks: { type: "boolean", default: true } },
  allowNegative: true
})
const isDryRun = values["dry-run"] === true

const fail = (why) => {
  console.error(`not released: ${why}`)
  process.exit(1)
}

const run = (command, args, options = {}) => spawnSync(command, args, { encoding: "utf8", ...options })

const must = (command, args) => {
  console.log(`> ${command} ${args.join(" ")}`)
  if (run(command, args, { stdio: "inherit" }).status !== 0) fail(`${command} ${args.join(" ")} failed`)
}

/** The output for later steps of the workflow. */
const tell = (name, value) => {
  if (process.env.GITHUB_OUTPUT !== undefined) appendFileSync(process.env.GITHUB_OUTPUT, `${name}=${value}\n`)
}

const { name, repository, version } = JSON.parse(readFileSync("package.json", "utf8"))
const released = `${name}@${version}`

const isPublished = () => {
  const { status, stderr, stdout } = run("npm", ["view", released, "version"])
  if (status === 0) return stdout.trim() === version
  if (/E404/.test(stderr)) return false
  return fail(`the registry does not say whether ${released} exists:\n${stderr}`)
}

const flaws = [
  [version === "0.0.0", "no version has been made yet: run `npm run release:version` first"],
  [run("git", ["status", "--porcelain"]).stdout !== "", "the working tree has changes"],
  [repository === undefined, "package.json names no repository, against which provenance is checked"],
  [
    process.env.ACTIONS_ID_TOKEN_REQUEST_URL === undefined,
    "provenance needs the identity of a workflow: release from the release workflow"
  ]
].flatMap(([holds, why]) => (holds ? [why] : []))

tell("version", version)
tell("published", "false")
if (isDryRun) {
  for (const flaw of flaws) console.warn(`a release would stop here: ${flaw}`)
} else {
  if (isPublished()) {
    console.log(`${released} is published already`)
    process.exit(0)
  }
  if (flaws.length > 0) fail(flaws.join("; "))
}

if (values.checks) must("bash", [".ci/run"])
// `prepack` builds it. Provenance requires a workflow, so a dry run has none.
must("npm", ["publish", "--access", "public", ...(isDryRun ? ["--dry-run"] : ["--provenance"])])
if (!isDryRun) tell("published", "true")
