import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { type ClerkHttp, Operation, Sessions } from "effect-clerk"
import { FetchHttpClient } from "#test/http.js"
import { type Case, expectMatch, expectThat, outcomeOf } from "../support/check.js"
import type { FaultCase } from "../support/manifest.js"
import { client, type Setting, secretive } from "../support/setting.js"

type Fetch = typeof globalThis.fetch

/** An operation that must not be retried, with each method that changes data. */
const changing = (method: "POST" | "PUT" | "PATCH" | "DELETE") =>
  Operation.make({
    name: "Things.change",
    method,
    path: "/things",
    kind: "once",
    body: Schema.Struct({ name: Schema.String }),
    success: Schema.Struct({}),
    errors: []
  })({ body: { name: "ä thing" } })

const bare = Operation.make({
  name: "Things.ring",
  method: "POST",
  path: "/things",
  kind: "once",
  success: Schema.Struct({}),
  errors: []
})({})

interface Call {
  readonly name: string
  readonly call: Effect.Effect<unknown, Operation.ErrorOf<404 | 409 | 422>, ClerkHttp>
  readonly fetch?: Fetch
}

const calls: ReadonlyArray<Call> = [
  { name: "create", call: Sessions.create({ userId: "user_1" }) },
  { name: "refresh", call: secretive },
  { name: "post", call: changing("POST") },
  { name: "put", call: changing("PUT") },
  { name: "patch", call: changing("PATCH") },
  { name: "delete", call: changing("DELETE") },
  {
    name: "wrapped",
    call: Sessions.create({ userId: "user_1" }),
    fetch: (input, init) => fetch(new Request(input, init))
  },
  { name: "bare", call: bare }
]

/** Deno's `fetch` with a client that keeps no connection, as in docs/runtimes.md. Undefined on other runtimes. */
const unpooled = (): Fetch | undefined => {
  const create: unknown = Reflect.get(Object(Reflect.get(globalThis, "Deno")), "createHttpClient")
  if (typeof create !== "function") return undefined
  const client: unknown = create({ poolMaxIdlePerHost: 0 })
  return (input, init) => fetch(input, Object.assign({}, init, { client }))
}

const clientOver = (url: string, fetch: Fetch | undefined) =>
  fetch === undefined ? client(url) : Layer.provide(client(url), Layer.succeed(FetchHttpClient.Fetch, fetch))

/** Calls twice on one connection, which breaks under the second call. */
const breakingOff = (setting: Setting, fault: FaultCase, { call, fetch, name }: Call) =>
  Effect.gen(function* () {
    const url = setting.quietly("later", fault.index, name)
    const over = Effect.provide(clientOver(url, fetch))
    yield* over(Sessions.get("sess_1"))
    // The connection is free shortly after the response has been read.
    yield* Effect.sleep("30 millis")
    const error = yield* over(outcomeOf(call))
    yield* expectMatch(error, { ...fault.outcome, attempts: 1 }, `${name}, ${fault.name}`)
    const [, ...reused] = yield* setting.reused(url)
    return { reused, what: `${name}, ${fault.name}: ${JSON.stringify(reused)}` }
  })

/** Makes each call over a used connection that has this fault. */
export const sendsOnce = (setting: Setting, fault: FaultCase) =>
  Effect.gen(function* () {
    for (const each of calls) {
      const { reused, what } = yield* breakingOff(setting, fault, each)
      const has = (names: ReadonlyArray<string>) => names.includes(each.name)
      yield* expectThat(reused.length <= (has(fault.resends) ? 2 : 1), `sent more than once: ${what}`)
      yield* expectThat(reused[0] === !has(fault.unpooled), `sent over another connection: ${what}`)
    }
  })

export const reuse = (setting: Setting): ReadonlyArray<Case> => [
  {
    name: "a call that must not be retried is sent once over a used connection",
    run: Effect.gen(function* () {
      const fetch = unpooled()
      for (const fault of setting.faults.filter(({ severs }) => severs)) {
        yield* sendsOnce(setting, fault)
        if (fetch === undefined) continue
        const { reused, what } = yield* breakingOff(setting, fault, { name: "unpooled", call: bare, fetch })
        yield* expectThat(reused.length === 1 && reused[0] === false, `sent more than once: ${what}`)
      }
    })
  }
]
