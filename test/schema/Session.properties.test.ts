import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type Operation, Session, type SessionEncoded, SessionPage, Sessions } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import * as FastCheck from "fast-check"
import { encodedArbitraryOf } from "#test/arbitrary.js"
import { describe, expect } from "#test/vitest.js"
import { plainProp, prop } from "../support/properties.js"
import { session as documented } from "../support/wire.js"

/** Any actor but one whose keys are dropped on purpose. */
const anyActor = FastCheck.dictionary(
  FastCheck.string().filter((key) => key !== "__proto__"),
  FastCheck.jsonValue()
)

/** Any session that Clerk could send. A round trip through JSON removes values that JSON lacks (undefined, -0). */
const anySession = FastCheck.tuple(encodedArbitraryOf(Session), FastCheck.option(anyActor)).map(
  ([wire, actor]): SessionEncoded => JSON.parse(JSON.stringify({ ...wire, actor }))
)

const anyPage = FastCheck.record({
  data: FastCheck.array(anySession, { maxLength: 4 }),
  total_count: FastCheck.nat()
})

/** The encoded form, without the keys that have no value. */
const tidy = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      item === null || item === undefined ? [] : [[key, key === "latest_activity" ? tidy(item) : item]]
    )
  )
}

const decode = Schema.decodeSync(Session)
const encode = Schema.encodeSync(Session)

describe("any session", () => {
  plainProp("encodes to the response it was decoded from", [anySession], ([wire]) => {
    expect(encode(decode(wire))).toStrictEqual(tidy(wire))
  })

  plainProp("decodes to the same from what it encodes to", [anySession], ([wire]) => {
    const session = decode(wire)
    expect(decode(encode(session))).toStrictEqual(session)
  })

  plainProp("decodes to the same with fields added", [anySession, FastCheck.jsonValue()], ([wire, extra]) => {
    expect(decode({ ...wire, ...{ an_unknown_field: extra } })).toStrictEqual(decode(wire))
  })
})

describe("any page", () => {
  plainProp("encodes to the response it was decoded from", [anyPage], ([page]) => {
    const encoded = Schema.encodeSync(SessionPage)(Schema.decodeSync(SessionPage)(page))
    expect(encoded).toStrictEqual({ ...page, data: page.data.map(tidy) })
  })

  plainProp("holds the same sessions as the bare array", [anyPage], ([page]) => {
    const decodePage = Schema.decodeSync(SessionPage)
    expect(decodePage(page.data).data).toStrictEqual(decodePage(page).data)
  })
})

describe("a session with an invalid field", () => {
  const secret = "a value that must not be shown"
  const times = ["last_active_at", "expire_at", "updated_at", "created_at"]
  const texts = ["id", "user_id", "status"]
  const notText = FastCheck.constantFrom<unknown>(null, true, 5, [secret], { secret }, [[[secret]]])
  const notTime = FastCheck.constantFrom<unknown>(
    secret,
    null,
    [secret],
    { secret },
    1.5,
    -1,
    2 ** 53,
    "1716883200000"
  )
  const missing = Symbol("missing")

  /** A field of a valid session, and what is put in its place. */
  const damage = FastCheck.oneof(
    FastCheck.tuple(FastCheck.constantFrom(...texts), notText),
    FastCheck.tuple(FastCheck.constantFrom(...times), notTime),
    FastCheck.tuple(
      FastCheck.constant("object"),
      FastCheck.constantFrom<unknown>(secret, null, 5, { secret })
    ),
    FastCheck.tuple(
      FastCheck.constantFrom(...texts, ...times, "object"),
      FastCheck.constant<unknown>(missing)
    ),
    FastCheck.tuple(
      FastCheck.constant("abandon_at"),
      FastCheck.constantFrom<unknown>(secret, [secret], { secret }, 1.5, -1)
    )
  )

  const broken = (field: string, value: unknown) => {
    const { [field]: _, ...rest }: { readonly [name: string]: unknown } = documented
    return value === missing ? rest : { ...rest, [field]: value }
  }

  const failureFor = <A, E>(call: Operation.Op<A, E>, answer: unknown) =>
    Effect.flip(call).pipe(Effect.provide(ClerkTest.layer(() => ClerkTest.json(200, answer))))

  prop("is reported with the path and never with the value", [damage], ([[field, value]]) =>
    Effect.gen(function* () {
      const wire = broken(field, value)
      expect(Option.isNone(Schema.decodeUnknownOption(Session)(wire))).toBe(true)
      const error = yield* failureFor(Sessions.get("sess_1"), wire)
      if (error._tag !== "ClerkDecodeError") return yield* Effect.die(error)
      expect(error.reason).toBe("schema")
      expect(error.issues.map(({ path }) => path)).toEqual([field])
      expect(error.issues[0]?.expected).toMatch(/[a-z]/)
      expect(error.issues[0]?.expected.endsWith("but it is missing")).toBe(value === missing)
      expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(secret)
    })
  )

  prop(
    "is reported in a page by its index, in the envelope and in the bare array",
    [damage],
    ([[field, value]]) =>
      Effect.gen(function* () {
        const wire = [documented, broken(field, value)]
        for (const [answer, path] of [
          [{ data: wire, total_count: 2 }, `data.1.${field}`],
          [wire, `1.${field}`]
        ] as const) {
          const error = yield* failureFor(Sessions.list({ userId: "user_1" }), answer)
          if (error._tag !== "ClerkDecodeError") return yield* Effect.die(error)
          expect(error.issues.map((issue) => issue.path)).toEqual([path])
          expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(secret)
        }
      })
  )

  prop("is an error for any response", [FastCheck.jsonValue()], ([answer]) =>
    Effect.gen(function* () {
      const error = yield* failureFor(Sessions.get("sess_1"), answer)
      expect(error).toMatchObject({ _tag: "ClerkDecodeError", reason: "schema" })
    })
  )
})
