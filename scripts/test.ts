/**
 * Runs the tests with Effect 3 and with Effect 4. If all tests were wanted, both majors must have run the same tests,
 * except for those in `test/exceptions.json`.
 *
 *     npm test
 *     npm test -- --sequence.shuffle --sequence.seed=1
 *     npm test -- test/schema                          no comparison
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { differencesBetween, type Exception, type Major, namesIn, type Report } from "./test/names.js"

const root = fileURLToPath(new URL("../", import.meta.url))
const args = process.argv.slice(2)
const wantsAll = args.every((argument) => argument.startsWith("--sequence."))
const folder = mkdtempSync(join(tmpdir(), "effect-clerk-test-"))

const reportOf = (major: Major) => join(folder, `${major}.json`)

const passes = (major: Major): boolean => {
  console.log(`== ${major}`)
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportOf(major)}`]
  const { status } = spawnSync(
    process.execPath,
    [join(root, "scripts/major.mjs"), major, "vitest", "run", ...(wantsAll ? reporters : []), ...args],
    { cwd: root, stdio: "inherit" }
  )
  return status === 0
}

const namesOf = (major: Major): ReadonlyArray<string> => {
  // The JSON reporter of vitest wrote this file.
  const report: Report = JSON.parse(readFileSync(reportOf(major), "utf8"))
  return namesIn(report, root)
}

try {
  const results = [passes("effect3"), passes("effect4")]
  if (results.includes(false)) process.exitCode = 1
  if (wantsAll) {
    // The type is that of the checked-in file.
    const exceptions: ReadonlyArray<Exception> = JSON.parse(
      readFileSync(join(root, "test/exceptions.json"), "utf8")
    )
    const names = { effect3: namesOf("effect3"), effect4: namesOf("effect4") }
    const differences = differencesBetween(names, exceptions)
    for (const line of differences) console.error(line)
    console.log(
      `${names.effect3.length} tests with Effect 3, ${names.effect4.length} with Effect 4, ` +
        `${differences.length} unexpected differences`
    )
    if (differences.length > 0) process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true })
}
