import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, type RequestPolicy } from "effect-clerk"
import * as Undici from "effect-clerk/Undici"
import { describe, expect, it } from "#test/vitest.js"
import { atOnce, create, get, outcome } from "./support/calls.js"
import { selfSigned } from "./support/certificate.js"
import { type Exchange, goodOver, secure } from "./support/secure.js"
import { http2Faults, type SecureFault, secureFaults } from "./support/secureTable.js"

const certificate = selfSigned({ host: "127.0.0.1" })

const serve = (act: (exchange: Exchange, number: number) => void) =>
  Effect.gen(function* () {
    const seen: Array<string> = []
    const { url } = yield* secure({
      certificate,
      act: (exchange) => act(exchange, seen.push(exchange.protocol))
    })
    return { url, seen }
  })

const over = (apiUrl: string, policy: RequestPolicy.Settings = { maxAttempts: 2, timeout: "5 seconds" }) =>
  Effect.provide(
    Layer.provide(
      ClerkHttp.layer({ secretKey: Redacted.make("sk_test_faults"), apiUrl, policy }),
      Undici.layer({ allowH2: true, connect: { ca: certificate.cert } })
    )
  )

type Expected = Pick<SecureFault, "outcome" | "again">

const lost = (reason: unknown, again: SecureFault["again"] = "unless once"): Expected => ({
  outcome: { _tag: "ClerkTransportError", reason, sent: "maybe" },
  again
})

/** The client may notice it by reading or by writing. */
const gone = lost(expect.stringMatching(/^(?:reset|closed)$/))

/** The faults for which undici reports another reason than the runtimes. */
const deviations: Readonly<Record<string, Expected>> = {
  "over TLS, a reset before the response": gone,
  "over TLS, a reset within the head": gone,
  "over TLS, a reset within the body": lost(expect.stringMatching(/^(?:reset|incomplete-body)$/)),
  "a stream given up within the body": lost("reset"),
  "a stream refused within the body": lost("reset"),
  "a body shorter than announced": lost("protocol", "never"),
  // For any GOAWAY, undici 7 drops the connection with all its requests.
  "a GOAWAY that excludes the stream": lost("closed")
}

/** After these faults undici 7 keeps a connection that Node has given up, and no request succeeds. */
const stuck: ReadonlyArray<string> = [
  "over TLS, an invalid record",
  "a stream given up within the head",
  "invalid frames"
]

const all = [...secureFaults, ...http2Faults].map((fault) => ({ ...fault, ...deviations[fault.name] }))
const table = all.filter(({ name }) => !stuck.includes(name))
const unnoticed = all.filter(({ name }) => stuck.includes(name))

describe("over effect-clerk/Undici, speaking HTTP/2", () => {
  it.live("the calls succeed", () =>
    Effect.gen(function* () {
      const { seen, url } = yield* serve(goodOver)
      for (const { name, run } of [get, create]) {
        expect(yield* outcome(over(url)(run)), name).toMatchObject({ id: "sess_1" })
      }
      expect(seen).toEqual(["h2", "h2"])
    })
  )

  it.live.each(table)("$name", ({ act, again, outcome: expected }) =>
    Effect.gen(function* () {
      for (const { kind, name, run } of [get, create]) {
        const retryable = again === "always" || (again === "unless once" && kind !== "once")
        const attempts = retryable ? 2 : 1
        const always = yield* serve(act)
        const error = yield* outcome(over(always.url)(atOnce(run)))
        expect(error, name).toMatchObject({ ...expected, attempts, retryable })
        expect(always.seen, name).toHaveLength(attempts)

        const used = yield* serve((exchange, number) => (number === 1 ? goodOver : act)(exchange))
        const result = yield* over(used.url)(Effect.andThen(outcome(get.run), outcome(atOnce(run))))
        expect(result, `${name}, over a used connection`).toMatchObject({ ...expected, attempts })
        expect(used.seen, `${name}, over a used connection`).toHaveLength(1 + attempts)

        if (!retryable) continue
        const once = yield* serve((exchange, number) => (number === 1 ? act : goodOver)(exchange))
        expect(yield* outcome(over(once.url)(atOnce(run))), name).toMatchObject({ id: "sess_1" })
        expect(once.seen, name).toHaveLength(2)
      }
    })
  )

  it.live.each(unnoticed)("$name ends in time, and sends nothing twice", ({ act }) =>
    Effect.gen(function* () {
      for (const { kind, name, run } of [get, create]) {
        const { seen, url } = yield* serve(act)
        const error = yield* outcome(over(url, { maxAttempts: 2, timeout: "300 millis" })(atOnce(run)))
        expect(error, name).toMatchObject({ sent: "maybe" })
        expect(seen.length, name).toBeLessThanOrEqual(kind === "once" ? 1 : 2)
      }
    })
  )
})
