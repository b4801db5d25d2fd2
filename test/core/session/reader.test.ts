import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Session, SessionPage } from "effect-clerk"
import * as FastCheck from "fast-check"
import { encodedArbitraryOf } from "#test/arbitrary.js"
import { utc } from "#test/dateTime.js"
import { type AnyCodec, decoderOf } from "#test/schema.js"
import { describe, expect, it } from "#test/vitest.js"
import { makeSessionPageReader, makeSessionReader } from "../../../src/core/session/reader.js"
import { compile } from "../../../src/runtime/operation.js"
import { withPollutedPrototype } from "../../support/pollution.js"
import { plainProp } from "../../support/properties.js"
import * as wire from "../../support/wire.js"

type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

type Reader = (json: unknown) => unknown

/** A result of a reader, written out. */
const shown = (value: unknown): unknown => {
  if (DateTime.isDateTime(value)) return { at: DateTime.formatIso(value), zone: DateTime.isUtc(value) }
  if (Array.isArray(value)) return Array.from(value, shown)
  if (typeof value !== "object" || value === null) return value
  // The order of the fields counts too, and so does the prototype.
  return { fields: Object.entries(value).map(([k, v]) => [k, shown(v)]), kind: Object.getPrototypeOf(value) }
}

const failed = "failed"

/** The result of the schema, from which a reader must not differ. */
const schemaOf = (schema: AnyCodec) => {
  const decode = decoderOf(schema)
  return (input: unknown): unknown =>
    Option.match(decode(input), { onNone: () => failed, onSome: (value) => shown(value) })
}

/** The result of a reader in the same form. */
const shownBy =
  (read: Reader) =>
  (input: unknown): unknown => {
    const value = read(input)
    return value === undefined ? failed : shown(value)
  }

/** The result of an operation that reads first and then uses the schema. */
const operationOf = (schema: AnyCodec, read: Reader) => {
  const { decode } = compile(
    { name: "Zoo.read", method: "GET", path: "/zoo", kind: "read", success: schema },
    read
  )
  return (input: unknown): unknown => {
    const decoded = decode(input)
    return decoded._tag === "Success" ? shown(decoded.value) : failed
  }
}

/** The value after a round trip through JSON. */
const overTheWire = (value: unknown): Json => JSON.parse(JSON.stringify(value) ?? "null")

const wireOf = (schema: AnyCodec): FastCheck.Arbitrary<Json> => encodedArbitraryOf(schema).map(overTheWire)

/** An object as `JSON.parse` makes it: in which `__proto__` is an ordinary key. */
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

/** The reader leaves such a record to the schema. */
const hasProtoKey = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  (Object.hasOwn(value, "__proto__") || Object.values(value).some(hasProtoKey))

/**
 * Fails unless a reader returns the result of the schema. A reader may reject a record with a key `__proto__`, which the
 * schema accepts. Then the operation uses the schema.
 */
const agreesOn = (schema: AnyCodec, read: Reader) => {
  const bySchema = schemaOf(schema)
  const operation = operationOf(schema, read)
  const reader = shownBy(read)
  return (input: Json): void => {
    const value = reader(input)
    const isLeftToSchema = value === failed && hasProtoKey(input)
    expect(isLeftToSchema ? operation(input) : value).toStrictEqual(bySchema(input))
  }
}

const runs = 400

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

const readSession = makeSessionReader(utc)
const readPage = makeSessionPageReader(utc)

const ours: ReadonlyArray<readonly [string, AnyCodec, Reader, FastCheck.Arbitrary<Json>]> = [
  [
    "a session",
    Session,
    readSession,
    FastCheck.oneof(anySession, FastCheck.constant(overTheWire(wire.session)))
  ],
  ["a page in its envelope", SessionPage, readPage, anyEnvelope],
  ["a page as a bare array", SessionPage, readPage, anyBareArray]
]

describe.each(ours)("the reader of %s", (_, schema, read, anyValid) => {
  const reader = shownBy(read)
  const bySchema = schemaOf(schema)
  const agrees = agreesOn(schema, read)

  plainProp(
    "returns the result of the schema for responses of Clerk",
    [anyValid],
    ([sent]) => {
      const value = reader(sent)
      expect(value).not.toBe(failed)
      expect(value).toStrictEqual(bySchema(sent))
    },
    runs
  )

  plainProp(
    "rejects the same damaged responses as the schema",
    [anyValid, FastCheck.array(anyDamage, { minLength: 1, maxLength: 3 })],
    ([sent, damages]) => {
      agrees(damages.reduce<Json>((each, damage) => damaged(each, damage), sent))
    },
    1_500
  )

  plainProp(
    "agrees with the schema on any JSON",
    [FastCheck.jsonValue()],
    ([input]) => agrees(overTheWire(input)),
    runs
  )

  plainProp(
    "accepts no value that JSON cannot hold and the schema rejects",
    [FastCheck.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true })],
    ([input]) => {
      if (reader(input) !== failed) expect(bySchema(input)).not.toBe(failed)
    },
    runs
  )
})

describe("a key named __proto__ in a response", () => {
  const reader = shownBy(readSession)
  const bySchema = schemaOf(Session)
  const parse = (text: string): unknown => JSON.parse(text)
  const { actor: _, ...rest } = wire.session
  const fields = JSON.stringify(rest).slice(1, -1)

  it("is ignored in a session, like every unknown key", () => {
    const input = parse(`{${fields},"__proto__":{"client_id":"client_evil","polluted":true}}`)
    expect(reader(input)).toStrictEqual(bySchema(input))
    expect(reader(input)).toStrictEqual(reader(parse(`{${fields}}`)))
  })

  it("does not stand in for the fields a session lacks", () => {
    for (const field of ["id", "user_id", "status", "created_at", "client_id"]) {
      const input = parse(
        JSON.stringify(wire.sessionWithout(field)).replace("{", `{"__proto__":{"${field}":"x"},`)
      )
      expect(reader(input)).toStrictEqual(bySchema(input))
    }
  })

  it("is left to the schema in an actor", () => {
    const input = parse(`{${fields},"actor":{"sub":"user_2","__proto__":{"polluted":true}}}`)
    expect(reader(input)).toBe(failed)
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
    wire.token
  ]

  it.effect.each(pollutions)(
    "the reader returns the result of the schema where it accepts, with %s inherited",
    ([, entries]) =>
      Effect.gen(function* () {
        for (const [, schema, read] of ours) {
          const reader = shownBy(read)
          const bySchema = schemaOf(schema)
          for (const input of inputs) {
            const [decoded, expected] = yield* withPollutedPrototype(entries)(
              Effect.sync(() => [reader(input), bySchema(input)])
            )
            if (decoded !== failed) expect(decoded).toStrictEqual(expected)
          }
        }
      })
  )

  it.each(pollutions)(
    "that is not enumerable, the reader returns the result of the schema, with %s inherited",
    (_, entries) => {
      for (const [, schema, read] of ours) {
        const reader = shownBy(read)
        const bySchema = schemaOf(schema)
        for (const input of inputs) {
          for (const [key, value] of Object.entries(entries)) {
            Object.defineProperty(Object.prototype, key, { value, configurable: true, writable: true })
          }
          let decoded: unknown
          let expected: unknown
          try {
            decoded = reader(input)
            expected = bySchema(input)
          } finally {
            for (const key of Object.keys(entries)) Reflect.deleteProperty(Object.prototype, key)
          }
          if (decoded !== failed) expect(decoded).toStrictEqual(expected)
        }
      }
    }
  )
})
