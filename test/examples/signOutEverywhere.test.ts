import * as Effect from "effect/Effect"
import { major } from "#test/major.js"
import { assert, describe, it } from "#test/vitest.js"
import { runExample } from "../support/examples.js"

// The example keeps its job in SQLite, for which Effect 4 has no package yet.
const name: string = major
const runsOn = name === "effect3" ? it.live : it.live.skip

describe("the example of a job whose worker is killed", () => {
  runsOn(
    "resumes, leaves no older session, keeps the newer ones, and exits with 0",
    () =>
      Effect.gen(function* () {
        const { code, output } = yield* runExample("sign-out-everywhere/main.ts", ["--users", "300"])
        assert.strictEqual(code, 0, output)
        assert.match(output, /Killed the worker with SIGKILL\. Started another one, which resumes the job\./)
        assert.match(output, /users processed {10}300 of 300, 0 failed/)
        assert.match(output, /older sessions left {6}0\n/)
        assert.match(output, /newer sessions kept {6}(\d+) of \1\n/)
        assert.match(output, /\[#{40}\] 300\/300 users, 0 failed, done/)
      }),
    90_000
  )
})
