import { assert, describe, it } from "#test/vitest.js"
import { added, chunksOf, firstSearch, isFull, looked, nextPart } from "../../../src/core/bulk/parts.js"

/** The last part with a result, and the parts that the search looked at. */
const searched = (withResult: number) => {
  const parts: Array<number> = []
  let search = firstSearch
  for (let part = nextPart(search); part !== undefined; part = nextPart(search)) {
    parts.push(part)
    search = looked(search, part, part < withResult)
  }
  return { last: search.done, looks: parts.length }
}

describe("the search for the last part with a result", () => {
  it("finds it for any number of parts", () => {
    for (let count = 0; count < 300; count += 1) assert.strictEqual(searched(count).last, count - 1)
  })

  it("looks at few parts: 28 for a job of 10 million users", () => {
    assert.isAtMost(searched(10_000).looks, 28)
    assert.strictEqual(searched(0).looks, 1)
  })
})

describe("the chunks of a part", () => {
  it("have all users once, in their order", () => {
    for (const length of [0, 1, 99, 100, 101, 1_000]) {
      const users = Array.from({ length }, (_, at) => at)
      const chunks = chunksOf(users, 100)
      assert.deepStrictEqual(chunks.flat(), users)
      assert.isTrue(chunks.every((chunk) => chunk.length > 0 && chunk.length <= 100))
    }
  })

  it("are at least ten before a part is full", () => {
    assert.deepStrictEqual([isFull(999, 100), isFull(1_000, 100), isFull(10, 1)], [false, true, true])
  })

  it("add up to the progress", () => {
    const failed = [{ userId: "user_1", reason: "timeout" as const }]
    assert.deepStrictEqual(
      added({ users: 1_000, failed: 2 }, [
        { users: 100, failed: [] },
        { users: 40, failed }
      ]),
      { users: 1_140, failed: 3 }
    )
    assert.deepStrictEqual(added({ users: 5, failed: 1 }, []), { users: 5, failed: 1 })
  })
})
