import * as Effect from "effect/Effect"
import { Sessions } from "effect-clerk"
import { type Case, expectMatch, expectThat, outcomeOf } from "../support/check.js"
import type { Secure, SecureFaultCase } from "../support/manifest.js"
import { client, type Setting } from "../support/setting.js"
import { faultCase } from "./faults.js"
import { sendsOnce } from "./reuse.js"

const read = Sessions.get("sess_1")
const create = Sessions.create({ userId: "user_1" })
const answer = { id: "sess_1", status: "active" }

/** The same setting, with the servers of one fault. */
const toServersOf = (setting: Setting, { quiet, faultServer }: SecureFaultCase): Setting => ({
  ...setting,
  at: (...path) => [faultServer, ...path].join("/"),
  quietly: (...path) => [quiet, ...path].join("/")
})

const speaks = (setting: Setting, { protocol, faultServer }: Secure): Case => ({
  name: `over TLS, ${protocol} is spoken`,
  run: Effect.gen(function* () {
    const url = `${faultServer}/good/0/both`
    const over = Effect.provide(client(url))
    yield* expectMatch(yield* over(outcomeOf(read)), answer)
    yield* expectMatch(yield* over(outcomeOf(create)), answer)
    yield* expectMatch(yield* setting.protocols(url), [protocol, protocol])
  })
})

const http2Cases = (
  setting: Setting,
  { closings, resendsReads, faultServer }: Secure
): ReadonlyArray<Case> => [
  {
    name: "over HTTP/2, a GOAWAY lets earlier requests complete",
    run: Effect.gen(function* () {
      for (const [name, call] of Object.entries({ read, create })) {
        const url = `${closings}/every/0/${name}`
        const over = Effect.provide(client(url))
        for (const times of [1, 2]) {
          yield* expectMatch(yield* over(outcomeOf(call)), answer, `${name}, call ${times}`)
          const { requests } = yield* setting.seen(url)
          const isResent = resendsReads && name === "read" && requests > times
          yield* expectThat(requests === times || isResent, `${name}: the server saw ${requests} requests`)
        }
      }
    })
  },
  {
    name: "over HTTP/2, all calls of a burst succeed when the server rejects a part",
    run: Effect.gen(function* () {
      const url = `${faultServer}/busy/0/create`
      const all = Effect.all(
        Array.from({ length: 8 }, () => outcomeOf(create)),
        { concurrency: "unbounded" }
      )
      const values = yield* Effect.provide(all, client(url, { maxAttempts: 6, timeout: "5 seconds" }))
      for (const value of values) yield* expectMatch(value, answer)
      const { requests } = yield* setting.seen(url)
      yield* expectThat(requests > 8, `nothing was rejected: ${requests} requests`)
    })
  }
]

export const secure = (setting: Setting): ReadonlyArray<Case> => {
  const { secure } = setting
  if (secure === undefined) return []
  return [
    speaks(setting, secure),
    ...(secure.protocol === "h2" ? http2Cases(setting, secure) : []),
    ...secure.faults.map((fault) => faultCase(toServersOf(setting, fault))(fault)),
    ...secure.faults
      .filter(({ severs }) => severs)
      .map((fault) => ({
        name: `a call that must not be retried is sent once over a used connection: ${fault.name}`,
        run: sendsOnce(toServersOf(setting, fault), fault)
      }))
  ]
}
