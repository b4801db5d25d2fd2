import * as Effect from "effect/Effect"
import { type ClerkHttp, RequestPolicy, Sessions } from "effect-clerk"
import { snapshot } from "#test/metrics.js"
import { describe, expect, it } from "#test/vitest.js"
import { canaries, failureOf, refresh, secretKey } from "../support/canaries.js"
import { leaks, valueChannels } from "../support/channels.js"
import type { AnyError } from "../support/operations.js"
import { atOnce, ours } from "./support/calls.js"
import { scripted } from "./support/scripted.js"
import { groups } from "./support/table.js"

/** One call with secrets in its body, which is sent once, and one call that is retried. */
const calls: ReadonlyArray<Effect.Effect<unknown, AnyError, ClerkHttp>> = [refresh, Sessions.get("sess_1")]

const seenIn = (name: string, value: unknown) => leaks(valueChannels(name, value), canaries)

describe.each(ours)("over $transport", ({ layer }) => {
  describe.each(groups)("no secret is shown by %s", (_, table, policy) => {
    it.live.each(table)("$name", (fault) =>
      Effect.gen(function* () {
        const server = yield* scripted({ act: fault.act })
        const events: Array<RequestPolicy.RetryEvent> = []
        const onRetry = (event: RequestPolicy.RetryEvent) => Effect.sync(() => void events.push(event))
        for (const call of calls) {
          yield* failureOf(
            atOnce(call).pipe(
              RequestPolicy.retry({ maxAttempts: 2, onRetry }),
              Effect.provide(layer({ apiUrl: server.url, secretKey, policy }))
            )
          )
        }
        expect(server.seen.length).toBeGreaterThan(0)
        expect(seenIn("onRetry", events)).toEqual([])
        expect(seenIn("metrics", yield* snapshot)).toEqual([])
      })
    )
  })
})
