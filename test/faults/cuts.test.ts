import * as Effect from "effect/Effect"
import { describe, expect, it } from "#test/vitest.js"
import { create, get, ours, outcome, tagOf } from "./support/calls.js"
import { bodyFor, end, gzipped, jsonHead, reset, whole } from "./support/responses.js"
import { type Act, scripted } from "./support/scripted.js"

const body = bodyFor("/")
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const zipped = "content-type: application/json\r\ncontent-encoding: gzip\r\n"

const answers: ReadonlyArray<readonly [string, Buffer]> = [
  ["with its length", whole(200, body)],
  [
    "in chunks",
    Buffer.from(
      `${jsonHead}transfer-encoding: chunked\r\n\r\n${chunk(body.slice(0, 99))}${chunk(body.slice(99))}0\r\n\r\n`
    )
  ],
  ["that ends with its connection", Buffer.from(`${jsonHead}connection: close\r\n\r\n${body}`)],
  ["in gzip with its length", whole(200, gzipped(body), zipped)],
  [
    "in gzip that ends with its connection",
    Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${zipped}connection: close\r\n\r\n`), gzipped(body)])
  ]
]

const ways: ReadonlyArray<readonly [string, number, (part: Buffer) => Act]> = [
  ["closed", 1, end],
  ["reset", 17, reset]
]

const typed = ["ClerkTransportError", "ClerkDecodeError"]

describe.each(ours)("over $transport", ({ transport, layer }) => {
  describe.each(answers)("a response %s", (framing, bytes) => {
    // The platform's fetch ignores the checksum at the end of gzip when the body ends with the connection.
    // The text before it is complete, or it would not be JSON.
    const isLenient = transport === "fetch" && framing === "in gzip that ends with its connection"

    it.live.each(ways)(
      "that is %s at any byte is a typed error, and a complete one is a value",
      ([, step, act]) =>
        Effect.gen(function* () {
          const cuts = Array.from({ length: Math.ceil(bytes.length / step) }, (_, index) => index * step)
          yield* Effect.forEach(
            [get, create],
            (call) =>
              Effect.gen(function* () {
                let cut = 0
                const server = yield* scripted({
                  act: (socket, request) =>
                    (cut < bytes.length ? act : end)(bytes.subarray(0, cut))(socket, request)
                })
                const client = layer({ apiUrl: server.url, policy: { maxAttempts: 1, timeout: "2 seconds" } })
                yield* Effect.gen(function* () {
                  cut = bytes.length
                  const value = yield* outcome(call.run)
                  expect(value).toMatchObject({ id: "sess_1" })
                  for (cut of cuts) {
                    const result = yield* outcome(call.run)
                    if (isLenient && tagOf(result) === "a value") {
                      expect(result).toEqual(value)
                      continue
                    }
                    expect(typed, `${call.name} cut at ${cut}: ${tagOf(result)}`).toContain(tagOf(result))
                    if (call.kind === "once") expect(result).toMatchObject({ retryable: false, attempts: 1 })
                  }
                }).pipe(Effect.provide(client))
                expect(server.seen).toHaveLength(cuts.length + 1)
                expect(yield* server.closed(1)).toBe(true)
              }),
            { concurrency: 2 }
          )
        })
    )
  })
})
