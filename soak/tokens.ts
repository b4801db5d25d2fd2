/**
 * A soak test of token verification. Of a million mutated tokens none may be accepted, and of the valid ones none may be
 * rejected. It also has malicious tokens and a flood of forged key ids. Run by `npm run soak`, or alone:
 * `node scripts/major.mjs effect3 --expose-gc soak/tokens.ts --size 0.01`. `--seed N` replays the same mutations.
 */
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { SessionTokens, SigningKeys } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { errorsOf } from "#test/cause.js"
import { fork } from "#test/fiber.js"
import { SeededRandom } from "../test/support/random.js"
import { ours } from "../test/support/tokenKeys.js"
import { mutationsOf } from "../test/support/tokenMutations.js"
import { encode, header, kid, ourKeys, publicJwk, sessionToken, tokenOf } from "../test/support/tokens.js"
import { Durations, heapAfterGc, megabytes, type Row, table } from "./measure.js"

const { values } = parseArgs({
  options: { size: { type: "string", default: "1" }, seed: { type: "string" } }
})
const size = Number(values.size)
const seed = Number(values.seed ?? Date.now() % 1_000_000_000)
const scaled = (count: number) => Math.max(100, Math.round(count * size))

const strays: Array<unknown> = []
process.on("unhandledRejection", (reason) => void strays.push(reason))
process.on("uncaughtException", (error) => void strays.push(error))

/** Valid from 2023 to 2096, so that a seed gives the same tokens on any day. */
const times = { iat: 1_700_000_000, nbf: 1_699_999_990, exp: 4_000_000_000 }

const organization = { id: "org_1", slg: "acme", rol: "admin", per: "manage,read", fpm: "3,2" }
const version1 = { v: undefined, org_id: "org_1", org_role: "org:admin", org_permissions: ["org:teams:read"] }

const goodToken = (number: number) =>
  sessionToken(
    {
      ...times,
      sid: `sess_${number}`,
      ...(number % 2 === 0 ? {} : { fea: "o:dashboard,o:teams", pla: "u:free,o:pro", o: organization }),
      ...(number % 3 === 0 ? { act: { sub: "user_2", iss: "https://dashboard.clerk.com" } } : {}),
      ...(number % 5 === 0 ? version1 : {})
    },
    { oiat: 10 ** (number % 4) }
  )

const broken: Array<string> = []

/** The outcome of a verification: `ok`, the reason of a rejection, or a failure. */
const outcome = (self: Effect.Effect<unknown, { readonly reason: string }>) =>
  Effect.map(Effect.exit(self), (exit) => {
    if (Exit.isSuccess(exit)) return "ok"
    const [failure] = errorsOf(exit.cause)
    return failure?.reason ?? "defect"
  })

const tally = () => {
  const counts = new Map<string, number>()
  let all = 0
  return {
    add: (what: string) => {
      all++
      counts.set(what, (counts.get(what) ?? 0) + 1)
    },
    of: (what: string) => counts.get(what) ?? 0,
    all: () => all
  }
}

/** Runs an effect a number of times, with limited concurrency. */
const often = (count: number, once: Effect.Effect<void>, fibers = 64) =>
  Effect.suspend(() => {
    let left = count
    const worker = Effect.whileLoop({ while: () => left-- > 0, body: () => once, step: () => {} })
    return Effect.all(
      Array.from({ length: fibers }, () => worker),
      { concurrency: "unbounded", discard: true }
    )
  })

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`

const none = (name: string, count: number): Row => ({
  name,
  target: "0",
  measured: String(count),
  holds: count === 0
})

const told = (name: string, target: string, measured: string): Row => ({
  name,
  target,
  measured,
  holds: undefined
})

const bounded = (name: string, target: string, measured: string, holds: boolean): Row => ({
  name,
  target,
  measured,
  holds
})

const mutated = Effect.gen(function* () {
  const tokens = Array.from({ length: 50 }, (_, number) => goodToken(number))
  const plain = yield* SessionTokens.verifier()
  const remembering = yield* SessionTokens.verifier({ cache: { capacity: 50 } })
  yield* Effect.forEach(tokens, remembering)
  const next = mutationsOf(tokens, new SeededRandom(seed))
  const outcomes = tally()
  const once = Effect.suspend(() => {
    const { name, token } = next()
    const verify = outcomes.all() % 2 === 0 ? plain : remembering
    return Effect.map(outcome(verify(token)), (found) => {
      outcomes.add(found)
      if ((found === "ok" || found === "defect") && broken.length < 10)
        broken.push(`${found}: ${name}: ${token}`)
    })
  })
  yield* often(scaled(10_000), once)
  const heapBefore = heapAfterGc()
  const started = performance.now()
  yield* often(scaled(1_000_000), once)
  const took = seconds(started)
  const growth = heapAfterGc() - heapBefore
  return [
    told("mutated tokens", `>= ${scaled(1_000_000)}`, String(outcomes.all())),
    none("  accepted", outcomes.of("ok")),
    none("  defects", outcomes.of("defect")),
    bounded(
      "  as far as the signature",
      ">= 20 %",
      String(outcomes.of("signature")),
      outcomes.of("signature") >= outcomes.all() / 5
    ),
    told("  took", "< 90 s", took),
    bounded("  growth of the heap", "< 10 MB", megabytes(growth), growth < 10 * 1024 * 1024)
  ]
})

const good = Effect.gen(function* () {
  const tokens = Array.from({ length: scaled(2_000) }, (_, number) => goodToken(number + 50))
  const verify = yield* SessionTokens.verifier({ authorizedParties: ["https://app.example.com"] })
  const outcomes = tally()
  let at = 0
  const started = performance.now()
  yield* often(
    scaled(100_000),
    Effect.suspend(() => Effect.map(outcome(verify(tokens[at++ % tokens.length] ?? "")), outcomes.add))
  )
  return [
    told("good tokens", String(scaled(100_000)), String(outcomes.all())),
    none("  not accepted", outcomes.all() - outcomes.of("ok")),
    told("  took", "", seconds(started))
  ]
})

/** Tokens of the maximum length that need the most work. Those with claims are signed with the right key. */
const hostile: ReadonlyArray<readonly [name: string, token: string]> = (() => {
  const fill = (text: string, length = 11_000) => text.repeat(Math.floor(length / text.length))
  const said = (more: object) => sessionToken({ ...times, ...more })
  const list = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, at) => `${prefix}${at}`).join()
  const raw = (payload: string) => tokenOf(header(), payload)
  return [
    ["dots", fill(".", 16_384)],
    ["letters", fill("a", 16_384)],
    ["three long parts", [fill("a", 2_048), fill("a", 8_000), fill("a", 6_000)].join(".")],
    ["a signature of 8 KiB", `${encode(header())}.${fill("A", 7_000)}.${fill("A", 8_000)}`],
    ["arrays in arrays", raw(fill("["))],
    ["objects in objects", raw(fill('{"a":'))],
    ["arrays in arrays, closed again", said({ x: JSON.parse(`${fill("[", 4_000)}${fill("]", 4_000)}`) })],
    ["a thousand claims", said(Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`c${at}`, 1])))],
    ["escapes", raw(`{"x":"${fill("\\u0000")}"}`)],
    ["a number of 11,000 digits", raw(`{"exp":${fill("9")}}`)],
    ["2,000 features", said({ fea: list(1_500, "o:f"), o: organization })],
    [
      "every permission of every feature",
      said({
        fea: list(40, "o:f"),
        o: { ...organization, per: list(260, "p"), fpm: list(40, fill("9", 76)) }
      })
    ],
    ["1,000 permissions", said({ ...version1, org_permissions: Array(1_000).fill("org:a:b") })],
    ["a mask of 10,000 digits", said({ fea: "o:a", o: { ...organization, fpm: fill("9", 10_000) } })],
    ["an actor with everything", said({ act: { sub: "user_2", ...Array(1_500).fill(1) } })],
    ["ten megabytes", "a".repeat(10_000_000)],
    ["ten megabytes of dots", ".".repeat(10_000_000)]
  ]
})()

const hostiles = Effect.gen(function* () {
  const verify = yield* SessionTokens.verifier()
  const all = new Durations()
  const outcomes = tally()
  let slowest = { name: "", millis: 0 }
  heapAfterGc()
  const rssBefore = process.memoryUsage().rss
  for (const [name, token] of hostile) {
    const each = new Durations()
    for (let round = 0; round < scaled(500); round++) {
      const started = performance.now()
      outcomes.add(yield* outcome(verify(token)))
      each.add(performance.now() - started)
      all.add(performance.now() - started)
    }
    // The lower quartile of each kind counts, because higher values depend on the machine.
    if (each.quantile(0.25) > slowest.millis) slowest = { name, millis: each.quantile(0.25) }
  }
  heapAfterGc()
  const growth = process.memoryUsage().rss - rssBefore
  return [
    told("hostile tokens", String(hostile.length * scaled(500)), String(outcomes.all())),
    none("  defects", outcomes.of("defect")),
    told("  p99", "< 2 ms", `${all.quantile(0.99).toFixed(2)} ms`),
    bounded(
      "  slowest kind",
      "< 2 ms",
      `${slowest.millis.toFixed(2)} ms (${slowest.name})`,
      slowest.millis < 2
    ),
    bounded("  growth of resident memory", "< 20 MB", megabytes(growth), growth < 20 * 1024 * 1024)
  ]
})

const flood = Effect.suspend(() => {
  let fetches = 0
  const clerk = ClerkTest.layer(() => {
    fetches++
    return ClerkTest.json(200, { keys: [publicJwk(ours, kid)] })
  })
  return Effect.gen(function* () {
    const verify = yield* SessionTokens.verifier()
    const token = goodToken(0)
    const [, payload, signature] = token.split(".")
    const forged = tally()
    const goods = tally()
    const durations = new Durations()
    let number = 0
    const started = performance.now()
    const count = scaled(100_000)
    let isOver = false
    // Each is separate, like requests, because a verification does not suspend.
    const arrival = Effect.promise(() => new Promise<void>((resolve) => void setImmediate(resolve)))
    const forge = Effect.flatMap(arrival, () => {
      const id = `ins_${seed}_${number++}`
      return Effect.map(outcome(verify(`${encode(header({ kid: id }))}.${payload}.${signature}`)), forged.add)
    })
    const flooding = yield* fork(
      Effect.map(often(count, forge, 16), () => {
        isOver = true
      })
    )
    yield* Effect.repeat(
      Effect.flatMap(arrival, () => {
        const from = performance.now()
        return Effect.map(outcome(verify(token)), (found) => {
          goods.add(found)
          durations.add(performance.now() - from)
        })
      }),
      { until: () => isOver && goods.all() >= 100 }
    )
    yield* Fiber.join(flooding)
    const most = 2 + Math.floor((performance.now() - started) / 30_000)
    return [
      told("forged key ids", String(count), String(forged.all())),
      none("  not rejected for their key id", forged.all() - forged.of("unknown-key")),
      bounded("  requests for keys", `<= ${most}`, String(fetches), fetches >= 1 && fetches <= most),
      told("  valid tokens at the same time", ">= 100", String(goods.all())),
      none("  valid ones not accepted", goods.all() - goods.of("ok")),
      told("  p99 of the valid ones", "< 5 ms", `${durations.quantile(0.99).toFixed(2)} ms`),
      told("  took", "", seconds(started))
    ]
  }).pipe(Effect.provide(Layer.provide(SigningKeys.layerJwks, clerk)))
})

process.stdout.write(`tokens: size ${size}, seed ${seed}\n`)
const parts: ReadonlyArray<Effect.Effect<ReadonlyArray<Row>, unknown>> = [
  Effect.provide(mutated, ourKeys),
  Effect.provide(good, ourKeys),
  Effect.provide(hostiles, ourKeys),
  flood
]
const rows = [
  ...(await Effect.runPromise(Effect.map(Effect.all(parts), (all) => all.flat()))),
  none("unhandled rejections", strays.length)
]
process.stdout.write(`${table(rows)}\n`)
for (const text of [...broken, ...strays.map(String)].slice(0, 20)) process.stdout.write(`  ${text}\n`)
process.exitCode = rows.some(({ holds }) => holds === false) ? 1 : 0
