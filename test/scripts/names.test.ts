import { describe, expect, it } from "#test/vitest.js"
import { differencesBetween, namesIn } from "../../scripts/test/names.js"

const ran = (title: string, status = "passed") => ({ ancestorTitles: ["a session"], title, status })

describe("the comparison of the tests of both majors", () => {
  it("names the tests that ran by file, groups and title, once for each project", () => {
    const file = "/project/test/schema/Session.test.ts"
    const report = {
      testResults: [
        { name: file, assertionResults: [ran("decodes"), ran("encodes", "failed"), ran("sorts", "skipped")] },
        { name: file, assertionResults: [ran("decodes")] }
      ]
    }
    expect(namesIn(report, "/project/")).toEqual([
      "test/schema/Session.test.ts › a session › decodes",
      "test/schema/Session.test.ts › a session › encodes",
      "test/schema/Session.test.ts › a session › decodes (run 2)"
    ])
  })

  it("gives a test of what users write with each major the same name for both", () => {
    const nameIn = (major: string) =>
      namesIn(
        {
          testResults: [
            { name: `/project/test/${major}/examples/devices.test.ts`, assertionResults: [ran("lists")] }
          ]
        },
        "/project/"
      )
    expect(nameIn("effect3")).toEqual(["test/<major>/examples/devices.test.ts › a session › lists"])
    expect(nameIn("effect4")).toEqual(nameIn("effect3"))
  })

  it("leaves out quotes and seeds, which differ from run to run", () => {
    const report = {
      testResults: [
        {
          name: "/project/a.test.ts",
          assertionResults: [ran("over 'fetch' (KEY_SEED=42)"), ran("from seed 7")]
        }
      ]
    }
    expect(namesIn(report, "/project/")).toEqual([
      "a.test.ts › a session › over fetch (KEY_SEED=…)",
      "a.test.ts › a session › from seed …"
    ])
  })

  it("accepts equal names in any order", () => {
    expect(differencesBetween({ effect3: ["a", "b"], effect4: ["b", "a"] }, [])).toEqual([])
  })

  it("reports a test that one major did not run", () => {
    const names = {
      effect3: ["a.test.ts › one", "a.test.ts › two"],
      effect4: ["a.test.ts › one", "b.test.ts › three"]
    }
    expect(differencesBetween(names, [])).toEqual([
      "effect3 did not run: b.test.ts › three",
      "effect4 did not run: a.test.ts › two"
    ])
  })

  it("allows the exceptions of a test and of a file, for the major that they name", () => {
    const names = { effect3: ["a.test.ts › one", "a.test.ts › two"], effect4: ["b.test.ts › three"] }
    const reason = "only this major has it"
    expect(
      differencesBetween(names, [
        { name: "b.test.ts › three", major: "effect3", reason },
        { name: "a.test.ts", major: "effect4", reason }
      ])
    ).toEqual([])
    expect(differencesBetween(names, [{ name: "b.test.ts › three", major: "effect4", reason }])).toHaveLength(
      4
    )
  })

  it("reports an exception that names no difference", () => {
    const names = { effect3: ["a.test.ts › one"], effect4: ["a.test.ts › one"] }
    const exception = { name: "a.test.ts › one", major: "effect4", reason: "it is not ported" } as const
    expect(differencesBetween(names, [exception])).toEqual([
      "test/exceptions.json is out of date: effect4 lacks no test of a.test.ts › one"
    ])
  })
})
