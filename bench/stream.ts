/** Reads a long list as a stream and regularly measures how much of it stays on the heap. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { ClerkHttp, Sessions } from "effect-clerk"
import { liveHeapBytes } from "./sample.js"
import { streamedSessions, streamedUserId } from "./wire.js"

export interface StreamResults {
  /** The maximum of live bytes while the stream ran, minus those before. */
  readonly peakGrowth: number
}

const [apiUrl = ""] = process.argv.slice(2)

const count = (length: number, look: () => void) =>
  Sessions.stream({ userId: streamedUserId, offset: streamedSessions - length }).pipe(
    Stream.runFold(0, (seen) => {
      if ((seen + 1) % 10_000 === 0) look()
      return seen + 1
    })
  )

const program = Effect.gen(function* () {
  yield* count(5_000, () => {})
  const before = liveHeapBytes()
  let peak = before
  const seen = yield* count(streamedSessions, () => {
    peak = Math.max(peak, liveHeapBytes())
  })
  if (seen !== streamedSessions) return yield* Effect.dieMessage(`the stream gave ${seen} sessions`)
  return { peakGrowth: peak - before } satisfies StreamResults
})

const results = await Effect.runPromise(
  Effect.provide(program, ClerkHttp.layerFetch({ secretKey: Redacted.make("sk_test_benchmark"), apiUrl }))
)
process.stdout.write(JSON.stringify(results), () => process.exit(0))
