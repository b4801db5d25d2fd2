import * as Effect from "effect/Effect"
import { describe, expect, it } from "#test/vitest.js"
import { fetchBody, fetchInit } from "../../../src/core/wire/fetch.js"
import { json, loopback } from "../../support/loopback.js"

const all = { redirect: "manual" }
const alone = { redirect: "manual", keepalive: false }
const methods = ["GET", "POST", "PATCH", "PUT", "DELETE"]

describe("fetchInit", () => {
  it("lets every runtime except Bun choose the connection", () => {
    for (const method of methods) {
      expect(fetchInit(method)).toEqual(all)
      expect(fetchInit(method, undefined)).toEqual(all)
    }
  })

  it.each(["1.3.14", "1.4.0", "1.4.5", "1.10.0", "2.0.0"])(
    "uses separate connections for a PUT and a DELETE on Bun %s",
    (version) => {
      expect(methods.map((method) => fetchInit(method, version))).toEqual([all, all, all, alone, alone])
    }
  )

  it.each(["1.0.0", "1.1.45", "1.2.23", "1.3.5", "1.3.13"])(
    "uses a separate connection for every request except a GET on Bun %s",
    (version) => {
      expect(methods.map((method) => fetchInit(method, version))).toEqual([all, alone, alone, alone, alone])
    }
  )
})

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

  it.live("is sent as the same bytes in both forms", () =>
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
