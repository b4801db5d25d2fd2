import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, type RequestPolicy } from "effect-clerk"
import * as Undici from "effect-clerk/Undici"
import {
  type Dispatcher,
  EnvHttpProxyAgent,
  getGlobalDispatcher,
  ProxyAgent,
  setGlobalDispatcher
} from "undici"
import { HttpClient } from "#test/http.js"
import { scoped, scopedDiscard } from "#test/layers.js"
import { Dispatcher as DispatcherTag, layerUndiciWithoutDispatcher } from "#test/node.js"
import { describe, expect, it } from "#test/vitest.js"
import { untyped } from "../support/requests.js"
import { atOnce, type Call, calls, create, get, outcome, tagOf } from "./support/calls.js"
import { selfSigned } from "./support/certificate.js"
import { type LoopbackProxy, once, type Pass, proxy, respond } from "./support/proxy.js"
import { bodyFor, good, jsonHead } from "./support/responses.js"
import { type Act, scripted, strays } from "./support/scripted.js"

const certificate = selfSigned({ host: "127.0.0.1" })
const ofOtherHost = selfSigned({ host: "proxy.example.com" })
const untrusted = selfSigned({ host: "127.0.0.1" })
const trust = {
  requestTls: { ca: certificate.cert },
  proxyTls: { ca: [certificate.cert, ofOtherHost.cert] }
}

const policy: RequestPolicy.Settings = { maxAttempts: 3, timeout: "5 seconds" }

type Client = Layer.Layer<ClerkHttp, unknown>

const clientOf = (apiUrl: string, own: RequestPolicy.Settings) => ({
  secretKey: Redacted.make("sk_test_faults"),
  apiUrl,
  policy: own
})

/** Sets variables of the environment until the scope ends. */
const withVariables = (variables: Readonly<Record<string, string | undefined>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = { ...process.env }
      for (const [name, value] of Object.entries(variables)) {
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
      }
      return before
    }),
    (before) =>
      Effect.sync(() => {
        process.env = before
      })
  )

/** A dispatcher that ends with the scope. */
const closing = <D extends Dispatcher>(make: () => D) =>
  Effect.acquireRelease(Effect.sync(make), (dispatcher) => Effect.promise(() => dispatcher.destroy()))

const throughFetch = (apiUrl: string, own: RequestPolicy.Settings, make: () => Dispatcher): Client =>
  Layer.provideMerge(
    ClerkHttp.layerFetch(clientOf(apiUrl, own)),
    scopedDiscard(
      Effect.flatMap(closing(make), (dispatcher) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            const before = getGlobalDispatcher()
            setGlobalDispatcher(dispatcher)
            return before
          }),
          (before) => Effect.sync(() => setGlobalDispatcher(before))
        )
      )
    )
  )

const throughUndici = (apiUrl: string, own: RequestPolicy.Settings, make: () => Dispatcher): Client =>
  Layer.provide(
    ClerkHttp.layer(clientOf(apiUrl, own)),
    scoped(
      HttpClient.HttpClient,
      Effect.map(closing(make), (dispatcher) => Undici.make(dispatcher))
    )
  )

interface Way {
  readonly way: string
  /** Whether the client knows when its request is sent. */
  readonly tellsStart: boolean
  /** Whether a proxy that closes the connection during CONNECT ends the request. */
  readonly endsDrops: boolean
  readonly layer: (proxyUrl: string, apiUrl: string, policy: RequestPolicy.Settings) => Client
}

const environment = (proxyUrl: string) => ({
  httpProxy: proxyUrl,
  httpsProxy: proxyUrl,
  noProxy: "",
  ...trust
})

const ways: ReadonlyArray<Way> = [
  {
    way: "effect-clerk/Undici, layerProxy",
    tellsStart: true,
    endsDrops: true,
    layer: (proxyUrl, apiUrl, own) =>
      Layer.provide(ClerkHttp.layer(clientOf(apiUrl, own)), Undici.layerProxy(environment(proxyUrl)))
  },
  {
    way: "effect-clerk/Undici with a ProxyAgent",
    tellsStart: false,
    endsDrops: false,
    layer: (uri, apiUrl, own) => throughUndici(apiUrl, own, () => new ProxyAgent({ uri, ...trust }))
  },
  {
    way: "effect-clerk/Undici with an EnvHttpProxyAgent",
    tellsStart: false,
    endsDrops: false,
    layer: (proxyUrl, apiUrl, own) =>
      throughUndici(apiUrl, own, () => new EnvHttpProxyAgent(environment(proxyUrl)))
  },
  {
    way: "fetch with a global EnvHttpProxyAgent",
    tellsStart: false,
    endsDrops: false,
    layer: (proxyUrl, apiUrl, own) =>
      throughFetch(apiUrl, own, () => new EnvHttpProxyAgent(environment(proxyUrl)))
  },
  {
    way: "fetch with a global proxyAgent",
    tellsStart: false,
    endsDrops: true,
    layer: (proxyUrl, apiUrl, own) =>
      throughFetch(apiUrl, own, () => Undici.proxyAgent(environment(proxyUrl)))
  },
  {
    way: "layerUndici with a proxyAgent",
    tellsStart: false,
    endsDrops: true,
    layer: (proxyUrl, apiUrl, own) =>
      Layer.provide(
        ClerkHttp.layer(clientOf(apiUrl, own)),
        Layer.provide(
          layerUndiciWithoutDispatcher,
          scoped(
            DispatcherTag,
            // The platform's types are those of another undici.
            Effect.map(
              closing(() => Undici.proxyAgent(environment(proxyUrl))),
              untyped<typeof DispatcherTag.Service>
            )
          )
        )
      )
  }
]

const targets = [
  ["a plain target", undefined],
  ["a TLS target", certificate]
] as const

/** The outcome of a call, and the requests that the proxy and the server saw. */
const attempt = (
  way: Way,
  tls: typeof certificate | undefined,
  call: Call,
  script: {
    readonly pass?: Pass
    readonly act?: (proxy: () => LoopbackProxy) => Act
    readonly own?: RequestPolicy.Settings
  }
) =>
  Effect.gen(function* () {
    let between: LoopbackProxy | undefined
    const theProxy = () => {
      if (between === undefined) throw new Error("there is no proxy yet")
      return between
    }
    const origin = yield* scripted({ act: script.act?.(theProxy) ?? good, tls })
    between = yield* proxy(script.pass === undefined ? {} : { pass: script.pass })
    const result = yield* outcome(
      Effect.provide(atOnce(call.run), way.layer(between.url, origin.url, script.own ?? policy))
    )
    return { result, connects: between.seen, connections: between.connections, requests: origin.seen }
  })

const transportError = (reason: unknown, sent: string) => ({ _tag: "ClerkTransportError", reason, sent })

describe.each(ways)("through a proxy, over $way", (way) => {
  describe.each(targets)("to %s", (_, tls) => {
    it.live("sends the calls through the tunnel", () =>
      Effect.gen(function* () {
        for (const call of calls) {
          const { connects, requests, result } = yield* attempt(way, tls, call, {})
          expect(tagOf(result), call.name).toBe("a value")
          expect(connects, call.name).toHaveLength(1)
          expect(connects[0], call.name).toMatch(/^CONNECT 127\.0\.0\.1:\d+ HTTP\/1\.1$/)
          expect(requests, call.name).toHaveLength(1)
        }
      })
    )

    it.live("retries every operation after a transient status of the proxy", () =>
      Effect.gen(function* () {
        for (const status of [500, 502, 503, 504]) {
          for (const call of status === 503 ? calls : [create]) {
            const label = `${status}, ${call.name}`
            const always = yield* attempt(way, tls, call, { pass: respond(status) })
            expect(always.result, label).toMatchObject({
              ...transportError("proxy", "no"),
              proxyStatus: status,
              attempts: 3,
              retryable: true
            })
            expect(String(always.result), label).toContain(`the proxy responded with status ${status}`)
            expect(always.connects, label).toHaveLength(3)
            expect(always.requests, label).toEqual([])

            const recovered = yield* attempt(way, tls, call, { pass: once(respond(status)) })
            expect(tagOf(recovered.result), label).toBe("a value")
            expect(recovered.connects, label).toHaveLength(2)
            expect(recovered.requests, label).toHaveLength(1)
          }
        }
      })
    )

    it.live("retries nothing after a final status of the proxy", () =>
      Effect.gen(function* () {
        for (const status of [204, 400, 401, 403, 404, 407, 429, 501, 511]) {
          for (const call of status === 407 ? calls : [get]) {
            const label = `${status}, ${call.name}`
            const { connects, requests, result } = yield* attempt(way, tls, call, { pass: respond(status) })
            expect(result, label).toMatchObject({
              ...transportError("proxy-rejected", "no"),
              proxyStatus: status,
              attempts: 1,
              retryable: false
            })
            expect(connects, label).toHaveLength(1)
            expect(requests, label).toEqual([])
          }
        }
      })
    )

    it.live("takes a status with a body for that status", () =>
      Effect.gen(function* () {
        const pass: Pass = ({ socket }) =>
          void socket.write("HTTP/1.1 403 X\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>")
        const { connects, result } = yield* attempt(way, tls, create, { pass })
        expect(result).toMatchObject({
          ...transportError("proxy-rejected", "no"),
          proxyStatus: 403,
          attempts: 1
        })
        expect(connects).toHaveLength(1)
      })
    )

    it.live("times out when the proxy does not respond to CONNECT", () =>
      Effect.gen(function* () {
        for (const call of [get, create]) {
          const { connects, requests, result } = yield* attempt(way, tls, call, {
            pass: () => {},
            own: { maxAttempts: 2, timeout: "200 millis" }
          })
          const retried = way.tellsStart || call.kind !== "once"
          expect(result, call.name).toMatchObject({
            _tag: "ClerkTimeout",
            phase: "attempt",
            sent: way.tellsStart ? "no" : "maybe",
            attempts: retried ? 2 : 1,
            retryable: retried
          })
          expect(connects.length, call.name).toBeLessThanOrEqual(retried ? 2 : 1)
          expect(requests, call.name).toEqual([])
        }
      })
    )

    it.live("sends nothing for a call that has ended when the proxy accepts CONNECT late", () =>
      Effect.gen(function* () {
        const { connects, requests, result } = yield* attempt(way, tls, create, {
          pass: ({ open }) => void setTimeout(open, 300),
          own: { maxAttempts: 1, timeout: "150 millis" }
        })
        expect(tagOf(result)).toBe("ClerkTimeout")
        yield* Effect.sleep("300 millis")
        expect(connects).toHaveLength(1)
        expect(requests).toEqual([])
      })
    )

    it.live("ends a call whose CONNECT the proxy resets", () =>
      Effect.gen(function* () {
        for (const call of [get, create]) {
          const { connects, requests, result } = yield* attempt(way, tls, call, {
            pass: ({ socket }) => void socket.resetAndDestroy()
          })
          const retried = way.endsDrops || call.kind !== "once"
          expect(result, call.name).toMatchObject({
            ...(way.endsDrops ? transportError("proxy", "no") : transportError("reset", "maybe")),
            attempts: retried ? 3 : 1,
            retryable: retried
          })
          expect(connects, call.name).toHaveLength(retried ? 3 : 1)
          expect(requests, call.name).toEqual([])
        }
      })
    )

    it.live("ends a call whose CONNECT gets garbage from the proxy", () =>
      Effect.gen(function* () {
        for (const call of [get, create]) {
          const { connects, requests, result } = yield* attempt(way, tls, call, {
            pass: ({ socket }) => void socket.end("220 smtp.example.com ESMTP\r\n")
          })
          expect(result, call.name).toMatchObject({
            ...(way.endsDrops ? transportError("proxy", "no") : transportError("protocol", "maybe")),
            attempts: way.endsDrops ? 3 : 1,
            retryable: way.endsDrops
          })
          expect(connects, call.name).toHaveLength(way.endsDrops ? 3 : 1)
          expect(requests, call.name).toEqual([])
        }
      })
    )

    it.live("counts a request as sent when the tunnel breaks behind it", () =>
      Effect.gen(function* () {
        for (const end of ["close", "reset"] as const) {
          for (const call of [get, create]) {
            const label = `${end}, ${call.name}`
            const { connects, requests, result } = yield* attempt(way, tls, call, {
              act: (theProxy) => () => theProxy()[end]()
            })
            const attempts = call.kind === "once" ? 1 : 3
            expect(result, label).toMatchObject({
              ...transportError(expect.stringMatching(/^(?:closed|reset)$/), "maybe"),
              attempts,
              retryable: call.kind !== "once"
            })
            expect(connects, label).toHaveLength(attempts)
            expect(requests, label).toHaveLength(attempts)
          }
        }
      })
    )

    it.live("counts a request as sent when the tunnel breaks within the response", () =>
      Effect.gen(function* () {
        const body = bodyFor("/")
        for (const end of ["close", "reset"] as const) {
          for (const call of [get, create]) {
            const label = `${end}, ${call.name}`
            const { connects, requests, result } = yield* attempt(way, tls, call, {
              act: (theProxy) => (socket) => {
                socket.write(`${jsonHead}content-length: ${body.length}\r\n\r\n${body.slice(0, 20)}`)
                setTimeout(() => theProxy()[end](), 15)
              }
            })
            const attempts = call.kind === "once" ? 1 : 3
            expect(result, label).toMatchObject({
              ...transportError(expect.stringMatching(/^(?:incomplete-body|closed|reset)$/), "maybe"),
              attempts,
              retryable: call.kind !== "once"
            })
            expect(connects, label).toHaveLength(attempts)
            expect(requests, label).toHaveLength(attempts)
          }
        }
      })
    )
  })

  it.live(
    "counts a request as unsent where the client knows that the TLS handshake broke in the tunnel",
    () =>
      Effect.gen(function* () {
        for (const call of [get, create]) {
          const { connects, requests, result } = yield* attempt(way, certificate, call, {
            pass: ({ socket }) => void socket.end("HTTP/1.1 200 Connection established\r\n\r\n")
          })
          expect(result, call.name).toMatchObject({ _tag: "ClerkTransportError", reason: "reset" })
          if (way.tellsStart) expect(result, call.name).toMatchObject({ sent: "no", attempts: 3 })
          expect(connects.length, call.name).toBeLessThanOrEqual(3)
          expect(requests, call.name).toEqual([])
        }
      })
  )

  it.live("sends a create once when the proxy closes an accepted tunnel to a plain target", () =>
    Effect.gen(function* () {
      const { connects, requests, result } = yield* attempt(way, undefined, create, {
        pass: ({ socket }) => void socket.end("HTTP/1.1 200 Connection established\r\n\r\n")
      })
      expect(result).toMatchObject({ _tag: "ClerkTransportError" })
      expect(connects.length).toBeLessThanOrEqual(3)
      expect(requests).toEqual([])
    })
  )

  it.live("retries every operation when no proxy listens", () =>
    Effect.gen(function* () {
      const origin = yield* scripted({ act: good })
      const { url } = yield* Effect.scoped(proxy({}))
      for (const call of [get, create]) {
        const result = yield* outcome(Effect.provide(atOnce(call.run), way.layer(url, origin.url, policy)))
        expect(result, call.name).toMatchObject({
          ...transportError("refused", "no"),
          attempts: 3,
          retryable: true
        })
      }
      expect(origin.seen).toEqual([])
    })
  )

  it.live.each([
    ["that is not trusted", untrusted, "tls"],
    ["for another host", ofOtherHost, "proxy-rejected"]
  ] as const)("rejects a certificate of the proxy %s before it sends anything", ([, tls, reason]) =>
    Effect.gen(function* () {
      const origin = yield* scripted({ act: good })
      const between = yield* proxy({ tls })
      for (const call of [get, create]) {
        const result = yield* outcome(
          Effect.provide(atOnce(call.run), way.layer(between.url, origin.url, policy))
        )
        expect(result, call.name).toMatchObject({
          ...transportError(reason, "no"),
          attempts: 1,
          retryable: false
        })
      }
      expect(between.seen).toEqual([])
      expect(origin.seen).toEqual([])
    })
  )

  it.live("reaches a TLS target through a proxy with TLS", () =>
    Effect.gen(function* () {
      const origin = yield* scripted({ act: good, tls: certificate })
      const between = yield* proxy({ tls: certificate })
      for (const call of [get, create]) {
        const result = yield* outcome(
          Effect.provide(atOnce(call.run), way.layer(between.url, origin.url, policy))
        )
        expect(tagOf(result), call.name).toBe("a value")
      }
      expect(origin.seen).toHaveLength(2)
    })
  )

  it.live("names no credentials of the proxy in an error", () =>
    Effect.gen(function* () {
      const origin = yield* scripted({ act: good })
      const between = yield* proxy({
        pass: respond(407, "proxy-authenticate: Basic\r\ncontent-length: 0\r\n")
      })
      const url = between.url.replace("http://", "http://user:proxy-password@")
      const error = yield* outcome(Effect.provide(get.run, way.layer(url, origin.url, policy)))
      expect(error).toMatchObject({ reason: "proxy-rejected", proxyStatus: 407 })
      expect(`${JSON.stringify(error)}${error}`).not.toContain("proxy-password")
    })
  )
})

const ending = ways.filter(({ endsDrops }) => endsDrops)
const looping = ways.filter(({ endsDrops }) => !endsDrops)

describe.each(ending)("when a proxy closes the connection during CONNECT, over $way", (way) => {
  it.live.each(targets)(
    "retries every operation to %s, and then sends nothing more to the proxy",
    ([, tls]) =>
      Effect.gen(function* () {
        for (const call of calls) {
          const unhandled = yield* strays(
            Effect.gen(function* () {
              const always = yield* attempt(way, tls, call, { pass: ({ socket }) => void socket.end() })
              expect(always.result, call.name).toMatchObject({
                ...transportError("proxy", "no"),
                attempts: 3,
                retryable: true
              })
              yield* Effect.sleep("100 millis")
              expect(always.connections(), call.name).toBe(3)
              expect(always.requests, call.name).toEqual([])

              const recovered = yield* attempt(way, tls, call, {
                pass: once(({ socket }) => void socket.end())
              })
              expect(tagOf(recovered.result), call.name).toBe("a value")
              expect(recovered.requests, call.name).toHaveLength(1)
            })
          )
          expect(unhandled).toEqual([])
        }
      })
  )
})

describe.each(looping)("when a proxy closes the connection during CONNECT, over $way", (way) => {
  it.live("ends the call in time, and stops connecting when the dispatcher is closed", () =>
    Effect.gen(function* () {
      const { connections, requests, result } = yield* attempt(way, undefined, create, {
        pass: ({ socket }) => void socket.end(),
        own: { maxAttempts: 1, timeout: "200 millis" }
      })
      expect(result).toMatchObject({ _tag: "ClerkTimeout", phase: "attempt", attempts: 1 })
      expect(requests).toEqual([])
      // The dispatcher ended with the layer of the call.
      yield* Effect.sleep("50 millis")
      const before = connections()
      yield* Effect.sleep("50 millis")
      expect(connections()).toBe(before)
    })
  )
})

describe("through a proxy that forwards instead of tunnelling", () => {
  const forwarding = (proxyUrl: string, apiUrl: string) =>
    throughUndici(apiUrl, policy, () => new ProxyAgent({ uri: proxyUrl, proxyTunnel: false }))

  it.live.each([
    [407, { ...transportError("proxy-rejected", "no"), proxyStatus: 407 }, false, false],
    [403, { _tag: "ClerkForbidden", status: 403, errors: [] }, false, false],
    [502, { _tag: "ClerkServerError", status: 502, errors: [] }, true, false],
    [504, { _tag: "ClerkServerError", status: 504, errors: [] }, true, false]
  ] as const)("a %i of the proxy has its own error", ([status, expected, getRetried, createRetried]) =>
    Effect.gen(function* () {
      for (const [call, retryable] of [
        [get, getRetried],
        [create, createRetried]
      ] as const) {
        const origin = yield* scripted({ act: good })
        const between = yield* proxy({ pass: respond(status) })
        const result = yield* outcome(Effect.provide(atOnce(call.run), forwarding(between.url, origin.url)))
        const attempts = retryable ? 3 : 1
        expect(result, call.name).toMatchObject({ ...expected, attempts, retryable })
        expect(between.seen, call.name).toHaveLength(attempts)
        expect(between.seen[0], call.name).toMatch(/^(?:GET|POST) http:\/\/127\.0\.0\.1:\d+\/v1\//)
        expect(origin.seen, call.name).toEqual([])
      }
    })
  )
})

describe("over effect-clerk/Undici, layerProxy", () => {
  it.live("keeps its own defaults for options that are undefined", () =>
    Effect.gen(function* () {
      const defaults = untyped<Undici.ProxyOptions>({ clientFactory: undefined, proxyTunnel: undefined })
      const way: Way = {
        way: "layerProxy",
        tellsStart: true,
        endsDrops: true,
        layer: (proxyUrl, apiUrl, own) =>
          Layer.provide(
            ClerkHttp.layer(clientOf(apiUrl, own)),
            Undici.layerProxy({ ...environment(proxyUrl), ...defaults })
          )
      }
      const dropped = yield* attempt(way, undefined, create, { pass: ({ socket }) => void socket.end() })
      expect(dropped.result).toMatchObject({ ...transportError("proxy", "no"), attempts: 3 })
      expect(dropped.connections()).toBe(3)
      const passed = yield* attempt(way, undefined, create, {})
      expect(tagOf(passed.result)).toBe("a value")
      expect(passed.connects.map((line) => line.split(" ")[0])).toEqual(["CONNECT"])
    })
  )

  it.live("connects directly to a host in noProxy", () =>
    Effect.gen(function* () {
      const origin = yield* scripted({ act: good })
      const between = yield* proxy({ pass: respond(407) })
      const layer = Undici.layerProxy({ ...environment(between.url), noProxy: "127.0.0.1" })
      const client = Layer.provide(ClerkHttp.layer(clientOf(origin.url, policy)), layer)
      expect(tagOf(yield* outcome(Effect.provide(get.run, client)))).toBe("a value")
      expect(between.seen).toEqual([])
    })
  )

  it.live("takes the proxy from the environment", () =>
    Effect.gen(function* () {
      const origin = yield* scripted({ act: good, tls: certificate })
      const between = yield* proxy({})
      yield* withVariables({
        HTTPS_PROXY: between.url,
        https_proxy: undefined,
        NO_PROXY: "",
        no_proxy: undefined
      })
      const client = Layer.provide(ClerkHttp.layer(clientOf(origin.url, policy)), Undici.layerProxy(trust))
      expect(tagOf(yield* outcome(Effect.provide(get.run, client)))).toBe("a value")
      expect(between.seen).toHaveLength(1)
    })
  )

  it.live("reuses its tunnels", () =>
    Effect.gen(function* () {
      const origin = yield* scripted({ act: good, tls: certificate })
      const between = yield* proxy({})
      const client = Layer.provide(
        ClerkHttp.layer(clientOf(origin.url, policy)),
        Undici.layerProxy(environment(between.url))
      )
      yield* Effect.provide(Effect.replicateEffect(get.run, 20), client)
      expect(between.seen.length).toBeLessThanOrEqual(2)
      expect(origin.seen).toHaveLength(20)
    })
  )
})
