import { readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "#test/vitest.js"
import { randomCaseWith, simplest } from "./support/cases.js"
import { clients } from "./support/clients.js"
import { differences } from "./support/differences.js"
import { explain, flaws, run } from "./support/run.js"

describe("a wanted difference from the official client", () => {
  it.live.each(differences)("$name explains the outcomes of its own request", ({ example, name }) =>
    Effect.gen(function* () {
      const { ours, theirs } = yield* clients
      const given = { ...simplest, ...example }
      expect(yield* ours()(given)).not.toEqual(yield* theirs(given))
      const result = yield* explain(given, theirs, ours())
      expect("request" in result ? result : result.map((each) => each.name)).toEqual([name])
    })
  )

  it("has a section of the documentation, which describes no other difference", () => {
    const page = readFileSync("docs/stricter-than-clerk.md", "utf8")
    const anchors = [...page.matchAll(/^### (.*)$/gm)].map(([, heading = ""]) =>
      heading.toLowerCase().replaceAll(" ", "-")
    )
    expect(anchors.sort()).toEqual(differences.map(({ name }) => name).sort())
  })
})

describe("the comparison with the official client", () => {
  it.live("fails and shows the smallest request when this library ignores __client_uat", () =>
    Effect.gen(function* () {
      const { ours, theirs } = yield* clients
      const wrong = ours({ requireClientUat: false })
      const report = yield* run({ cases: 300, maxUnexplained: 1, seed: 1 }, theirs, wrong)
      expect(report.unexplained).toHaveLength(1)
      expect(Object.keys(report.unexplained[0]?.request ?? {}).length).toBeLessThan(4)
      expect(flaws(report, false).join("\n")).toContain("unexplained: {")
    })
  )

  it.live("fails when this library does not refresh an expired session", () =>
    Effect.gen(function* () {
      const { ours, theirs } = yield* clients
      const report = yield* run({ cases: 300, maxUnexplained: 1, seed: 1 }, theirs, ours({ refresh: false }))
      expect(report.unexplained[0]?.request).toMatchObject({ refresh: "present" })
    })
  )

  it.live("fails when a difference explains no request, or too many", () =>
    Effect.gen(function* () {
      const { ours, theirs } = yield* clients
      const report = yield* run({ cases: 20, seed: 1 }, theirs, ours())
      const counts = new Map(differences.map(({ name }) => [name, 1]))
      expect(flaws({ ...report, cases: 1000, counts }, true)).toEqual([])
      expect(
        flaws({ ...report, cases: 1000, counts: new Map([...counts, ["cross-origin", 0]]) }, true)
      ).toEqual([expect.stringContaining("cross-origin explains no case")])
      expect(
        flaws({ ...report, cases: 1000, counts: new Map([...counts, ["cross-origin", 21]]) }, true)
      ).toEqual([expect.stringContaining("cross-origin explains 21 of 1000 cases")])
    })
  )

  it("repeats the same requests for a seed", async () => {
    const { SeededRandom } = await import("../support/random.js")
    const of = (seed: number) => randomCaseWith({}, new SeededRandom(seed))
    expect(of(7)).toEqual(of(7))
    expect(of(7)).not.toEqual(of(8))
  })
})
