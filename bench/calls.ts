/**
 * Measures whole calls over one transport, and the decoding alone. Started by `run.ts` with the transport, the server's
 * URL, the number of rounds, the number of calls in each, and the number of warm-up rounds. A program has one transport,
 * so the garbage of another one must not count.
 */
import { utc } from "#test/dateTime.js"
import { makeSessionPageReader } from "../src/core/session/reader.js"
import { measure } from "./measure.js"
import type { Reading } from "./readings.js"
import { requestTasks } from "./requests.js"
import { promiseTask } from "./tasks.js"
import { pageEnvelope, pageSize } from "./wire.js"
import { transports } from "./works.js"

const [name, apiUrl = "", ...counts] = process.argv.slice(2)
const transport = transports.find((each) => each === name)
if (transport === undefined) throw new Error(`${name} is not a transport`)
const [rounds = 1, calls = 100, warmUps = 1] = counts.map(Number)

const pageText = pageEnvelope(0, pageSize, pageSize)
const page: unknown = JSON.parse(pageText)
const readPage = makeSessionPageReader(utc)

const decoding = { work: "decode", expected: pageSize, calls: Math.ceil(calls / 10) } as const
const decodingTasks = [
  promiseTask(decoding, "floor", async () => JSON.parse(pageText).data.length),
  promiseTask(decoding, "decoder", async () => readPage(page)?.data.length)
]

const readings: ReadonlyArray<Reading> = [
  ...(await measure(requestTasks(transport, apiUrl, calls), rounds, warmUps)),
  // Decoding does not depend on the transport.
  ...(transport === "undici" ? await measure(decodingTasks, rounds, warmUps, [1]) : [])
]
process.stdout.write(JSON.stringify(readings), () => process.exit(0))
