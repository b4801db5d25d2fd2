// Publishes the packages of both Effect majors, with provenance, after every check of the published files. If something
// stops the release, it prints a list and exits with 1.
//
//     npm run release                           what the release workflow runs
//     npm run release -- --dry-run              builds and inspects the packages, on any machine; exits with 0 in spite of the list
//     npm run release -- --dry-run --no-build   only inspects them, as the last build left them
import { spawnSync } from "node:child_process"
import { appendFileSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { checkLinksOf } from "./support/links.mjs"
import { placeholders } from "./support/metadata.mjs"
import {
  changelogFlaws,
  contentFlaws,
  distTags,
  levelOf,
  majors,
  nextVersion,
  placeholderFlaws,
  publishArguments,
  targetsOf,
  versionFlaws,
  workflowFlaws
} from "./support/release.mjs"

const { values } = parseArgs({
  options: {
    "dry-run": { type: "boolean" },
    build: { type: "boolean", default: true }
  },
  allowNegative: true
})
const isDryRun = values["dry-run"] === true

const run = (command, args, options = {}) => spawnSync(command, args, { encoding: "utf8", ...options })

const stop = (...reasons) => {
  console.error("\nNot released:")
  for (const reason of reasons) console.error(`- ${reason.replaceAll("\n", "\n    ")}`)
  process.exit(1)
}

const must = (command, args) => {
  console.log(`> ${command} ${args.join(" ")}`)
  if (run(command, args, { stdio: "inherit" }).status !== 0) stop(`${command} ${args.join(" ")} failed`)
}

/** The output for later steps of the workflow. */
const tell = (name, value) => {
  if (process.env.GITHUB_OUTPUT !== undefined) appendFileSync(process.env.GITHUB_OUTPUT, `${name}=${value}\n`)
}

const manifestOf = (major) => JSON.parse(readFileSync(`packages/${major}/package.json`, "utf8"))
const ofEach = (value) => Object.fromEntries(majors.map((major) => [major, value(major)]))

const { name } = manifestOf("effect4")
const versions = ofEach((major) => manifestOf(major).version)
const levels = readdirSync(".changeset")
  .filter((file) => file.endsWith(".md"))
  .map((file) => levelOf(readFileSync(join(".changeset", file), "utf8")))
const next = ofEach((major) => nextVersion(versions[major], levels))

/** What stops the release, by area. Nothing here needs a build. */
const areas = [
  ["versions", versionFlaws(versions, levels)],
  ["changelog", changelogFlaws(readFileSync("CHANGELOG.md", "utf8"), next)],
  ["placeholders", placeholderFlaws(placeholders())],
  [
    "working tree",
    run("git", ["status", "--porcelain"]).stdout === "" ? [] : ["it has changes that are not committed"]
  ],
  [
    "provenance",
    [
      ...workflowFlaws(readFileSync(".github/workflows/release.yml", "utf8")),
      ...(process.env.ACTIONS_ID_TOKEN_REQUEST_URL === undefined
        ? ["this process has no identity of a workflow: release from the release workflow"]
        : [])
    ]
  ]
]

/** The packed files of a package after the build, with what is wrong with them. */
const inspect = (major) => {
  const { status, stderr, stdout } = run("npm", ["pack", `./packages/${major}`, "--dry-run", "--json"])
  if (status !== 0) stop(`npm pack failed:\n${stderr}`)
  const [{ files, size, unpackedSize }] = JSON.parse(stdout.slice(stdout.indexOf("[")))
  const paths = files.map(({ path }) => path)
  const documents = paths.filter((path) => /\.(?:md|txt)$/.test(path))
  const { broken } = checkLinksOf(documents.map((path) => join("packages", major, path)))
  return {
    paths,
    size,
    unpackedSize,
    flaws: [...contentFlaws(major, paths, targetsOf(manifestOf(major))), ...broken]
  }
}

const summaryOf = ({ paths, size, unpackedSize }) => {
  const count = (prefix) => paths.filter((path) => path.startsWith(prefix)).length
  const folders = ["dist/", "src/", "docs/"].map((prefix) => `${count(prefix)} in ${prefix}`).join(", ")
  const others = paths.filter((path) => !path.includes("/")).join(", ")
  return `${paths.length} files (${folders}), ${Math.round(size / 1024)} KiB, ${Math.round(unpackedSize / 1024)} KiB unpacked; ${others}`
}

const dryRun = () => {
  const inspected = ofEach(inspect)
  const all = [...areas, ...majors.map((major) => [`tarball for ${major}`, inspected[major].flaws])]
  console.log(`\n${name}: dry run of a release\n`)
  console.log("Packages:")
  for (const major of majors) {
    const version = versions[major] === next[major] ? next[major] : `${next[major]} (now ${versions[major]})`
    console.log(`  Effect ${major.at(-1)}: ${name}@${version}, dist-tag ${distTags[major]}`)
    console.log(`    npm ${publishArguments(major).join(" ")}`)
    console.log(`    ${summaryOf(inspected[major])}`)
  }
  console.log("\nChecks:")
  for (const [area, flaws] of all) {
    console.log(`  ${flaws.length === 0 ? "ok   " : "stops"} ${area}`)
    for (const flaw of flaws) console.log(`        ${flaw.replaceAll("\n", "\n          ")}`)
  }
  const count = all.filter(([, flaws]) => flaws.length > 0).length
  console.log(
    count === 0
      ? "\nNothing stops a release. Nothing was published."
      : `\n${count} of ${all.length} checks would stop a release. Nothing was published.`
  )
}

const isPublished = (major) => {
  const released = `${name}@${versions[major]}`
  const { status, stderr, stdout } = run("npm", ["view", released, "version"])
  if (status === 0) return stdout.trim() === versions[major]
  if (/E404/.test(stderr)) return false
  return stop(`the registry does not say whether ${released} exists:\n${stderr}`)
}

const release = () => {
  const flaws = areas.flatMap(([, each]) => each)
  if (flaws.length > 0) stop(...flaws)
  const wanted = majors.filter((major) => !isPublished(major))
  for (const major of majors) {
    if (!wanted.includes(major)) console.log(`${name}@${versions[major]} is published already`)
  }
  if (wanted.length === 0) return
  must("bash", [".ci/run"])
  must("npm", ["run", "build"])
  const broken = majors.flatMap((major) => inspect(major).flaws)
  if (broken.length > 0) stop(...broken)
  for (const major of wanted) must("npm", publishArguments(major))
  tell("published", "true")
}

tell("version", versions.effect4)
tell("published", "false")
if (isDryRun) {
  if (values.build) must("npm", ["run", "build"])
  dryRun()
} else {
  release()
}
