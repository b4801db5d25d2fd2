import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { schemaIssues } from "../../src/runtime/schemaIssues.js"

/** The issues of a value, each as `path: kind: expected`. */
const issuesOf = <A, I>(schema: Schema.Schema<A, I>, value: unknown): ReadonlyArray<string> =>
  Either.match(
    ParseResult.decodeUnknownEither(schema, { errors: "all", exact: true, onExcessProperty: "error" })(value),
    {
      onRight: () => [],
      onLeft: (issue) =>
        schemaIssues(issue).map(({ expected, kind, path }) => `${path.join(".")}: ${kind}: ${expected}`)
    }
  )

const Age = Schema.Int.pipe(Schema.between(0, 150)).annotations({ description: "an age" })

const Person = Schema.Struct({
  name: Schema.String,
  age: Age,
  nick: Schema.optional(Schema.String),
  friends: Schema.optional(Schema.Array(Schema.Struct({ name: Schema.String, since: Schema.Number })))
})

describe("schemaIssues", () => {
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
    const Shape = Schema.Union(
      Schema.Struct({ kind: Schema.Literal("circle"), radius: Schema.Number }),
      Schema.Struct({ kind: Schema.Literal("square"), side: Schema.Number })
    )
    expect(issuesOf(Shape, { kind: "square", side: "x" })).toEqual(["side: invalid: a number"])
    expect(issuesOf(Schema.Union(Schema.String, Schema.Number), null)).toEqual([
      ": invalid: a string or a number"
    ])
  })

  it("reports a rule about several fields at the field of the rule", () => {
    const Range = Schema.Struct({ from: Schema.Number, to: Schema.Number }).pipe(
      Schema.filter(({ from, to }) => from <= to || { path: ["to"], message: "" }, {
        description: "after from"
      })
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
    const Long = Schema.TemplateLiteral("a".repeat(1_000), Schema.String)
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

  it.prop("never shows the received value", [FastCheck.jsonValue()], ([value]) => {
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
