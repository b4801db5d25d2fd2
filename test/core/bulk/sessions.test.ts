import { assert, describe, it } from "#test/vitest.js"
import { dueIn, nextOffset, pageSize } from "../../../src/core/bulk/sessions.js"

describe("the sessions that are due", () => {
  const statuses = [
    "active",
    "pending",
    "ended",
    "expired",
    "removed",
    "replaced",
    "revoked",
    "abandoned",
    "new"
  ]

  it("are the active and pending ones up to the cutoff, and not those after it", () => {
    const page = statuses.flatMap((status) =>
      [999, 1_000, 1_001].map((createdMillis) => ({
        id: `${status}_${createdMillis}`,
        status,
        createdMillis
      }))
    )
    assert.deepStrictEqual(
      dueIn(page, 1_000).map(({ id }) => id),
      ["active_999", "active_1000", "pending_999", "pending_1000"]
    )
  })
})

describe("the next page of sessions", () => {
  it("starts after the sessions so far, while there are more", () => {
    assert.strictEqual(nextOffset(0, pageSize, 501), 500)
    assert.strictEqual(nextOffset(500, 1, 501), undefined)
    assert.strictEqual(nextOffset(0, 3, 3), undefined)
  })

  it("follows a full page where Clerk does not count the sessions", () => {
    assert.strictEqual(nextOffset(0, pageSize, undefined), 500)
    assert.strictEqual(nextOffset(500, 499, undefined), undefined)
  })

  it("does not follow an empty page, for any count", () => {
    assert.strictEqual(nextOffset(500, 0, 501), undefined)
  })
})
