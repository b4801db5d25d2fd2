// Publishes the packages of both Effect majors, with provenance, after every check of the published files.
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

const packages = ["effect4", "effect3"].map((major) => {
  const { name, repository, version } = JSON.parse(readFileSync(`packages/${major}/package.json`, "utf8"))
  // A plain `npm install` gets the package of the newest Effect.
  const newest = version.includes("-") ? "next" : "latest"
  return {
    major,
    repository,
    version,
    released: `${name}@${version}`,
    tag: major === "effect4" ? newest : major
  }
})

const isPublished = ({ released, version }) => {
  const { status, stderr, stdout } = run("npm", ["view", released, "version"])
  if (status === 0) return stdout.trim() === version
  if (/E404/.test(stderr)) return false
  return fail(`the registry does not say whether ${released} exists:\n${stderr}`)
}

const flaws = [
  [
    packages.some(({ version }) => version.includes("-")),
    "no version has been made yet: run `npm run release:version` first"
  ],
  [run("git", ["status", "--porcelain"]).stdout !== "", "the working tree has changes"],
  [
    packages.some(({ repository }) => repository === undefined),
    "a package.json in packages names no repository, against which provenance is checked"
  ],
  [
    process.env.ACTIONS_ID_TOKEN_REQUEST_URL === undefined,
    "provenance needs the identity of a workflow: release from the release workflow"
  ]
].flatMap(([holds, why]) => (holds ? [why] : []))

tell("version", packages[0].version)
tell("published", "false")
if (isDryRun) {
  for (const flaw of flaws) console.warn(`a release would stop here: ${flaw}`)
}
const wanted = isDryRun ? packages : packages.filter((each) => !isPublished(each))
for (const each of packages) {
  if (!wanted.includes(each)) console.log(`${each.released} is published already`)
}
if (wanted.length === 0) process.exit(0)
if (!isDryRun && flaws.length > 0) fail(flaws.join("; "))

if (values.checks) must("bash", [".ci/run"])
must("npm", ["run", "build"])
for (const { major, tag } of wanted) {
  // Provenance requires a workflow, so a dry run has none.
  const mode = isDryRun ? "--dry-run" : "--provenance"
  must("npm", ["publish", `./packages/${major}`, "--access", "public", "--tag", tag, mode])
}
if (!isDryRun) tell("published", "true")
