/**
 * Measures whole calls and the decoding alone, one client after the other, round after round, in one process.
 * Started by `run.ts` with the server's URL, the number of rounds, the number of calls in each, and the number of
 * warm-up rounds. V8 compiles the code during the warm-up, as it does in a server that runs for a long time.
 */
import * as DateTime from "effect/DateTime"
import { makeSessionPageReader } from "../src/core/session/reader.js"
import { makeClients, type Reading, works } from "./clients.js"
import type { Run } from "./concurrency.js"
import { liveHeapBytes, sampleInTurns } from "./sample.js"
import { pageEnvelope, pageSize, sessionId } from "./wire.js"

export interface CallResults {
  readonly readings: ReadonlyArray<Reading>
  /** Live heap after the last round over live heap after the warm-up. */
  readonly heapGrowth: number
}

interface Subject extends Omit<Reading, "cpu" | "wall"> {
  readonly work: keyof typeof callsOf
  readonly run: (calls: number) => unknown
  readonly calls: number
}

const [apiUrl = "", rounds = "1", calls = "100", warmUps = "1"] = process.argv.slice(2)

const maxConcurrency = 16

/** A number that the concurrency share evenly. */
const shared = (count: number): number => Math.ceil(count / maxConcurrency) * maxConcurrency

/** The calls for pages of 500 are few. */
const callsOf = {
  get: shared(Number(calls)),
  list: shared(Number(calls) / 10),
  decode: shared(Number(calls) / 10)
}

const checked = async (subject: Subject, expected: unknown): Promise<Subject> => {
  const found = await subject.run(1)
  if (found !== expected) {
    throw new Error(`${subject.by} found ${found} by ${subject.work}, and not ${expected}`)
  }
  return subject
}

const callSubjects = makeClients(apiUrl).flatMap(({ key, run }) =>
  [1, maxConcurrency].flatMap((concurrency) =>
    works.map((work) =>
      checked(
        { work, concurrency, by: key, run: run[work](concurrency), calls: callsOf[work] },
        work === "get" ? sessionId : pageSize
      )
    )
  )
)

const pageText = pageEnvelope(0, pageSize, pageSize)
const page: unknown = JSON.parse(pageText)

const readPage = makeSessionPageReader(DateTime.unsafeFromDate)

const repeated =
  (once: () => number): Run =>
  async (times) => {
    let found = 0
    for (let made = 0; made < times; made++) found = once()
    return found
  }

const decoding = { work: "decode", concurrency: 1, calls: callsOf.decode } as const
const decodeSubjects = [
  checked({ ...decoding, by: "parse", run: repeated(() => JSON.parse(pageText).data.length) }, pageSize),
  checked({ ...decoding, by: "decoder", run: repeated(() => readPage(page)?.data.length ?? 0) }, pageSize)
]

const subjects = await Promise.all([...callSubjects, ...decodeSubjects])
for (const { run, calls } of subjects) await run(calls * Number(warmUps))

const heapBefore = liveHeapBytes()
const measured = await sampleInTurns(subjects, Number(rounds))

const results: CallResults = {
  readings: measured.map(({ subject: { work, concurrency, by }, cpu, wall }) => ({
    work,
    concurrency,
    by,
    cpu,
    wall
  })),
  heapGrowth: liveHeapBytes() - heapBefore
}
process.stdout.write(JSON.stringify(results), () => process.exit(0))
