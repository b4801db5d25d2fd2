import { describe, expect, it } from "@effect/vitest"
import { fetchInit } from "../../../src/core/wire/fetchInit.js"

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
