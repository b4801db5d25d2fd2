/** Reads a long list as a stream and regularly measures how much of it stays on the heap. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { ClerkHttp, Sessions } from "effect-clerk"
import { streamedSessions, streamedUserId } from "./wire.js"

export interface StreamResults {
  /** The maximum of live bytes while the stream ran, minus those before. */
  readonly peakGrowth: number
}

const [apiUrl = ""] = process.argv.slice(2)

const liveHeapBytes = (): number => {
  if (globalThis.gc === undefined) throw new Error("start node with --expose-gc")
  globalThis.gc()
  return process.memoryUsage().heapUsed
}

const count = (length: number, observe: () => void) =>
  Effect.suspend(() => {
    let seen = 0
    const next = Effect.sync(() => {
      seen += 1
      if (seen % 10_000 === 0) observe()
    })
    return Sessions.stream({ userId: streamedUserId, offset: streamedSessions - length }).pipe(
      Stream.runForEach(() => next),
      Effect.map(() => seen)
    )
  })

const program = Effect.gen(function* () {
  yield* count(5_000, () => {})
  const before = liveHeapBytes()
  let peak = before
  const seen = yield* count(streamedSessions, () => {
    peak = Math.max(peak, liveHeapBytes())
  })
  if (seen !== streamedSessions) return yield* Effect.die(new Error(`the stream returned ${seen} sessions`))
  return { peakGrowth: peak - before } satisfies StreamResults
})

const results = await Effect.runPromise(
  Effect.provide(program, ClerkHttp.layerFetch({ secretKey: Redacted.make("sk_test_benchmark"), apiUrl }))
)
process.stdout.write(JSON.stringify(results), () => process.exit(0))
