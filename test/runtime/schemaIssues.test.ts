import * as Schema from "effect/Schema"
import * as FastCheck from "fast-check"
import { decoder } from "#major/parser.js"
import { type Codec, filtered, template, union, wholeBetween } from "#test/schema.js"
import { describe, expect, it } from "#test/vitest.js"
import { plainProp } from "../support/properties.js"

/** The issues of a value, each as `path: kind: expected`. */
const issuesOf = <A, I>(schema: Codec<A, I>, value: unknown): ReadonlyArray<string> => {
  const decoded = decoder(schema, { all: true, rejectUnknown: true })(value)
  return decoded._tag === "Success"
    ? []
    : decoded.issues().map(({ expected, kind, path }) => `${path.join(".")}: ${kind}: ${expected}`)
}

const Age = wholeBetween(0, 150, "an age")

const Person = Schema.Struct({
  name: Schema.String,
  age: Age,
  nick: Schema.optional(Schema.String),
  friends: Schema.optional(Schema.Array(Schema.Struct({ name: Schema.String, since: Schema.Number })))
})

describe("the issues of a value", () => {
  for (const [name, value, issues] of [
    ["nothing wrong", { name: "Ann", age: 5 }, []],
    ["a wrong kind", { name: 5, age: 5 }, ["name: invalid: a string"]],
    ["a description for a rule", { name: "Ann", age: 200 }, ["age: invalid: an age"]],
    ["a description for a wrong kind under a rule", { name: "Ann", age: "5" }, ["age: invalid: an age"]],
    ["a missing field", { age: 5 }, ["name: missing: a string"]],
    ["an unknown field", { name: "Ann", age: 5, nik: "A" }, ["nik: unknown: no such field"]],
    ["an optional field of another kind", { name: "Ann", age: 5, nick: 5 }, ["nick: invalid: a string"]],
    ["everything at once", {}, ["name: missing: a string", "age: missing: an age"]],
    [
      "the place in a list",
      { name: "Ann", age: 5, friends: [{ name: "Bob", since: 1 }, { name: "Eve" }] },
      ["friends.1.since: missing: a number"]
    ],
    ["an object for a list", { name: "Ann", age: 5, friends: {} }, ["friends: invalid: an array"]],
    ["an array for an object", [], [": invalid: an object"]],
    ["a text for an object", "Ann", [": invalid: an object"]]
  ] as const) {
    it(`reports ${name}`, () => expect(issuesOf(Person, value)).toEqual(issues))
  }

  it("reports the closest member of a union, or all members when none is close", () => {
    const Shape = union(
      Schema.Struct({ kind: Schema.Literal("circle"), radius: Schema.Number }),
      Schema.Struct({ kind: Schema.Literal("square"), side: Schema.Number })
    )
    expect(issuesOf(Shape, { kind: "square", side: "x" })).toEqual(["side: invalid: a number"])
    expect(issuesOf(union(Schema.String, Schema.Number), null)).toEqual([": invalid: a string or a number"])
  })

  it("reports a rule about several fields at the field of the rule", () => {
    const Range = filtered(
      Schema.Struct({ from: Schema.Number, to: Schema.Number }),
      ({ from, to }) => from <= to || { path: ["to"], message: "" },
      "after from"
    )
    expect(issuesOf(Range, { from: 2, to: 1 })).toEqual(["to: invalid: after from"])
  })

  it("reports sixteen issues at most", () => {
    expect(
      issuesOf(
        Schema.Array(Schema.Number),
        Array.from({ length: 1_000 }, () => "x")
      )
    ).toHaveLength(16)
  })

  it("reports a recursive schema without a name briefly", () => {
    const Long = template("a".repeat(1_000))
    expect(issuesOf(Long, 5)[0]?.length).toBeLessThan(200)
  })

  it("handles a value that cannot be printed", () => {
    const deep: unknown = JSON.parse("[".repeat(200_000) + "]".repeat(200_000))
    expect(issuesOf(Person, { name: deep, age: 5 })).toEqual(["name: invalid: a string"])
    const hostile = {
      toString: () => {
        throw new Error("no")
      }
    }
    expect(issuesOf(Person, { name: hostile, age: hostile })).toEqual([
      "name: invalid: a string",
      "age: invalid: an age"
    ])
  })

  plainProp("never shows the received value", [FastCheck.jsonValue()], ([value]) => {
    const secret = "a value that must not be shown"
    const hide = (json: unknown): unknown => {
      if (typeof json === "string") return secret
      if (Array.isArray(json)) return json.map(hide)
      return typeof json === "object" && json !== null
        ? { name: hide(Object.values(json)), age: secret }
        : json
    }
    for (const found of [hide(value), { name: hide(value), age: hide(value), friends: hide(value) }]) {
      expect(issuesOf(Person, found).join()).not.toContain(secret)
    }
  })
})
