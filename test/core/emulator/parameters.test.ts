import { describe, expect, it } from "vitest"
import { ErrorResponse } from "../../../src/core/emulator/errorResponses.js"
import * as Parameters from "../../../src/core/emulator/parameters.js"

const readers = {
  name: Parameters.required,
  format: Parameters.oneOf(["token", "cookie"]),
  limit: Parameters.integer(1, 500)
}

const read = (given: Parameters.Parameters) => {
  const result = Parameters.readParameters(given, readers)
  return result instanceof ErrorResponse ? `${result.code} ${result.meta["param_name"]}` : { ...result }
}

describe("readParameters", () => {
  it("reads each parameter, and counts null as absent", () => {
    expect(read({ name: "a", limit: 500 })).toEqual({ name: "a", format: undefined, limit: 500 })
    expect(read({ name: "a", format: null, limit: null })).toEqual({
      name: "a",
      format: undefined,
      limit: undefined
    })
  })

  it.each([
    [{ name: "a", other: 1 }, "form_param_unknown other"],
    [{ other: 1 }, "form_param_unknown other"],
    [{}, "form_param_missing name"],
    [{ name: "" }, "form_param_missing name"],
    [{ name: 1 }, "form_param_type_invalid name"],
    [{ name: "a", format: "jwt" }, "form_param_value_invalid format"],
    [{ name: "a", limit: "5" }, "form_param_type_invalid limit"],
    [{ name: "a", limit: 0 }, "form_param_value_invalid limit"],
    [{ name: "a", limit: 501 }, "form_param_value_too_large limit"],
    [{ name: "a", limit: 1.5 }, "form_param_type_invalid limit"]
  ])("returns the error of the first invalid parameter of %j", (given, error) => {
    expect(read(given)).toBe(error)
  })

  it("ignores inherited parameters", () => {
    expect(read(Object.create({ name: "a" }))).toBe("form_param_missing name")
  })
})
