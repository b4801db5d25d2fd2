import * as FastCheck from "fast-check"
import { describe, expect, it } from "#test/vitest.js"
import { readEventBody } from "../../../src/core/webhooks/event.js"
import { type Message, readMessage, signedText, timestampFlaw } from "../../../src/core/webhooks/message.js"
import { readRequestBody } from "../../../src/core/webhooks/requestBody.js"
import { plainProp } from "../../support/properties.js"

const message = (timestamp = 1_790_000_000): Message => ({
  _tag: "Message",
  id: "msg_1",
  timestamp,
  signatures: []
})

describe("the headers of a webhook", () => {
  const names = FastCheck.constantFrom(
    "svix-id",
    "Svix-Timestamp",
    "SVIX-SIGNATURE",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "__proto__"
  )
  const values = FastCheck.oneof(
    FastCheck.constantFrom("msg_1", "1790000000", `v1,${"A".repeat(43)}=`),
    FastCheck.string(),
    FastCheck.anything()
  )

  plainProp(
    "are read or rejected, and never thrown at",
    [FastCheck.oneof(FastCheck.dictionary(names, values), FastCheck.anything())],
    ([headers]) => {
      const read = readMessage(headers)
      if (read._tag !== "Message") {
        expect(["missing-header", "malformed-header"]).toContain(read.fields.reason)
        return
      }
      expect(read.id).toMatch(/^[^.\s]{1,256}$/)
      expect(Number.isSafeInteger(read.timestamp)).toBe(true)
      for (const signature of read.signatures) expect(signature).toHaveLength(32)
    },
    2000
  )
})

describe("the signed text of a webhook", () => {
  plainProp(
    "is the id, the time and the bytes of the body",
    [FastCheck.uint8Array(), FastCheck.nat(), FastCheck.nat()],
    ([body, before, after]) => {
      const larger = new Uint8Array((before % 9) + body.length + (after % 9))
      larger.set(body, before % 9)
      const view = larger.subarray(before % 9, (before % 9) + body.length)
      const signed = signedText(message(), view)
      const head = Buffer.from("msg_1.1790000000.")
      expect(Buffer.from(signed?.bytes ?? [])).toEqual(Buffer.concat([head, body]))
      expect(signed?.bodyAt).toBe(head.length)
    }
  )

  plainProp(
    "holds an event, or none, for any body",
    [FastCheck.oneof(FastCheck.uint8Array(), FastCheck.json())],
    ([body]) => {
      const signed = signedText(message(), body)
      const event = signed && readEventBody(signed)
      if (event !== undefined) expect(event.type).not.toBe("")
    }
  )

  it("holds the event after a byte order mark", () => {
    const signed = signedText(message(), '\ufeff{"type":"user.created","data":1}')
    expect(signed && readEventBody(signed)).toEqual({ type: "user.created", data: 1 })
  })
})

describe("the time of a webhook", () => {
  plainProp(
    "is accepted on both sides of the clock alike, in whole seconds",
    [
      FastCheck.integer({ min: -1000, max: 1000 }),
      FastCheck.nat(999),
      FastCheck.integer({ min: 1, max: 900 })
    ],
    ([offset, millis, tolerance]) => {
      const flaw = timestampFlaw(message(), (1_790_000_000 + offset) * 1000 + millis, tolerance * 1000)
      expect(flaw === undefined).toBe(Math.abs(offset) <= tolerance)
    },
    500
  )
})

describe("the body of a request", () => {
  it("is read up to the limit from chunks of any size", async () => {
    for (const [sizes, maxBytes, result] of [
      [[], 1, 0],
      [[1, 1, 1], 3, 3],
      [[1, 1, 2], 3, "oversize"],
      [[4], 3, "oversize"],
      [[0, 0, 3, 0], 3, 3]
    ] as const) {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          for (const size of sizes) controller.enqueue(new Uint8Array(size))
          controller.close()
        }
      })
      const init: RequestInit & { readonly duplex: "half" } = { method: "POST", body, duplex: "half" }
      const read = await readRequestBody(new Request("https://app.example.com", init), maxBytes).result
      expect(typeof read === "string" ? read : read.length).toBe(result)
    }
  })
})
