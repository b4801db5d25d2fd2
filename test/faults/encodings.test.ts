import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkHttp } from "effect-clerk"
import { FetchHttpClient } from "#test/http.js"
import { describe, expect, it } from "#test/vitest.js"
import { transports } from "../support/transports.js"
import { atOnce, create, get, outcome, tagOf } from "./support/calls.js"
import { bodyFor, end, good, whole, write } from "./support/responses.js"
import { type Act, eventually, scripted, strays } from "./support/scripted.js"

type Name = (typeof transports)[number]["transport"] | "FetchHttpClient"

const all: ReadonlyArray<{
  readonly name: Name
  readonly layer: (typeof transports)[number]["layer"]
}> = [
  ...transports.map(({ transport, layer }) => ({ name: transport, layer })),
  {
    name: "FetchHttpClient",
    layer: (options) =>
      Layer.provide(
        ClerkHttp.layer({ secretKey: Redacted.make("sk_test_transport"), ...options }),
        FetchHttpClient.layer
      )
  }
]

/** The clients of the platform that neither request compression nor decompress. */
const raw: ReadonlyArray<Name> = ["node:http", "undici"]
const overFetch: ReadonlyArray<Name> = ["fetch", "FetchHttpClient"]

const body = Buffer.from(bodyFor("/"))
const gzip = gzipSync(body)
const deflate = deflateSync(body)
const br = brotliCompressSync(body)

const head = (encoding: string) => `content-type: application/json\r\ncontent-encoding: ${encoding}\r\n`
const sized = (encoding: string, bytes: Buffer) => write(whole(200, bytes, head(encoding)))
const chunked = (encoding: string, bytes: Buffer) =>
  write(
    `HTTP/1.1 200 OK\r\n${head(encoding)}transfer-encoding: chunked\r\n\r\n${bytes.length.toString(16)}\r\n`,
    bytes,
    "\r\n0\r\n\r\n"
  )
const closing = (encoding: string, bytes: Buffer) =>
  end(`HTTP/1.1 200 OK\r\n${head(encoding)}connection: close\r\n\r\n`, bytes)

const half = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)

type Outcome = "value" | "encoding" | "empty" | "utf8"

interface Oddity {
  readonly name: string
  readonly act: Act
  /** The outcome of the call, and the clients with another outcome. */
  readonly expected: Outcome
  readonly except?: readonly [ReadonlyArray<Name>, Outcome]
}

const rawRefuses = [raw, "encoding"] as const

const valid: ReadonlyArray<Oddity> = [
  { name: "gzip", act: sized("gzip", gzip), expected: "value", except: rawRefuses },
  { name: "gzip in capitals", act: sized("GZIP", gzip), expected: "value", except: rawRefuses },
  { name: "x-gzip", act: sized("x-gzip", gzip), expected: "value", except: rawRefuses },
  { name: "deflate", act: sized("deflate", deflate), expected: "value", except: rawRefuses },
  {
    name: "deflate without the zlib header",
    act: sized("deflate", deflateRawSync(body)),
    expected: "value",
    except: rawRefuses
  },
  { name: "br", act: sized("br", br), expected: "value", except: rawRefuses },
  {
    name: "gzip and br",
    act: sized("gzip, br", brotliCompressSync(gzip)),
    expected: "value",
    except: rawRefuses
  },
  {
    name: "gzip and br in two headers",
    act: write(whole(200, brotliCompressSync(gzip), `${head("gzip")}content-encoding: br\r\n`)),
    expected: "value",
    except: rawRefuses
  },
  { name: "gzip twice", act: sized("gzip, gzip", gzipSync(gzip)), expected: "value", except: rawRefuses },
  {
    name: "gzip in two members",
    act: sized("gzip", Buffer.concat([gzipSync(half(body)), gzipSync(body.subarray(body.length / 2))])),
    expected: "value",
    except: rawRefuses
  },
  {
    name: "gzip with zeros behind it",
    act: sized("gzip", Buffer.concat([gzip, Buffer.alloc(16)])),
    expected: "value",
    except: rawRefuses
  },
  { name: "gzip in chunks", act: chunked("gzip", gzip), expected: "value", except: rawRefuses },
  {
    name: "gzip that ends with the connection",
    act: closing("gzip", gzip),
    expected: "value",
    except: rawRefuses
  },
  { name: "identity", act: sized("identity", body), expected: "value" },
  { name: "an empty label", act: sized("", body), expected: "value" }
]

const invalid: ReadonlyArray<Oddity> = [
  { name: "an unknown encoding", act: sized("snappy", body), expected: "encoding" },
  { name: "gzip and an unknown encoding", act: sized("gzip, snappy", gzip), expected: "encoding" },
  { name: "gzip and identity", act: sized("gzip, identity", gzip), expected: "encoding" },
  {
    name: "zstd that is invalid",
    act: sized("zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2])),
    expected: "encoding"
  },
  ...(["gzip", "deflate", "br"] as const).map(
    (encoding): Oddity => ({
      name: `plain JSON that is labelled ${encoding}`,
      act: sized(encoding, body),
      expected: "encoding",
      // A plain body may have been decompressed by the client.
      except: [raw, "value"]
    })
  ),
  { name: "gzip without a label", act: write(whole(200, gzip)), expected: "utf8" },
  { name: "gzip of no bytes", act: sized("gzip", Buffer.alloc(0)), expected: "empty" },
  { name: "br of no bytes", act: sized("br", Buffer.alloc(0)), expected: "empty" },
  { name: "gzip of no bytes in chunks", act: closing("gzip", Buffer.alloc(0)), expected: "encoding" },
  { name: "gzip of an empty text", act: sized("gzip", gzipSync("")), expected: "encoding" },
  { name: "gzip of an unfinished text", act: sized("gzip", gzipSync(half(body))), expected: "encoding" },
  { name: "gzip that ends in its header", act: sized("gzip", gzip.subarray(0, 10)), expected: "encoding" },
  { name: "half of a gzip body with its length", act: sized("gzip", half(gzip)), expected: "encoding" },
  { name: "half of a gzip body in chunks", act: chunked("gzip", half(gzip)), expected: "encoding" },
  {
    name: "half of a gzip body that ends with the connection",
    act: closing("gzip", half(gzip)),
    expected: "encoding"
  },
  { name: "half of a deflate body", act: sized("deflate", half(deflate)), expected: "encoding" },
  { name: "half of a br body", act: sized("br", half(br)), expected: "encoding" },
  ...(
    [
      ["with its length", sized],
      ["in chunks", chunked],
      ["that ends with the connection", closing]
    ] as const
  ).map(
    ([framing, act]): Oddity => ({
      name: `gzip without its checksum, ${framing}`,
      act: act("gzip", gzip.subarray(0, -8)),
      expected: "encoding",
      // Node's fetch does not check it, and the text is complete.
      except: [overFetch, "value"]
    })
  ),
  {
    name: "deflate without its checksum",
    act: sized("deflate", deflate.subarray(0, -4)),
    expected: "encoding",
    except: [overFetch, "value"]
  },
  {
    name: "gzip with a wrong checksum",
    act: sized("gzip", Buffer.concat([gzip.subarray(0, -8), Buffer.alloc(8, 1)])),
    expected: "encoding"
  },
  {
    name: "gzip with garbage behind it",
    act: sized("gzip", Buffer.concat([gzip, Buffer.from("garbage")])),
    expected: "encoding"
  }
]

const settings = { policy: { maxAttempts: 3, timeout: "5 seconds" } } as const

const expectedOf = ({ expected, except }: Oddity, name: Name): Outcome =>
  except?.[0].includes(name) === true ? except[1] : expected

describe.each(all)("a content encoding over $name", ({ layer, name }) => {
  it.live.each([...valid, ...invalid])("has the documented outcome: $name", (oddity) =>
    Effect.gen(function* () {
      const expected = expectedOf(oddity, name)
      for (const call of [get, create]) {
        const server = yield* scripted({ act: oddity.act })
        const result = yield* outcome(
          Effect.provide(atOnce(call.run), layer({ apiUrl: server.url, ...settings }))
        )
        expect(result, call.name).toMatchObject(
          expected === "value"
            ? { id: "sess_1" }
            : { _tag: "ClerkDecodeError", reason: expected, attempts: 1, retryable: false }
        )
        expect(server.seen, call.name).toHaveLength(1)
      }
    })
  )

  it.live("keeps the status of an error response whose body stays compressed", () =>
    Effect.gen(function* () {
      const text = gzipSync(`{"errors":[{"code":"resource_not_found"}]}`)
      const server = yield* scripted({ act: write(whole(404, text, head("gzip"))) })
      const error = yield* outcome(Effect.provide(get.run, layer({ apiUrl: server.url, ...settings })))
      const errors = raw.includes(name) ? [] : [{ code: "resource_not_found" }]
      expect(error).toMatchObject({ _tag: "ClerkNotFound", status: 404, errors })
    })
  )
})

const preceded =
  (...heads: ReadonlyArray<string>): Act =>
  (socket, request) => {
    for (const line of heads) socket.write(`HTTP/1.1 ${line}\r\n\r\n`)
    good(socket, request)
  }

describe.each(all)("an informational response over $name", ({ layer, name }) => {
  it.live.each([
    ["102", preceded("102 Processing")],
    ["103", preceded("103 Early Hints\r\nlink: </style.css>; rel=preload")],
    ["several", preceded("102 Processing", "103 Early Hints", "103 Early Hints")],
    ["199", preceded("199 X")]
  ] as const)("is skipped before the response: %s", ([, act]) =>
    Effect.gen(function* () {
      for (const call of [get, create]) {
        const server = yield* scripted({ act })
        const result = yield* outcome(Effect.provide(call.run, layer({ apiUrl: server.url, ...settings })))
        expect(result, call.name).toMatchObject({ id: "sess_1" })
        expect(server.seen, call.name).toHaveLength(1)
      }
    })
  )

  it.live("without an expectation is a broken connection, except over node:http: 100", () =>
    Effect.gen(function* () {
      const server = yield* scripted({ act: preceded("100 Continue") })
      const result = yield* outcome(Effect.provide(create.run, layer({ apiUrl: server.url, ...settings })))
      expect(result).toMatchObject(
        name === "node:http"
          ? { id: "sess_1" }
          : { _tag: "ClerkTransportError", reason: "closed", attempts: 1 }
      )
      expect(server.seen).toHaveLength(1)
    })
  )

  const upgrade = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"

  it.live.each([
    ["alone", write(upgrade)],
    ["with bytes of the other protocol", write(upgrade, "hello")],
    ["before a response", write(upgrade, whole(200, body))]
  ] as const)("that switches protocols closes the connection: 101 %s", ([, act]) =>
    Effect.gen(function* () {
      const unhandled = yield* strays(
        Effect.forEach([get, create], (call) =>
          Effect.gen(function* () {
            const server = yield* scripted({ act })
            yield* Effect.gen(function* () {
              const result = yield* outcome(atOnce(call.run))
              const attempts = call.kind === "once" ? 1 : 3
              expect(result, call.name).toMatchObject({
                _tag: "ClerkTransportError",
                reason: "closed",
                sent: "maybe",
                attempts
              })
              expect(server.seen, call.name).toHaveLength(attempts)
              expect(yield* eventually(() => server.open() === 0), call.name).toBe(true)
            }).pipe(Effect.provide(layer({ apiUrl: server.url, ...settings })))
          })
        )
      )
      expect(unhandled).toEqual([])
    })
  )

  it.live("that switches to no protocol ends the call and its connection", () =>
    Effect.gen(function* () {
      const server = yield* scripted({ act: write("HTTP/1.1 101 Switching Protocols\r\n\r\n") })
      yield* Effect.gen(function* () {
        const result = yield* outcome(create.run)
        // undici fails without a reason, and the fetch of Node 22 waits.
        expect(tagOf(result)).toMatch(/^Clerk(?:TransportError|Timeout)$/)
        expect(result).toMatchObject({ sent: "maybe", attempts: 1, retryable: false })
        if (name === "node:http") expect(result).toMatchObject({ reason: "closed" })
        expect(yield* eventually(() => server.open() === 0)).toBe(true)
      }).pipe(Effect.provide(layer({ apiUrl: server.url, policy: { maxAttempts: 3, timeout: "1 second" } })))
    })
  )
})
