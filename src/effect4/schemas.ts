import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import { ownProperties } from "../core/input.js"
import { expectedKey } from "./expectedKey.js"

export { DateTimeUtc, DateTimeUtcFromString } from "effect/Schema"

/** A schema that needs no services, with the type of its decoded and of its encoded values. */
export type Codec<A, I = A> = Schema.Codec<A, I>

/** A schema of plain data: its `make`, and that of a struct with it as a field, take decoded values. */
export interface DataCodec<A, I = A> extends Schema.Codec<A, I> {
  readonly "~type.make.in": A
  readonly "~type.make": A
  readonly "~type.constructor.default": "no-default"
  /** The schema with other annotations or checks. */
  readonly Rebuild: DataCodec<A, I>
}

/** Annotates a schema with what errors and generated documents say about it. */
export const annotated = <A, I>(
  schema: DataCodec<A, I>,
  annotations: {
    readonly identifier?: string
    readonly description?: string
    readonly examples?: readonly [NoInfer<A>, ...Array<NoInfer<A>>]
  }
): DataCodec<A, I> => schema.annotate(annotations)

/** Accepts the values for which `accepts` returns true. */
export const filtered = <A, I>(
  schema: DataCodec<A, I>,
  accepts: (value: A) => boolean,
  description: string
): DataCodec<A, I> =>
  // On both, because a value of another type does not reach the check.
  schema.annotate({ description }).check(Schema.makeFilter(accepts, { description }))

/** Accepts the structs for which `flawedField` returns no field. */
export const filteredStruct = <A, I>(
  schema: DataCodec<A, I>,
  flawedField: (value: A) => (keyof A & string) | undefined,
  description: string
): DataCodec<A, I> =>
  schema.check(
    Schema.makeFilter(
      (value: A) => {
        const field = flawedField(value)
        return field === undefined || { path: [field], issue: "" }
      },
      { description }
    )
  )

export const literals = <const L extends ReadonlyArray<SchemaAST.LiteralValue>>(
  values: L
): DataCodec<L[number]> => Schema.Literals(values)

export const union = <A, I, B, J>(one: DataCodec<A, I>, other: DataCodec<B, J>): DataCodec<A | B, I | J> =>
  Schema.Union([one, other])

export const record = <A, I>(
  key: DataCodec<string>,
  value: DataCodec<A, I>
): DataCodec<{ readonly [k: string]: A }, { readonly [k: string]: I }> =>
  // Sound because a record reads its keys with the schema, which makes strings.
  Schema.Record(key as DataCodec<string> & { readonly Iso: string }, value)

export const wholeNumber = (min: number, max: number, description: string): DataCodec<number> =>
  Schema.Int.check(Schema.isBetween({ minimum: min, maximum: max })).annotate({ description })

/** Wraps the values of a schema in `Redacted`. */
export const redacted = <A, I>(schema: DataCodec<A, I>): DataCodec<Redacted.Redacted<A>, I> =>
  Schema.RedactedFromValue(schema)

/** Accepts `Redacted` values of a schema. */
export const redactedFromSelf = <A>(schema: DataCodec<A>): DataCodec<Redacted.Redacted<A>> =>
  Schema.Redacted(schema)

/** Makes a field that may be absent, but not `undefined`. */
export const optionalKey = <A, I>(schema: DataCodec<A, I>) => Schema.optionalKey(schema)

/** Gives a field a default for the constructor of its struct. */
export const withConstructorDefault = <A, I>(schema: DataCodec<A, I>, value: NoInfer<A>) =>
  schema.pipe(Schema.withConstructorDefault(Effect.succeed(value)))

export const transform = <A, I, B, J>(
  from: DataCodec<B, I>,
  to: DataCodec<A, J>,
  { decode, encode }: { readonly decode: (value: B) => J; readonly encode: (value: J) => B }
): DataCodec<A, I> =>
  from.pipe(
    Schema.decodeTo(to, { decode: SchemaGetter.transform(decode), encode: SchemaGetter.transform(encode) })
  )

/** The schema of the decoded values. */
export const toType = <A, I>(schema: DataCodec<A, I>): DataCodec<A> => Schema.toType(schema)

/** Reads values of any type. `read` returns what it expected in place of a value that it rejects. */
export const custom = <A, I = A>(
  read: (input: unknown) => { readonly value: A } | { readonly expected: string }
): DataCodec<A, I> =>
  // Sound because both ways run `read`, whose values are the ones of the caller.
  Schema.declareConstructor<A, I>()([], () => (input) => {
    const result = read(input)
    return "value" in result
      ? Effect.succeed(result.value)
      : Effect.fail(new SchemaIssue.InvalidValue({ [expectedKey]: result.expected }))
  }) as unknown as DataCodec<A, I>

/** A field that is absent when its value is `null`. */
const nullIsAbsent = <A, I>(
  nullish: Codec<A | null | undefined, I | null | undefined>,
  schema: DataCodec<A, I>
) =>
  Schema.optionalKey(nullish).pipe(
    Schema.decodeTo(Schema.optional(Schema.toType(schema)), {
      decode: SchemaGetter.transformOptional(
        Option.filter((value): value is A | undefined => value !== null)
      ),
      encode: SchemaGetter.transformOptional<A | null | undefined, A | undefined>(identity)
    })
  )

/** A field that its sender omits or sends as `null` when it has no value. A value of the wrong type is an error. */
export const optionalNullish = <A, I>(schema: DataCodec<A, I>) =>
  nullIsAbsent(Schema.NullishOr(schema), schema)

/** As `optionalNullish`, but a value of the wrong type is read as `fallback`: `null` for an absent field. */
export const optionalLenient = <A, I>(schema: DataCodec<A, I>, fallback: A | null = null) =>
  nullIsAbsent(
    Schema.NullishOr(schema).pipe(Schema.catchDecoding(() => Effect.succeedSome(fallback))),
    schema
  )

const renameKeys =
  (names: ReadonlyMap<string, string>) =>
  (value: object): { readonly [name: string]: unknown } =>
    // A plain object would inherit from a polluted prototype, and Effect 4 reads what is inherited.
    ownProperties(
      Object.fromEntries(Object.entries(value).map(([name, each]) => [names.get(name) ?? name, each]))
    )

/** A struct whose encoded form has some fields under other names. `A` and `I` are its decoded and encoded types. */
export const renamedStruct = <A, I>(
  fields: { readonly [name: string]: Schema.Constraint },
  names: { readonly [K in keyof A]?: keyof (I extends unknown ? I : never) }
): DataCodec<A, I> => {
  const entries = Object.entries<string>(names as { readonly [name: string]: string })
  const toEncodedNames = renameKeys(new Map(entries))
  // Not `encodeKeys`, which checks the encoded fields before it decodes them: no field could be lenient.
  const encoded = Schema.Struct(toEncodedNames(fields) as Schema.Struct.Fields)
  const decoded = Schema.Struct(
    Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, Schema.toType(field)]))
  )
  const toDecodedNames = renameKeys(new Map(entries.map(([name, encoded]) => [encoded, name])))
  // Sound for fields and names that are those of `A` and `I`, as property tests show of each struct made here.
  return encoded.pipe(
    Schema.decodeTo(decoded, {
      decode: SchemaGetter.transform(toDecodedNames),
      encode: SchemaGetter.transform(toEncodedNames)
    })
  ) as unknown as DataCodec<A, I>
}

/** Whether a schema decodes no value, as for a response without a body. */
export const isVoid = ({ ast }: { readonly ast: SchemaAST.AST }): boolean => SchemaAST.isVoid(ast)

/** The names of the fields of encoded values. `undefined` when they can have any. */
export const encodedFields = (schema: { readonly ast: SchemaAST.AST }): ReadonlyArray<string> | undefined => {
  const ast = SchemaAST.toEncoded(schema.ast)
  return SchemaAST.isObjects(ast) && ast.indexSignatures.length === 0
    ? ast.propertySignatures.map(({ name }) => String(name))
    : undefined
}

/** Makes an error without the checks of its fields. Only own properties of the fields count. */
export const construct = <F extends object, E>(
  Class: new (fields: F, options: Schema.MakeOptions) => E,
  fields: NoInfer<F>
): E => new Class(ownProperties(fields), { disableChecks: true })
