import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { fetchBody } from "../../../src/core/wire/fetchBody.js"
import { json, loopback } from "../../support/loopback.js"

const text = JSON.stringify({ user_id: "usér_😀", lines: "a\r\nb\n" })

describe("a body for fetch", () => {
  it("is the text itself on a runtime that is not Deno", () => {
    expect(fetchBody(text)).toBe(text)
    expect(fetchBody("")).toBe("")
  })

  it("is a Blob on Deno, without a type of its own", async () => {
    const body = fetchBody(text, true)
    if (!(body instanceof Blob)) throw new Error("no Blob")
    expect(body.type).toBe("")
    expect(await body.text()).toBe(text)
  })

  it("stays absent for a request without a body", () => {
    expect([fetchBody(undefined, false), fetchBody(undefined, true)]).toEqual([null, null])
  })

  it.scopedLive("is sent as the same bytes in both forms", () =>
    Effect.gen(function* () {
      const server = yield* loopback(json({}))
      const headers = { "content-type": "application/json" }
      for (const onDeno of [false, true]) {
        const body = fetchBody(text, onDeno)
        yield* Effect.promise(() => fetch(server.url, { method: "POST", headers, body }))
      }
      const [asText, asBlob] = server.received
      expect(asText?.body).toBe(text)
      expect(asText?.headers["content-length"]).toBe(String(new TextEncoder().encode(text).length))
      expect(asBlob).toEqual(asText)
    })
  )
})
