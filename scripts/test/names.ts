/** What the JSON reporter of vitest writes, as far as it is read here. */
export interface Report {
  readonly testResults: ReadonlyArray<{
    /** The absolute path of the test file. */
    readonly name: string
    readonly assertionResults: ReadonlyArray<{
      readonly ancestorTitles: ReadonlyArray<string>
      readonly title: string
      readonly status: string
    }>
  }>
}

export type Major = "effect3" | "effect4"

/** A test, or all tests of a file, that one major does not have. */
export interface Exception {
  /** `test/http-api/client.test.ts`, or this with the titles: `test/…/client.test.ts › group › title`. */
  readonly name: string
  /** The major that lacks it. */
  readonly major: Major
  readonly reason: string
}

/** A title without the quotes that only vitest 3 puts around a value of a table, and without seeds. */
const plain = (title: string): string => title.replaceAll("'", "").replaceAll(/(seed |SEED=)\d+/g, "$1…")

/**
 * The names of the tests that ran, such as `test/schema/Session.test.ts › a session › decodes`. A skipped test did not
 * run. A test that ran in several projects is listed once for each.
 */
export const namesIn = ({ testResults }: Report, root: string): ReadonlyArray<string> => {
  const counts = new Map<string, number>()
  return testResults.flatMap(({ assertionResults, name: file }) =>
    assertionResults
      .filter(({ status }) => status === "passed" || status === "failed")
      .map(({ ancestorTitles, title }) => {
        // Both majors have tests of what users write in another way with each of them.
        const path = (file.startsWith(root) ? file.slice(root.length) : file).replace(
          /^test\/effect[34]\//,
          "test/<major>/"
        )
        const name = [path, ...ancestorTitles, title].map(plain).join(" › ")
        const count = (counts.get(name) ?? 0) + 1
        counts.set(name, count)
        return count === 1 ? name : `${name} (run ${count})`
      })
  )
}

const concerns = (exception: Exception, name: string) =>
  name === exception.name ||
  name.startsWith(`${exception.name} › `) ||
  name.startsWith(`${exception.name} (run `)

/** Describes each test that only one major ran and no exception names, and each exception that names no such test. */
export const differencesBetween = (
  names: Readonly<Record<Major, ReadonlyArray<string>>>,
  exceptions: ReadonlyArray<Exception>
): ReadonlyArray<string> => {
  const lackedBy = (major: Major) => {
    const ran = new Set(names[major])
    return names[major === "effect3" ? "effect4" : "effect3"].filter((name) => !ran.has(name))
  }
  const lacked = [
    ...lackedBy("effect3").map((name) => ({ major: "effect3" as const, name })),
    ...lackedBy("effect4").map((name) => ({ major: "effect4" as const, name }))
  ]
  return [
    ...lacked
      .filter((test) => !exceptions.some((each) => each.major === test.major && concerns(each, test.name)))
      .map(({ major, name }) => `${major} did not run: ${name}`),
    ...exceptions
      .filter((each) => !lacked.some((test) => each.major === test.major && concerns(each, test.name)))
      .map(({ major, name }) => `test/exceptions.json is out of date: ${major} lacks no test of ${name}`)
  ]
}
