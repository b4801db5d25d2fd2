import { execFile } from "node:child_process"
import dns from "node:dns"
import type { LookupFunction } from "node:net"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { ClerkHttp, type RequestPolicy } from "effect-clerk"
import * as Undici from "effect-clerk/Undici"
import { callback } from "#test/fiber.js"
import { describe, expect, it } from "#test/vitest.js"
import { typescriptFlags } from "../../scripts/support/major.js"
import { closedPort, closedPortAt, freePort } from "../support/loopback.js"
import { transports } from "../support/transports.js"
import { atOnce, calls, fieldOf, ours, outcome, tagOf } from "./support/calls.js"
import { selfSigned } from "./support/certificate.js"
import { bodyFor, good, whole } from "./support/responses.js"
import { scripted } from "./support/scripted.js"

const policy: RequestPolicy.Settings = { maxAttempts: 3, timeout: "4 seconds" }

const overUndici = (apiUrl: string, options: Undici.UndiciOptions, own: RequestPolicy.Settings = policy) =>
  Layer.provide(
    ClerkHttp.layer({ secretKey: Redacted.make("sk_test_faults"), apiUrl, policy: own }),
    Undici.layer(options)
  )

const neverSent = (reason: string) => ({ _tag: "ClerkTransportError", reason, sent: "no" })

describe.each(ours)("over $transport", ({ transport, layer }) => {
  it.live("every kind of operation retries after a refused connection", () =>
    Effect.gen(function* () {
      const apiUrl = yield* closedPort
      for (const { run, name } of calls) {
        const error = yield* outcome(Effect.provide(atOnce(run), layer({ apiUrl, policy })))
        expect(error, name).toMatchObject({ ...neverSent("refused"), attempts: 3, retryable: true })
      }
    })
  )

  it.live("a server that starts between two attempts is reached", () =>
    Effect.gen(function* () {
      for (const { run, name } of calls) {
        const apiUrl = yield* freePort
        const scope = yield* Effect.scope
        const onRetry = () =>
          scripted({ act: good, port: Number(new URL(apiUrl).port) }).pipe(
            Effect.provideService(Scope.Scope, scope),
            Effect.asVoid
          )
        const result = yield* outcome(
          Effect.provide(atOnce(run), layer({ apiUrl, policy: { ...policy, onRetry } }))
        )
        expect(tagOf(result), name).toBe("a value")
      }
    })
  )

  it.live("a create may have been sent when its connection is reset while it is made", () =>
    Effect.gen(function* () {
      for (const { run, name, kind } of calls) {
        for (const resets of [1, 9]) {
          const server = yield* scripted({
            act: good,
            accept: (socket, number) => {
              if (number <= resets) socket.resetAndDestroy()
              return number <= resets
            }
          })
          const result = yield* outcome(Effect.provide(atOnce(run), layer({ apiUrl: server.url, policy })))
          // The client may notice the reset while connecting or just after it.
          if (tagOf(result) === "a value") {
            expect(resets, name).toBe(1)
            expect(server.seen.length, name).toBe(1)
            continue
          }
          expect(result, name).toMatchObject({
            _tag: "ClerkTransportError",
            attempts: server.connections()
          })
          expect(["reset", "closed"], name).toContain(fieldOf(result, "reason"))
          const gaveUpEarly = kind === "once" && fieldOf(result, "sent") === "maybe"
          if (!gaveUpEarly) expect(result, name).toMatchObject({ attempts: 3, retryable: true })
          else expect(result, name).toMatchObject({ retryable: false })
        }
      }
    })
  )

  it.live("TLS to a port without TLS is rejected without a retry", () =>
    Effect.gen(function* () {
      for (const { run, name } of calls) {
        const server = yield* scripted({
          act: good,
          accept: (socket) => {
            socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"))
            return true
          }
        })
        const apiUrl = `https://127.0.0.1:${server.port}`
        const error = yield* outcome(Effect.provide(atOnce(run), layer({ apiUrl, policy })))
        // `fetch` does not distinguish a failed handshake from TLS that breaks after a request.
        const sent = transport === "fetch" ? "maybe" : "no"
        expect(error, name).toMatchObject({ ...neverSent("tls"), sent, attempts: 1, retryable: false })
        expect(server.connections(), name).toBe(1)
      }
    })
  )

  it.live.each([
    ["self-signed", selfSigned({ host: "127.0.0.1" })],
    ["long expired", selfSigned({ host: "127.0.0.1", from: -9, to: -2 })]
  ] as const)("a certificate that is %s is rejected before the request is sent", ([, certificate]) =>
    Effect.gen(function* () {
      for (const { run, name } of calls) {
        const server = yield* scripted({ act: good, tls: certificate })
        const error = yield* outcome(Effect.provide(atOnce(run), layer({ apiUrl: server.url, policy })))
        expect(error, name).toMatchObject({ ...neverSent("tls"), attempts: 1, retryable: false })
        expect(server.seen, name).toEqual([])
      }
    })
  )
})

describe("a process without file descriptors", () => {
  const few = 200

  it.live.skipIf(process.platform === "win32")(
    "sends nothing, and sends a read and a create once when descriptors are free",
    () =>
      Effect.gen(function* () {
        const headers = "content-type: application/json\r\nconnection: close\r\n"
        const server = yield* scripted({
          act: (socket, { path }) => void socket.end(whole(200, bodyFor(path), headers))
        })
        const file = fileURLToPath(new URL("./support/exhausted.ts", import.meta.url))
        const shell = [
          "-c",
          `ulimit -n ${few} && exec "$0" "$@"`,
          process.execPath,
          ...typescriptFlags,
          file,
          server.url
        ]
        const printed = yield* callback<string>((resume) => {
          execFile("sh", shell, (error, stdout, stderr) =>
            resume(
              error === null ? Effect.succeed(stdout) : Effect.die(new Error(`${error.message}${stderr}`))
            )
          )
        })
        const results: ReadonlyArray<Record<string, unknown>> = JSON.parse(printed)
        expect(results.map(({ name, transport }) => `${name}, ${transport}`)).toEqual(
          transports.flatMap(({ transport }) => ["get", "create"].map((name) => `${name}, ${transport}`))
        )
        for (const { error, name, transport, value } of results) {
          expect(error, `${name}, ${transport}`).toMatchObject({
            ...neverSent("unreachable"),
            attempts: 3,
            retryable: true
          })
          expect(value, `${name}, ${transport}`).toMatchObject({ id: "sess_1" })
        }
        expect(server.seen).toHaveLength(results.length)
      })
  )
})

describe.each(transports)("over $transport, a host with two addresses", ({ layer }) => {
  /** Both of these are loopback addresses. */
  const addresses = ["127.0.0.1", "127.0.0.2"].map((address) => ({ address, family: 4 }))

  const withTwoAddresses = Effect.acquireRelease(
    Effect.sync(() => {
      const { lookup } = dns
      Object.assign(dns, {
        lookup: (
          _: string,
          options: dns.LookupOptions,
          callback: (...args: ReadonlyArray<unknown>) => void
        ) => {
          if (options.all === true) callback(null, addresses)
          else callback(null, "127.0.0.1", 4)
        }
      })
      return lookup
    }),
    (lookup) => Effect.sync(() => Object.assign(dns, { lookup }))
  )

  it.live("sends nothing when both addresses refuse connections, so every call is retried", () =>
    Effect.gen(function* () {
      const port = yield* closedPortAt("127.0.0.1", "127.0.0.2")
      yield* withTwoAddresses
      for (const { run, name } of calls) {
        const client = layer({ apiUrl: `http://localhost:${port}`, policy })
        const error = yield* outcome(Effect.provide(atOnce(run), client))
        expect(error, name).toMatchObject({ ...neverSent("refused"), attempts: 3, retryable: true })
      }
    })
  )
})

describe("over effect-clerk/Undici, given a trusted certificate", () => {
  const trusting = (host: string, from = -1, to = 1) =>
    Effect.gen(function* () {
      const certificate = selfSigned({ host, from, to })
      const server = yield* scripted({ act: good, tls: certificate })
      const client = overUndici(server.url, { connect: { ca: certificate.cert } })
      const results = yield* Effect.forEach(calls, ({ run }) => outcome(Effect.provide(atOnce(run), client)))
      return { results, seen: server.seen.length }
    })

  it.live("the calls succeed", () =>
    Effect.gen(function* () {
      const { results, seen } = yield* trusting("127.0.0.1")
      for (const result of results) expect(tagOf(result)).toBe("a value")
      expect(seen).toBe(calls.length)
    })
  )

  it.live.each([
    ["of another host", "clerk.example.com", -1, 1],
    ["that has expired", "127.0.0.1", -9, -2],
    ["that is not valid yet", "127.0.0.1", 2, 9]
  ] as const)("one %s is still rejected", ([, host, from, to]) =>
    Effect.gen(function* () {
      const { results, seen } = yield* trusting(host, from, to)
      for (const result of results)
        expect(result).toMatchObject({ ...neverSent("tls"), attempts: 1, retryable: false })
      expect(seen).toBe(0)
    })
  )
})

describe("over effect-clerk/Undici", () => {
  /** Fails to resolve any host the first `failures` times. */
  const lookup =
    (syscall: string, code: string, failures: number): LookupFunction =>
    (_host, options, callback) => {
      if (failures-- > 0) return callback(Object.assign(new Error(code), { code, syscall }), "")
      if (options.all === true) callback(null, [{ address: "127.0.0.1", family: 4 }])
      else callback(null, "127.0.0.1", 4)
    }

  it.live.each([
    ["getaddrinfo", "ENOTFOUND"],
    ["getaddrinfo", "EAI_AGAIN"],
    ["getaddrinfo", "EAI_FAIL"],
    ["getaddrinfo", "EBUSY"],
    ["queryA", "ESERVFAIL"],
    ["queryAaaa", "ECONNREFUSED"],
    ["queryA", "ETIMEOUT"]
  ] as const)("a host is resolved again after %s %s", ([syscall, code]) =>
    Effect.gen(function* () {
      for (const { run, name } of calls) {
        const server = yield* scripted({ act: good })
        const apiUrl = `http://localhost:${server.port}`
        const client = (failures: number) =>
          overUndici(apiUrl, { connect: { lookup: lookup(syscall, code, failures) } })
        const value = yield* outcome(Effect.provide(atOnce(run), client(2)))
        expect(tagOf(value), name).toBe("a value")
        expect(server.seen, name).toHaveLength(1)
        const error = yield* outcome(Effect.provide(atOnce(run), client(9)))
        expect(error, name).toMatchObject({ ...neverSent("dns"), attempts: 3, retryable: true })
        expect(server.seen, name).toHaveLength(1)
      }
    })
  )

  it.live("a connection that takes too long to make sends nothing", () =>
    Effect.gen(function* () {
      // The handshake gets no response.
      const server = yield* scripted({ act: good, accept: () => true })
      const client = overUndici(`https://127.0.0.1:${server.port}`, { connect: { timeout: 100 } })
      yield* Effect.forEach(
        calls,
        ({ run, name }) =>
          Effect.map(outcome(Effect.provide(atOnce(run), client)), (error) =>
            expect(error, name).toMatchObject({
              ...neverSent("connect-timeout"),
              attempts: 3,
              retryable: true
            })
          ),
        { concurrency: "unbounded" }
      )
    })
  )
})
