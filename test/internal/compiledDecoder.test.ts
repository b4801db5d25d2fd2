import { describe, expect, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Session, SessionCookies, SessionPage, SessionToken } from "effect-clerk"
import { compileDecoder, refused } from "../../src/internal/compiledDecoder.js"
import { compile } from "../../src/internal/compiledOperation.js"
import { withPollutedPrototype } from "../support/pollution.js"
import * as wire from "../support/wire.js"

type AnySchema = Schema.Schema.AnyNoContext

type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** The result of a decoder. Values that only compare as equal (a Redacted) are written out. */
const shown = (value: unknown): unknown => {
  if (Redacted.isRedacted(value)) return { redacted: Redacted.value(value) }
  if (DateTime.isDateTime(value)) return { at: DateTime.formatIso(value), zone: DateTime.isUtc(value) }
  if (Option.isOption(value)) return Option.isSome(value) ? { some: shown(value.value) } : "nothing"
  if (value instanceof Set) return { members: Array.from(value, shown) }
  if (value instanceof Date) return { date: value.getTime() }
  if (Array.isArray(value)) return Array.from(value, shown)
  if (typeof value !== "object" || value === null) return value
  // The order of the fields counts too, and so does the prototype.
  return { fields: Object.entries(value).map(([k, v]) => [k, shown(v)]), kind: Object.getPrototypeOf(value) }
}

const failed = "failed"

/** The result of the interpreter, from which a compiled decoder must not differ. */
const interpreterOf = (schema: AnySchema) => {
  const decode = ParseResult.decodeUnknownEither(schema, { exact: true })
  return (input: unknown): unknown =>
    Either.match(decode(input), { onLeft: () => failed, onRight: (value) => shown(value) })
}

/** The result of the compiled decoder in the same form, or `undefined` when the schema is not compiled. */
const compiledOf = (schema: AnySchema) => {
  const decode = compileDecoder(schema)
  if (decode === undefined) return undefined
  return (input: unknown): unknown => {
    const decoded = decode(input)
    return decoded === refused ? failed : shown(decoded)
  }
}

/** The result of an operation with this success schema, whether its decoder is compiled or not. */
const operationOf = (schema: AnySchema) => {
  const { decode } = compile({ name: "Zoo.read", method: "GET", path: "/zoo", kind: "read", success: schema })
  return (input: unknown): unknown =>
    Either.match(decode(input), { onLeft: () => failed, onRight: (value) => shown(value) })
}

const compiledForSure = (schema: AnySchema) => {
  const compiled = compiledOf(schema)
  if (compiled === undefined) throw new Error("this schema is meant to be compiled")
  return compiled
}

/** The value after a round trip through JSON. */
const overTheWire = (value: unknown): Json => JSON.parse(JSON.stringify(value) ?? "null")

const wireOf = (schema: AnySchema): FastCheck.Arbitrary<Json> =>
  Arbitrary.make(Schema.encodedBoundSchema(schema)).map(overTheWire)

/** An object as `JSON.parse` makes it, in which `__proto__` is an ordinary key. */
const withOwn = (fields: object, key: string, value: Json): Json =>
  Object.defineProperty({ ...fields }, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true
  }) as { readonly [key: string]: Json } // a copy of a JSON object with one JSON value more

const strangeKeys = ["__proto__", "constructor", "toString", "valueOf", "hasOwnProperty", "extra", "0", ""]

const strangeValues: ReadonlyArray<Json> = [
  null,
  true,
  "",
  "5",
  0,
  -1,
  1.5,
  2 ** 53,
  8_640_000_000_000_000,
  8_640_000_000_000_001,
  -8_640_000_000_000_000,
  1e300,
  [],
  {},
  [null],
  [[]],
  { object: "session" },
  { length: 1, 0: "a" }
]

const anyStrangeValue = FastCheck.oneof(
  FastCheck.constantFrom(...strangeValues),
  FastCheck.jsonValue().map(overTheWire)
)

const isObject = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

interface Damage {
  /** The path to the value to damage, one index for each level. */
  readonly at: ReadonlyArray<number>
  readonly how: "drop" | "replace" | "add" | "to array" | "to object" | "duplicate"
  readonly key: string
  readonly value: Json
}

const anyDamage: FastCheck.Arbitrary<Damage> = FastCheck.record({
  at: FastCheck.array(FastCheck.nat({ max: 30 }), { minLength: 1, maxLength: 4 }),
  how: FastCheck.constantFrom("drop", "replace", "add", "to array", "to object", "duplicate"),
  key: FastCheck.constantFrom(...strangeKeys),
  value: anyStrangeValue
})

const damaged = (input: Json, damage: Damage, depth = 0): Json => {
  const { how, key, value } = damage
  const children = typeof input === "object" && input !== null ? Object.keys(input) : []
  const turn = damage.at[depth]
  const name = turn === undefined || children.length === 0 ? undefined : children[turn % children.length]
  if (name === undefined) {
    if (how === "add" && isObject(input)) return withOwn(input, key, value)
    if (how === "add" && Array.isArray(input)) return [...input, value]
    if (how === "duplicate" && Array.isArray(input)) return [...input, ...input]
    if (how === "to array") return isObject(input) ? Object.values(input) : [input]
    if (how === "to object") return Array.isArray(input) ? { ...input } : { value: input }
    return value
  }
  const isLast = depth === damage.at.length - 1
  if (Array.isArray(input)) {
    const drops = isLast && how === "drop"
    return input.flatMap((item, at) =>
      String(at) !== name ? [item] : drops ? [] : [damaged(item, damage, depth + 1)]
    )
  }
  if (!isObject(input)) return value
  if (isLast && how === "drop") {
    return Object.fromEntries(Object.entries(input).filter(([each]) => each !== name))
  }
  const child = input[name]
  return child === undefined ? input : withOwn(input, name, damaged(child, damage, depth + 1))
}

/** The compiled decoder leaves such a record to the interpreter. */
const hasProtoKey = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  (Object.hasOwn(value, "__proto__") || Object.values(value).some(hasProtoKey))

/**
 * Effect's interpreter throws where the discriminator of a union is an object without a text form: `{"toString":{}}`. The
 * compiled decoder has to throw there too.
 */
const orThrown =
  (decode: (input: unknown) => unknown) =>
  (input: unknown): unknown => {
    try {
      return decode(input)
    } catch (thrown) {
      return { thrown: String(thrown) }
    }
  }

/**
 * A compiled decoder has the same result as the interpreter. It may reject a record with a key `__proto__` that the
 * interpreter accepts, which costs only time. Then, and for schemas that are not compiled, the test decodes with the operation.
 */
const agreesOn = (schema: AnySchema) => {
  const interpret = orThrown(interpreterOf(schema))
  const operation = orThrown(operationOf(schema))
  const compiled = orThrown(compiledOf(schema) ?? operation)
  return (input: unknown): void => {
    const decoded = compiled(input)
    const isLeftToInterpreter = decoded === failed && hasProtoKey(input)
    expect(isLeftToInterpreter ? operation(input) : decoded).toStrictEqual(interpret(input))
  }
}

const runs = { fastCheck: { numRuns: 400 } }

// `__proto__` has separate cases below.
const anySession = FastCheck.tuple(
  wireOf(Session),
  FastCheck.option(FastCheck.dictionary(FastCheck.string(), FastCheck.jsonValue()))
).map(([session, actor]): Json => {
  const { __proto__: _, ...own } = actor ?? {}
  return isObject(session) ? { ...session, actor: actor === null ? null : overTheWire(own) } : session
})

const anyEnvelope = FastCheck.record({
  data: FastCheck.array(anySession, { maxLength: 3 }),
  total_count: FastCheck.constantFrom<Json>(0, 3, null)
}).map(overTheWire)

const anyBareArray = FastCheck.array(anySession, { maxLength: 3 }).map(overTheWire)

const ours: ReadonlyArray<readonly [string, AnySchema, FastCheck.Arbitrary<Json>]> = [
  ["a session", Session, FastCheck.oneof(anySession, FastCheck.constant(overTheWire(wire.session)))],
  ["a page in its envelope", SessionPage, anyEnvelope],
  ["a page as a bare array", SessionPage, anyBareArray],
  ["a token", SessionToken, wireOf(SessionToken)],
  ["a set of cookies", SessionCookies, wireOf(SessionCookies)]
]

describe.each(ours)("the compiled decoder of %s", (_, schema, anyValid) => {
  const compiled = compiledForSure(schema)
  const interpret = interpreterOf(schema)

  it.prop(
    "has the result of the interpreter for responses of Clerk",
    [anyValid],
    ([sent]) => {
      const decoded = compiled(sent)
      expect(decoded).not.toBe(failed)
      expect(decoded).toStrictEqual(interpret(sent))
    },
    runs
  )

  it.prop(
    "rejects the same damaged responses as the interpreter",
    [anyValid, FastCheck.array(anyDamage, { minLength: 1, maxLength: 3 })],
    ([sent, damages]) => {
      const input = damages.reduce<Json>((each, damage) => damaged(each, damage), sent)
      agreesOn(schema)(input)
    },
    { fastCheck: { numRuns: 1_500 } }
  )

  it.prop(
    "agrees on any JSON",
    [FastCheck.jsonValue()],
    ([input]) => agreesOn(schema)(overTheWire(input)),
    runs
  )

  it.prop(
    "agrees on values that JSON cannot hold",
    [FastCheck.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true })],
    ([input]) => agreesOn(schema)(input),
    runs
  )
})

describe("a key named __proto__ in a response", () => {
  const parse = (text: string): unknown => JSON.parse(text)
  const { actor: _, ...rest } = wire.session
  const fields = JSON.stringify(rest).slice(1, -1)

  it("is ignored in a session, like every unknown key", () => {
    const input = parse(`{${fields},"__proto__":{"client_id":"client_evil","polluted":true}}`)
    expect(compiledForSure(Session)(input)).toStrictEqual(interpreterOf(Session)(input))
    expect(compiledForSure(Session)(input)).toStrictEqual(compiledForSure(Session)(parse(`{${fields}}`)))
  })

  it("does not stand in for the fields a session lacks", () => {
    for (const field of ["id", "user_id", "status", "created_at", "client_id"]) {
      const input = parse(
        JSON.stringify(wire.sessionWithout(field)).replace("{", `{"__proto__":{"${field}":"x"},`)
      )
      expect(compiledForSure(Session)(input)).toStrictEqual(interpreterOf(Session)(input))
    }
  })

  it("is left to the interpreter in an actor", () => {
    const input = parse(`{${fields},"actor":{"sub":"user_2","__proto__":{"polluted":true}}}`)
    expect(compiledForSure(Session)(input)).toBe(failed)
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false)
  })
})

describe("under a polluted Object.prototype", () => {
  const pollutions: ReadonlyArray<readonly [string, { readonly [key: string]: unknown }]> = [
    ["an optional field", { client_id: "client_evil" }],
    ["a required field", { id: "sess_evil", created_at: 5 }],
    ["an unreadable field", { actor: 5, tasks: "x" }],
    ["a page's field", { total_count: 99, data: [] }],
    ["a stray key", { polluted: true }]
  ]
  const inputs: ReadonlyArray<unknown> = [
    wire.session,
    wire.sessionWithout("id"),
    wire.sessionWithout("client_id"),
    { data: [wire.sessionWithout("actor")] },
    { data: [wire.session, wire.sessionWithout("created_at")], total_count: 2 },
    {},
    [{}],
    wire.token,
    wire.cookies
  ]

  it.effect.each(pollutions)("it decodes correctly when it accepts, with %s inherited", ([, entries]) =>
    Effect.gen(function* () {
      for (const [, schema] of ours) {
        const compiled = compiledForSure(schema)
        const interpret = interpreterOf(schema)
        for (const input of inputs) {
          const [decoded, expected] = yield* withPollutedPrototype(entries)(
            Effect.sync(() => [compiled(input), interpret(input)])
          )
          if (decoded !== failed) expect(decoded).toStrictEqual(expected)
        }
      }
    })
  )

  it.each(pollutions)(
    "that is not enumerable, it decodes correctly when it accepts, with %s inherited",
    (_, entries) => {
      for (const [, schema] of ours) {
        const compiled = compiledForSure(schema)
        const interpret = interpreterOf(schema)
        for (const input of inputs) {
          for (const [key, value] of Object.entries(entries)) {
            Object.defineProperty(Object.prototype, key, { value, configurable: true, writable: true })
          }
          let decoded: unknown
          let expected: unknown
          try {
            decoded = compiled(input)
            expected = interpret(input)
          } finally {
            for (const key of Object.keys(entries)) Reflect.deleteProperty(Object.prototype, key)
          }
          if (decoded !== failed) expect(decoded).toStrictEqual(expected)
        }
      }
    }
  )
})

class Person extends Schema.Class<Person>("Person")({
  name: Schema.NonEmptyString,
  bornAt: Schema.propertySignature(Schema.Date).pipe(Schema.fromKey("born_at")),
  age: Schema.optional(Schema.NumberFromString)
}) {}

interface Tree {
  readonly value: string
  readonly children: ReadonlyArray<Tree>
}

const Tree: Schema.Schema<Tree> = Schema.Struct({
  value: Schema.String,
  children: Schema.Array(Schema.suspend((): Schema.Schema<Tree> => Tree))
})

const Fruit = { Apple: 0, Pear: "pear" } as const

const Plain = Schema.Struct({ a: Schema.String, b: Schema.Number, c: Schema.Boolean, d: Schema.Unknown })

/** Schemas that users declare for the responses of custom operations. */
const zoo = {
  string: Schema.String,
  number: Schema.Number,
  "plain struct": Plain,
  "nested structs": Schema.Struct({ x: Schema.Struct({ y: Plain }), z: Schema.Array(Schema.Array(Plain)) }),
  "optional fields": Schema.Struct({
    a: Schema.optional(Schema.String),
    b: Schema.optionalWith(Schema.Number, { exact: true }),
    c: Schema.optional(Schema.NullOr(Schema.Boolean)),
    d: Schema.optional(Schema.Unknown)
  }),
  "optional fields, null as absent": Schema.Struct({
    a: Schema.optionalWith(Schema.String, { nullable: true }),
    b: Schema.optionalWith(Schema.Number, { nullable: true, exact: true }),
    c: Schema.optionalWith(Schema.NumberFromString, { nullable: true, onNoneEncoding: Option.none })
  }),
  "fields with defaults": Schema.Struct({
    a: Schema.optionalWith(Schema.String, { default: () => "x" }),
    b: Schema.optionalWith(Schema.Positive, { default: () => 1, nullable: true }),
    c: Schema.optionalWith(Schema.Positive, { default: () => 1, exact: true }),
    d: Schema.optional(Schema.Number).pipe(Schema.withDecodingDefault(() => 4))
  }),
  "fields as Option": Schema.Struct({
    a: Schema.optionalWith(Schema.String, { as: "Option" }),
    b: Schema.optionalWith(Schema.Positive, { as: "Option", nullable: true }),
    c: Schema.optionalWith(Schema.NumberFromString, { as: "Option", exact: true })
  }),
  "renamed fields": Schema.Struct({
    userId: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("user_id")),
    createdAt: Schema.propertySignature(Schema.Date).pipe(Schema.fromKey("created_at"))
  }),
  "a struct renamed": Plain.pipe(Schema.rename({ a: "aa", b: "bb" })),
  "a struct renamed twice": Plain.pipe(Schema.rename({ a: "aa" }), Schema.rename({ aa: "aaa" })),
  "nullable and nullish": Schema.Struct({
    a: Schema.NullOr(Schema.String),
    b: Schema.NullishOr(Schema.Number),
    c: Schema.UndefinedOr(Schema.Boolean),
    d: Schema.NullOr(Plain)
  }),
  literals: Schema.Literal("a", "b", 1, true, null),
  "a single literal": Schema.Struct({ kind: Schema.Literal("a") }),
  "a union by shape": Schema.Union(
    Schema.String,
    Schema.Number,
    Plain,
    Schema.Array(Schema.String),
    Schema.Null
  ),
  "a union of the like": Schema.Union(Schema.NonEmptyString, Schema.String, Schema.NumberFromString),
  "a discriminated union": Schema.Union(
    Schema.Struct({ kind: Schema.Literal("a"), a: Schema.String }),
    Schema.Struct({ kind: Schema.Literal("b"), b: Schema.NumberFromString })
  ),
  "a nullable discriminated union": Schema.NullOr(
    Schema.Union(
      Schema.TaggedStruct("A", { a: Schema.String }),
      Schema.TaggedStruct("B", { b: Schema.Number })
    )
  ),
  "a tuple": Schema.Tuple(Schema.String, Schema.NumberFromString),
  "a tuple with an optional end": Schema.Tuple(Schema.String, Schema.optionalElement(Schema.Number)),
  "an array": Schema.Array(Schema.NumberFromString),
  "an array with a head": Schema.NonEmptyArray(Schema.String),
  "an array of bounded length": Schema.Array(Schema.String).pipe(Schema.minItems(1), Schema.maxItems(2)),
  "a record": Schema.Record({ key: Schema.String, value: Schema.NumberFromString }),
  "a record of anything": Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  "a record of patterned keys": Schema.Record({
    key: Schema.String.pipe(Schema.pattern(/^x/)),
    value: Schema.Number
  }),
  "a record by template": Schema.Record({
    key: Schema.TemplateLiteral("x-", Schema.String),
    value: Schema.Number
  }),
  "a record of literals": Schema.Record({ key: Schema.Literal("a", "b"), value: Schema.Number }),
  "a struct and a record": Schema.Struct(
    { a: Schema.String },
    Schema.Record({ key: Schema.String, value: Schema.Unknown })
  ),
  "an empty struct": Schema.Struct({}),
  "an object": Schema.Object,
  "number from string": Schema.NumberFromString,
  "a whole number": Schema.Struct({ n: Schema.Int.pipe(Schema.between(0, 10)) }),
  date: Schema.Struct({ at: Schema.Date, from: Schema.DateFromNumber, utc: Schema.DateTimeUtc }),
  "date, time and zone": Schema.Struct({ utc: Schema.DateTimeUtcFromNumber, zoned: Schema.DateTimeZoned }),
  brands: Schema.Struct({
    id: Schema.String.pipe(Schema.brand("Id")),
    age: Schema.Int.pipe(Schema.positive(), Schema.brand("Age"))
  }),
  filters: Schema.Struct({ from: Schema.Number, to: Schema.Number }).pipe(
    Schema.filter(({ from, to }) => from <= to || "from must not be after to")
  ),
  "a trimmed text": Schema.Trim.pipe(Schema.minLength(1)),
  "nested transformations": Schema.Struct({
    n: Schema.compose(Schema.Trim, Schema.NumberFromString),
    s: Schema.split(","),
    o: Schema.OptionFromNullOr(Schema.NumberFromString),
    e: Schema.transform(Schema.Struct({ v: Schema.NumberFromString }), Schema.Positive, {
      strict: true,
      decode: ({ v }) => v - 1,
      encode: (v) => ({ v: v + 1 })
    })
  }),
  "a transformation that can fail": Schema.transformOrFail(Schema.String, Schema.Number, {
    strict: true,
    decode: (s, _, ast) =>
      s.length % 2 === 0 ? ParseResult.succeed(s.length) : ParseResult.fail(new ParseResult.Type(ast, s)),
    encode: (n) => ParseResult.succeed("x".repeat(n))
  }),
  "a class": Person,
  "classes in a struct": Schema.Struct({ people: Schema.Array(Person), boss: Schema.NullOr(Person) }),
  "a recursive schema": Tree,
  "a set": Schema.Set(Schema.NumberFromString),
  "a redacted text": Schema.Redacted(Schema.NonEmptyString),
  "json in json": Schema.Struct({ data: Schema.parseJson(Schema.Struct({ a: Schema.NumberFromString })) }),
  "any json": Schema.parseJson(),
  "a decoding fallback": Schema.Struct({
    a: Schema.String.annotations({ decodingFallback: () => Either.right("none") })
  }),
  "a fallback for a struct": Plain.annotations({
    decodingFallback: () => Either.right({ a: "", b: 0, c: false, d: 0 })
  }),
  "no excess properties": Plain.annotations({ parseOptions: { onExcessProperty: "error" } }),
  "excess properties kept": Plain.annotations({ parseOptions: { onExcessProperty: "preserve" } }),
  "excess properties kept below": Schema.Struct({
    a: Schema.NullOr(Plain.annotations({ parseOptions: { onExcessProperty: "preserve" } }))
  }),
  "a template": Schema.TemplateLiteral("a-", Schema.Number),
  "a parsed template": Schema.TemplateLiteralParser("a-", Schema.NumberFromString),
  enums: Schema.Enums(Fruit),
  "enums in a union": Schema.Union(Schema.Enums(Fruit), Schema.String),
  "a picked struct": Plain.pipe(Schema.pick("a", "b")),
  "a partial struct": Schema.partial(Plain),
  "an extended struct": Schema.extend(Plain, Schema.Struct({ e: Schema.NumberFromString })),
  "an attached field": Plain.pipe(Schema.attachPropertySignature("kind", "plain")),
  "a symbol for a field": Schema.Struct({
    a: Schema.String,
    [Symbol.for("b")]: Schema.optional(Schema.Number)
  }),
  "a big integer": Schema.BigInt,
  "a session among others": Schema.Struct({
    session: Schema.NullOr(Session),
    page: Schema.optional(SessionPage)
  }),
  nothing: Schema.Void
} satisfies { readonly [name: string]: AnySchema }

describe.each(Object.entries<AnySchema>(zoo))("a user's schema: %s", (_, schema) => {
  const anyValid = Arbitrary.make(Schema.encodedSchema(schema))
  const agrees = agreesOn(schema)

  it.prop("has the result of the interpreter, compiled or not", [anyValid], ([input]) => agrees(input), {
    fastCheck: { numRuns: 100 }
  })

  it.prop(
    "agrees on damaged values, compiled or not",
    [anyValid, FastCheck.array(anyDamage, { minLength: 1, maxLength: 2 })],
    ([valid, damages]) =>
      agrees(damages.reduce<Json>((each, damage) => damaged(each, damage), overTheWire(valid))),
    { fastCheck: { numRuns: 300 } }
  )

  it.prop("agrees on anything, compiled or not", [FastCheck.anything()], ([input]) => agrees(input), {
    fastCheck: { numRuns: 100 }
  })

  // Each value is in its own list, because the items of a list would become arguments.
  it.each([...strangeValues, undefined].map((value) => [value]))("agrees on %j, compiled or not", (input) =>
    agrees(input)
  )
})

describe("the decoder of an unusual schema", () => {
  const unusual = [
    "a union of the like",
    "a discriminated union",
    "a nullable discriminated union",
    "a tuple",
    "a tuple with an optional end",
    "an array with a head",
    "a record of patterned keys",
    "a record by template",
    "a struct and a record",
    "an empty struct",
    "an object",
    "a recursive schema",
    "a decoding fallback",
    "a fallback for a struct",
    "no excess properties",
    "excess properties kept",
    "excess properties kept below",
    "a template",
    "a parsed template",
    "enums",
    "enums in a union",
    "an attached field",
    "a symbol for a field",
    "a big integer",
    "nothing"
  ] as const

  it.each(unusual)("is not compiled: %s", (name) => {
    expect(compileDecoder(zoo[name])).toBeUndefined()
  })

  it("is the only one that is not compiled", () => {
    const interpreted = Object.entries(zoo).filter(([, schema]) => compileDecoder(schema) === undefined)
    expect(interpreted.map(([name]) => name)).toEqual(unusual)
  })

  it("rejects a value that only an effect can decode, and the interpreter decodes it", () => {
    const schema = Schema.transformOrFail(Schema.String, Schema.Number, {
      strict: true,
      decode: (s) => Effect.sync(() => s.length),
      encode: (n) => ParseResult.succeed("x".repeat(n))
    })
    expect(compiledForSure(schema)("four")).toBe(failed)
    expect(interpreterOf(schema)("four")).toBe(4)
  })
})

describe("decoding in one pass has the same result as decoding in several", () => {
  const text = Schema.propertySignature(Schema.String)
  const fallback = { decodingFallback: () => Either.right({ a: "fallback" }) }
  const strict = { parseOptions: { onExcessProperty: "error" } } as const
  const One = Schema.Struct({ a: Schema.String })

  it.each<readonly [string, AnySchema, unknown]>([
    [
      "a default that violates the rule of its field",
      Schema.Struct({ a: Schema.optionalWith(Schema.Positive, { exact: true, default: () => -1 }) }),
      {}
    ],
    [
      "a transformed value that violates the rule of its field",
      Schema.Struct({
        a: Schema.optionalToOptional(Schema.Positive, Schema.Positive, {
          decode: Option.map((n) => -n),
          encode: Option.map((n) => -n)
        })
      }),
      { a: 1 }
    ],
    [
      "two fields that change names",
      Schema.Struct({ a: text.pipe(Schema.fromKey("b")), b: text.pipe(Schema.fromKey("a")) }),
      { a: "1", b: "2" }
    ],
    [
      "a field that takes the name of another",
      Schema.Struct({ b: text.pipe(Schema.fromKey("a")), c: text.pipe(Schema.fromKey("b")) }),
      { a: "1", b: "2" }
    ],
    [
      "undefined, which the previous member of the union accepts",
      Schema.Union(
        Schema.Null,
        Schema.transform(Schema.UndefinedOr(Schema.String), Schema.String, {
          strict: true,
          decode: (s) => s ?? "none",
          encode: (s) => s
        }),
        Schema.Undefined
      ),
      undefined
    ],
    [
      "null, which the previous member of the union accepts",
      Schema.NullOr(
        Schema.transform(Schema.NullOr(Schema.String), Schema.String, {
          strict: true,
          decode: (s) => s ?? "none",
          encode: (s) => s
        })
      ),
      null
    ],
    [
      "a struct without excess properties that is renamed",
      One.annotations(strict).pipe(Schema.rename({ a: "b" })),
      { a: "1", extra: 1 }
    ],
    [
      "a fallback of a struct that is renamed",
      One.annotations(fallback).pipe(Schema.rename({ a: "b" })),
      { a: 1 }
    ],
    [
      "an optional field that every object inherits",
      Schema.Struct({ constructor: Schema.optional(Schema.Unknown) }),
      {}
    ],
    ["a required field that every object inherits", Schema.Struct({ valueOf: Schema.Unknown }), {}],
    ["a literal that equals nothing", Schema.Literal("a", Number.NaN), Number.NaN],
    [
      "a field after one whose default throws",
      Schema.Struct({
        a: Schema.optionalToRequired(Schema.String, Schema.String, {
          decode: Option.getOrThrow,
          encode: Option.some
        }),
        b: Schema.String
      }),
      { b: 5 }
    ]
  ])("with %s", (_, schema, input) => agreesOn(schema)(input))
})

it("decoding throws for an input for which the interpreter throws", () => {
  const input = JSON.parse('{"kind":{"toString":{}},"a":1}')
  expect(() => interpreterOf(zoo["a discriminated union"])(input)).toThrow(TypeError)
  agreesOn(zoo["a discriminated union"])(input)
})
