import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"
import * as Effect from "effect/Effect"
import { Sessions } from "effect-clerk"
import { describe, expect, it } from "#test/vitest.js"
import { type Answer, json, loopback } from "../support/loopback.js"
import { transports } from "../support/transports.js"
import * as wire from "../support/wire.js"

const text = JSON.stringify(wire.session)

const bytes =
  (body: Buffer | string, headers: Readonly<Record<string, string>> = {}, status = 200): Answer =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers })
    response.end(body)
  }

const encoded = (encoding: string, body: Buffer | string) => bytes(body, { "content-encoding": encoding })

describe.each(transports)("over $transport", ({ decompresses, layer }) => {
  const asked = (answer: Answer, maxResponseBytes?: number) =>
    Effect.gen(function* () {
      const server = yield* loopback(answer)
      const options = maxResponseBytes === undefined ? {} : { maxResponseBytes }
      return yield* Effect.provide(Sessions.get("sess_1"), layer({ apiUrl: server.url, ...options }))
    })

  const unreadable = (reason: string) => ({
    _tag: "ClerkDecodeError",
    operation: "Sessions.get",
    path: "/sessions/{id}",
    attempts: 1,
    reason,
    issues: [],
    retryable: false
  })

  describe("a compressed response", () => {
    const compressed: ReadonlyArray<readonly [string, Buffer]> = [
      ["gzip", gzipSync(text)],
      ["x-gzip", gzipSync(text)],
      ["deflate", deflateSync(text)],
      ["br", brotliCompressSync(text)],
      ["gzip, br", brotliCompressSync(gzipSync(text))]
    ]

    it.live.each(compressed)(
      "is read where the platform decompresses %s, and rejected elsewhere",
      ([encoding, body]) =>
        Effect.gen(function* () {
          const answer = encoded(encoding, body)
          if (decompresses) expect((yield* asked(answer)).id).toBe("sess_1")
          else expect(yield* Effect.flip(asked(answer))).toMatchObject({ _tag: "ClerkDecodeError" })
        })
    )

    it.live("is requested only where the platform decompresses it", () =>
      Effect.gen(function* () {
        const server = yield* loopback(json(wire.session))
        yield* Effect.provide(Sessions.get("sess_1"), layer({ apiUrl: server.url }))
        expect(server.received[0]?.headers["accept-encoding"] !== undefined).toBe(decompresses)
      })
    )

    const corrupt: ReadonlyArray<readonly [encoding: string, where: string, Buffer]> = [
      ["gzip", "from the start", Buffer.from([0xff, 1, 2, 3, 4])],
      ["gzip", "further on", Buffer.concat([gzipSync(text).subarray(0, 40), Buffer.alloc(100, 0xff)])],
      ["deflate", "from the start", Buffer.from([0xff, 1, 2, 3, 4])],
      ["br", "from the start", Buffer.from([0xff, 1, 2, 3, 4])]
    ]

    it.live.each(corrupt)("that is broken %s, %s, is rejected", ([encoding, , body]) =>
      Effect.gen(function* () {
        expect(yield* Effect.flip(asked(encoded(encoding, body)))).toMatchObject(unreadable("encoding"))
      })
    )

    it.live("without a part of its body is never a value", () =>
      Effect.gen(function* () {
        const whole = gzipSync(text)
        for (const part of [0.25, 0.5, 0.75, 0.95]) {
          const half = whole.subarray(0, Math.floor(whole.length * part))
          const error = yield* Effect.flip(asked(encoded("gzip", half)))
          expect(error).toMatchObject({ _tag: "ClerkDecodeError", retryable: false })
        }
      })
    )

    it.live("that grows beyond the limit is given up", () =>
      Effect.gen(function* () {
        const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20))
        expect(bomb.length).toBeLessThan(100_000)
        const error = yield* Effect.flip(asked(encoded("gzip", bomb), 100_000))
        expect(error).toMatchObject(unreadable(decompresses ? "oversize" : "encoding"))
      })
    )
  })

  describe("an encoding", () => {
    it.live.each(["compress", "snappy", "gzip, compress", "gzip;q=1", "aes128gcm"])(
      "that no platform decompresses is rejected: %s",
      (encoding) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(asked(encoded(encoding, text)))
          expect(error._tag === "ClerkDecodeError" && error.reason).toBe("encoding")
          expect(error.message).toBe(
            "Sessions.get: the content encoding of the response is unsupported or broken: received status 200, content type application/json"
          )
        })
    )

    it.live("that changes nothing is accepted", () =>
      Effect.gen(function* () {
        for (const identity of ["identity", "", "Identity"]) {
          expect((yield* asked(encoded(identity, text))).id).toBe("sess_1")
        }
      })
    )

    it.live("on top of others is rejected, and not retried", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(asked(encoded(Array(10).fill("gzip").join(", "), text)))
        expect(error).toMatchObject({ attempts: 1, retryable: false })
        expect(["ClerkDecodeError", "ClerkTransportError"]).toContain(error._tag)
      })
    )
  })

  describe("the size of a response", () => {
    it.live("may reach the limit, and not exceed it", () =>
      Effect.gen(function* () {
        expect((yield* asked(bytes(text), text.length)).id).toBe("sess_1")
        expect(yield* Effect.flip(asked(bytes(text), text.length - 1))).toMatchObject(unreadable("oversize"))
      })
    )

    it.live("counts in bytes, not characters", () =>
      Effect.gen(function* () {
        const wide = Buffer.from(JSON.stringify(wire.sessionWith({ note: "€".repeat(100) })))
        expect((yield* asked(bytes(wide), wide.length)).id).toBe("sess_1")
        const error = yield* Effect.flip(asked(bytes(wide), wide.length - 1))
        expect(error).toMatchObject(unreadable("oversize"))
      })
    )

    it.live("that is announced above the limit is rejected unread, and the connection is closed", () =>
      Effect.gen(function* () {
        const server = yield* loopback((response) => {
          response.writeHead(200, { "content-type": "application/json", "content-length": "1000001" })
          response.write("{")
        })
        const error = yield* Sessions.get("sess_1").pipe(
          Effect.provide(layer({ apiUrl: server.url, maxResponseBytes: 1_000_000 })),
          Effect.flip
        )
        expect(error).toMatchObject(unreadable("oversize"))
        yield* Effect.timeout(server.cutOff, "1 second")
      })
    )

    it.live("without an announcement is rejected above the limit, and the connection is closed", () =>
      Effect.gen(function* () {
        const server = yield* loopback((response) => {
          response.writeHead(200, { "content-type": "application/json" })
          const more = () => {
            while (!response.closed && response.write(Buffer.alloc(16_384, 0x20)));
          }
          response.on("drain", more)
          more()
        })
        const error = yield* Sessions.get("sess_1").pipe(
          Effect.provide(layer({ apiUrl: server.url, maxResponseBytes: 100_000 })),
          Effect.flip
        )
        expect(error).toMatchObject(unreadable("oversize"))
        yield* Effect.timeout(server.cutOff, "1 second")
      })
    )

    it.live("of the largest page is below the default", () =>
      Effect.gen(function* () {
        const data = Array.from({ length: 500 }, (_, index) => wire.sessionWith({ id: `sess_${index}` }))
        const server = yield* loopback(json({ data, total_count: 500 }))
        const page = yield* Sessions.list({ userId: "user_1", limit: 500 }).pipe(
          Effect.provide(layer({ apiUrl: server.url }))
        )
        expect(page.data.map(({ id }) => id)).toEqual(data.map(({ id }) => id))
      })
    )
  })

  describe("the text of a response", () => {
    it.live("may break between the bytes of a character", () =>
      Effect.gen(function* () {
        const activity = { id: "activity_1", is_mobile: false, city: "Zürich € 😀" }
        const whole = Buffer.from(JSON.stringify(wire.sessionWith({ latest_activity: activity })))
        const { latestActivity } = yield* asked((response) => {
          response.writeHead(200, { "content-type": "application/json" })
          const start = whole.indexOf("Z")
          const cuts = [0, ...Array.from({ length: 17 }, (_, index) => start + index), whole.length]
          const send = (index: number): void => {
            if (index === cuts.length) response.end()
            else
              response.write(whole.subarray(cuts[index - 1], cuts[index]), () =>
                setTimeout(send, 2, index + 1)
              )
          }
          send(1)
        })
        expect(latestActivity?.city).toBe("Zürich € 😀")
      })
    )

    const notUtf8: ReadonlyArray<readonly [string, ReadonlyArray<number>]> = [
      ["a byte of Latin-1", [0xe9]],
      ["an incomplete character", [0xe2, 0x82]],
      ["an overlong slash", [0xc0, 0xaf]],
      ["half a surrogate pair", [0xed, 0xa0, 0x80]]
    ]

    it.live.each(notUtf8)("is rejected for %s", ([, strange]) =>
      Effect.gen(function* () {
        const [before = "", after = ""] = text.split("San Francisco")
        const body = Buffer.concat([Buffer.from(before), Buffer.from(strange), Buffer.from(after)])
        expect(yield* Effect.flip(asked(bytes(body)))).toMatchObject(unreadable("utf8"))
      })
    )

    it.live("may begin with a byte order mark", () =>
      Effect.gen(function* () {
        expect((yield* asked(bytes(`\ufeff${text}`))).id).toBe("sess_1")
      })
    )
  })

  describe("an error response that cannot be decoded", () => {
    const unreadableBodies: ReadonlyArray<readonly [string, Buffer, Readonly<Record<string, string>>]> = [
      ["in Latin-1", Buffer.from("<p>Servicio no disponible: dirección</p>", "latin1"), {}],
      ["in an unknown encoding", Buffer.from("x"), { "content-encoding": "compress" }],
      ["larger than the limit", Buffer.alloc(2_000, 0x20), {}]
    ]

    it.live.each(unreadableBodies)("an error response with a body %s keeps its status", ([, body, headers]) =>
      Effect.gen(function* () {
        expect(yield* Effect.flip(asked(bytes(body, headers, 503), 1_000))).toMatchObject({
          _tag: "ClerkServerError",
          status: 503,
          errors: [],
          retryable: true
        })
        expect(yield* Effect.flip(asked(bytes(body, headers, 401), 1_000))).toMatchObject({
          _tag: "ClerkUnauthorized",
          status: 401,
          errors: [],
          retryable: false
        })
      })
    )
  })
})
