/**
 * A soak test. 64 fibers call a server with faults, over `fetch` and over `effect-clerk/Undici`, for two minutes or
 * `--seconds N`. No resource may be open at the end. `--seed N` replays the same calls. Then follows the soak of
 * token verification (`tokens.ts`), in proportion.
 */
import { fork, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, type ClerkHttpOptions } from "effect-clerk"
import * as Undici from "effect-clerk/Undici"
import { errorsOf } from "#test/cause.js"
import { typescriptFlags } from "../scripts/support/major.js"
import { Durations, heapAfterGc, megabytes, type Row, resources, surplus, table } from "./measure.js"
import { plan, randomFrom } from "./plan.js"
import type { Counts } from "./server.js"

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "120" }, seed: { type: "string" } }
})
const seconds = Number(values.seconds)
const seed = Number(values.seed ?? Date.now() % 1_000_000_000)
const fibersOfEach = 32

const say = (text: string) => void process.stdout.write(`${text}\n`)

const strays: Array<unknown> = []
process.on("unhandledRejection", (reason) => void strays.push(reason))
process.on("uncaughtException", (error) => void strays.push(error))

const server = fork(fileURLToPath(new URL("./server.ts", import.meta.url)), {
  execArgv: [...typescriptFlags]
})
const [{ port }] = (await once(server, "message")) as [{ port: number }]

const counts = async (): Promise<Counts> => {
  const answer = once(server, "message")
  server.send("counts")
  const [{ counts }] = (await answer) as [{ counts: Counts }]
  return counts
}

const options: ClerkHttpOptions = {
  secretKey: Redacted.make("sk_test_soak"),
  apiUrl: `http://127.0.0.1:${port}`,
  policy: { maxAttempts: 3, timeout: "1 second", deadline: "10 seconds" },
  maxResponseBytes: 100_000
}
const clients: ReadonlyArray<Layer.Layer<ClerkHttp, unknown>> = [
  ClerkHttp.layerFetch(options),
  Layer.provide(ClerkHttp.layer(options), Undici.layer())
]

const tally = { calls: 0, faulty: 0, wrong: 0, defects: 0, exhausted: 0 }
const wrong: Array<string> = []
const durations = new Durations()
let endsAt = 0
let leaked = 0
let number = 0

/** The outcome of a call as a short text. */
const read = (exit: Exit.Exit<unknown, unknown>) => {
  if (Exit.isSuccess(exit)) return { tag: "value", attempts: 0, exhausted: false }
  const [failure] = errorsOf(exit.cause)
  if (failure === undefined) {
    tally.defects++
    return { tag: Cause.pretty(exit.cause), attempts: 0, exhausted: false }
  }
  const field = (name: string) => Reflect.get(Object(failure), name)
  return {
    tag: String(field("_tag")),
    attempts: Number(field("attempts")),
    exhausted: field("retryBudgetExhausted") === true
  }
}

const oneCall = Effect.suspend(() => {
  const planned = plan(++number, randomFrom(seed + number * 0x9e3779b9))
  const started = performance.now()
  return Effect.map(Effect.exit(planned.run), (exit) => {
    tally.calls++
    const result = read(exit)
    if (planned.isFaulty) tally.faulty++
    else durations.add(performance.now() - started)
    if (result.exhausted) tally.exhausted++
    if (!planned.isRight(result)) tally.wrong++
    if (!planned.isRight(result) && wrong.length < 10)
      wrong.push(`${planned.fault}: ${result.tag} after ${result.attempts}`)
  })
})

const soakFor = (millis: number) =>
  Effect.suspend(() => {
    endsAt = performance.now() + millis
    return Effect.forEach(
      clients,
      (client) =>
        Effect.all(
          Array.from({ length: fibersOfEach }, () =>
            Effect.repeat(oneCall, { while: () => performance.now() < endsAt })
          ),
          { concurrency: "unbounded", discard: true }
        ).pipe(
          // Measured before the client ends, because its end closes leaked resources.
          Effect.andThen(Effect.promise(() => settle(({ unfinished }) => unfinished === 0, 2_000))),
          Effect.tap(({ unfinished }) =>
            Effect.sync(() => {
              leaked = Math.max(leaked, unfinished)
            })
          ),
          Effect.provide(client)
        ),
      { concurrency: "unbounded", discard: true }
    )
  })

const settle = async (isSettled: (now: Counts) => boolean, millis: number) => {
  const until = performance.now() + millis
  for (;;) {
    const now = await counts()
    if (isSettled(now) || performance.now() > until) return now
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

say(`soak: ${seconds} s, ${2 * fibersOfEach} fibers, seed ${seed}`)
const baseline = resources()
const warmUp = Math.min(60, seconds / 4)
await Effect.runPromise(soakFor(warmUp * 1_000))
const heapBefore = heapAfterGc()
await Effect.runPromise(soakFor((seconds - warmUp) * 1_000))
const heapGrowth = heapAfterGc() - heapBefore
const idle = await settle(({ sockets }) => sockets === 0, 6_000)
await new Promise((resolve) => setTimeout(resolve, 1_200)) // undici's own timer runs once a second
const left = surplus(baseline, resources())
const rss = process.resourceUsage().maxRSS * 1024
const leastRequests = Math.round((100_000 * seconds) / 120)

const rows: ReadonlyArray<Row> = [
  {
    name: "requests",
    target: `>= ${leastRequests}`,
    measured: String(idle.requests),
    holds: undefined
  },
  {
    name: "faults met",
    target: ">= 5 %",
    measured: `${idle.faults} (${((100 * idle.faults) / idle.requests).toFixed(1)} %)`,
    holds: idle.faults >= idle.requests / 20
  },
  {
    name: "calls with the wrong outcome",
    target: "0",
    measured: String(tally.wrong),
    holds: tally.wrong === 0
  },
  { name: "defects", target: "0", measured: String(tally.defects), holds: tally.defects === 0 },
  { name: "unhandled rejections", target: "0", measured: String(strays.length), holds: strays.length === 0 },
  {
    name: "responses left open",
    target: "0",
    measured: String(leaked),
    holds: leaked === 0
  },
  { name: "sockets 6 s after", target: "0", measured: String(idle.sockets), holds: idle.sockets === 0 },
  {
    name: "timers and handles left",
    target: "none",
    measured: left.join(", ") || "none",
    holds: left.length === 0
  },
  {
    name: "growth of the heap",
    target: "< 10 MB",
    measured: megabytes(heapGrowth),
    holds: heapGrowth < 10 * 1024 * 1024
  },
  {
    name: "resident memory at most",
    target: "< 500 MB",
    measured: megabytes(rss),
    holds: rss < 500 * 1024 * 1024
  },
  {
    name: "p99 of calls without fault",
    target: "< 100 ms",
    measured: `${durations.quantile(0.99).toFixed(1)} ms`,
    holds: undefined
  },
  {
    name: "p50 of calls without fault",
    target: "",
    measured: `${durations.quantile(0.5).toFixed(1)} ms`,
    holds: undefined
  },
  {
    name: "calls that found the budget empty",
    target: "",
    measured: `${tally.exhausted} of ${tally.faulty} with a fault`,
    holds: undefined
  }
]
say(table(rows))
for (const text of [...wrong, ...strays.map(String)].slice(0, 20)) say(`  ${text}`)
server.disconnect()

// In a separate process, so that the figures are independent.
const tokens = spawn(
  process.execPath,
  [
    ...["--expose-gc", ...typescriptFlags, fileURLToPath(new URL("./tokens.ts", import.meta.url))],
    ...["--size", String(Math.min(1, seconds / 120)), "--seed", String(seed)]
  ],
  { stdio: "inherit" }
)
const [tokensCode] = await once(tokens, "exit")
process.exitCode = rows.some(({ holds }) => holds === false) || tokensCode !== 0 ? 1 : 0
