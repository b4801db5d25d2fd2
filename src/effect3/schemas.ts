import * as Either from "effect/Either"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"

export { DateTimeUtc as DateTimeUtcFromString, DateTimeUtcFromSelf as DateTimeUtc } from "effect/Schema"

/** A schema that needs no services, with the type of its decoded and of its encoded values. */
export type Codec<A, I = A> = Schema.Schema<A, I>

/** A schema of data: its `make` and the structs it is a field of take what it decodes. */
export type DataCodec<A, I = A> = Schema.Schema<A, I>

/** Gives a schema what it says about itself: in errors, and in the documents made from it. */
export const annotated = <A, I>(
  schema: DataCodec<A, I>,
  annotations: {
    readonly identifier?: string
    readonly description?: string
    readonly examples?: readonly [NoInfer<A>, ...Array<NoInfer<A>>]
  }
): DataCodec<A, I> => schema.annotations(annotations)

/** Accepts the values for which `accepts` returns true. */
export const filtered = <A, I>(
  schema: DataCodec<A, I>,
  accepts: (value: A) => boolean,
  description: string
): DataCodec<A, I> => schema.pipe(Schema.filter(accepts)).annotations({ description })

/** Accepts the structs for which `flawedField` returns no field. */
export const filteredStruct = <A, I>(
  schema: DataCodec<A, I>,
  flawedField: (value: A) => (keyof A & string) | undefined,
  description: string
): DataCodec<A, I> =>
  schema.pipe(
    Schema.filter(
      (value) => {
        const field = flawedField(value)
        return field === undefined || { path: [field], message: "" }
      },
      { description }
    )
  )

export const literals = <const L extends ReadonlyArray<SchemaAST.LiteralValue>>(
  values: L
): DataCodec<L[number]> => Schema.Literal(...values)

export const union = <A, I, B, J>(one: DataCodec<A, I>, other: DataCodec<B, J>): DataCodec<A | B, I | J> =>
  Schema.Union(one, other)

export const record = <A, I>(
  key: DataCodec<string>,
  value: DataCodec<A, I>
): DataCodec<{ readonly [k: string]: A }, { readonly [k: string]: I }> => Schema.Record({ key, value })

export const wholeNumber = (min: number, max: number, description: string): DataCodec<number> =>
  Schema.Int.pipe(Schema.between(min, max)).annotations({ description })

/** Wraps the values of a schema in `Redacted`. */
export const redacted = <A, I>(schema: DataCodec<A, I>): DataCodec<Redacted.Redacted<A>, I> =>
  Schema.Redacted(schema)

/** Accepts `Redacted` values of a schema. */
export const redactedFromSelf = <A>(schema: DataCodec<A>): DataCodec<Redacted.Redacted<A>> =>
  Schema.RedactedFromSelf(schema)

/** For a field that may be absent, but not `undefined`. */
export const optionalKey = <A, I>(schema: DataCodec<A, I>) => Schema.optionalWith(schema, { exact: true })

/** For a field with a default, where its struct is constructed. */
export const withConstructorDefault = <A, I>(schema: DataCodec<A, I>, value: NoInfer<A>) =>
  schema.pipe(
    Schema.propertySignature,
    Schema.withConstructorDefault(() => value)
  )

export const transform = <A, I, B, J>(
  from: DataCodec<B, I>,
  to: DataCodec<A, J>,
  { decode, encode }: { readonly decode: (value: B) => J; readonly encode: (value: J) => B }
): DataCodec<A, I> => Schema.transform(from, to, { strict: true, decode, encode })

/** The schema of the decoded values. */
export const toType: <A, I>(schema: DataCodec<A, I>) => DataCodec<A> = Schema.typeSchema

/** Reads values of any type. `read` returns what it expected in place of a value that it rejects. */
export const custom = <A, I = A>(
  read: (input: unknown) => { readonly value: A } | { readonly expected: string }
): DataCodec<A, I> => {
  const run = () => (input: unknown, _: unknown, ast: SchemaAST.AST) => {
    const result = read(input)
    return "value" in result
      ? Either.right(result.value)
      : Either.left(
          new ParseResult.Type(
            SchemaAST.annotations(ast, { [SchemaAST.DescriptionAnnotationId]: result.expected }),
            input
          )
        )
  }
  // Sound because both ways run `read`, whose values are the ones of the caller.
  return Schema.declare([], { decode: run, encode: run }) as unknown as DataCodec<A, I>
}

/** A field that is absent when its value is `null`. */
const nullIsAbsent = <A, I>(
  nullish: Codec<A | null | undefined, I | null | undefined>,
  schema: DataCodec<A, I>
) =>
  Schema.optionalToOptional(nullish, Schema.UndefinedOr(Schema.typeSchema(schema)), {
    decode: Option.filter((value): value is A | undefined => value !== null),
    encode: identity
  })

/** A field that its sender omits or sends as `null` when it has no value. A value of the wrong type is an error. */
export const optionalNullish = <A, I>(schema: DataCodec<A, I>) =>
  nullIsAbsent(Schema.NullishOr(schema), schema)

/** As `optionalNullish`, but a value of the wrong type is read as `fallback`: `null` for an absent field. */
export const optionalLenient = <A, I>(schema: DataCodec<A, I>, fallback: A | null = null) =>
  nullIsAbsent(
    Schema.NullishOr(schema).annotations({ decodingFallback: () => Either.right(fallback) }),
    schema
  )

/** A struct whose encoded form has some fields under other names. `A` and `I` are its decoded and encoded types. */
export const renamedStruct = <A, I>(
  fields: Schema.Struct.Fields,
  names: { readonly [K in keyof A]?: keyof (I extends unknown ? I : never) }
): DataCodec<A, I> => {
  const renamed: Schema.Struct.Fields = Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      const encoded = names[name as keyof A]
      if (encoded === undefined) return [name, field]
      const signature = Schema.isPropertySignature(field)
        ? field
        : Schema.propertySignature(field as Schema.Schema.Any)
      return [name, Schema.fromKey(signature as Schema.propertySignature<Schema.Schema.Any>, encoded)]
    })
  )
  // Sound for fields and names that are those of `A` and `I`, as property tests show of each struct made here.
  return Schema.Struct(renamed) as unknown as DataCodec<A, I>
}

/** Whether a schema has no value, as that of a response without a body. */
export const isVoid = (schema: { readonly ast: SchemaAST.AST }): boolean =>
  SchemaAST.isVoidKeyword(schema.ast)

/** The names of the fields of encoded values. `undefined` when they can have any. */
export const encodedFields = (schema: { readonly ast: SchemaAST.AST }): ReadonlyArray<string> | undefined => {
  const ast = SchemaAST.encodedAST(schema.ast)
  return SchemaAST.isTypeLiteral(ast) && ast.indexSignatures.length === 0
    ? ast.propertySignatures.map(({ name }) => String(name))
    : undefined
}

/** Makes an error without the checks of its fields, because a failed check prints the value. */
export const construct = <F, E>(
  Class: new (fields: F, disableValidation: boolean) => E,
  fields: NoInfer<F>
): E => new Class(fields, true)
