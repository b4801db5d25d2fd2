import type * as Effect from "effect/Effect"
import * as JSONSchema from "effect/JSONSchema"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Pretty from "effect/Pretty"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"

/** A schema that needs no services. */
export type Codec<A, I = A, R = never> = Schema.Schema<A, I, R>
export type AnyCodec = Schema.Schema.AnyNoContext
export type AnySchema = Schema.Schema.All

/** The fields of a schema under other keys in JSON. */
type Renamed<E, M> = { [K in keyof E as K extends keyof M ? Extract<M[K], string> : K]: E[K] }

type Fields = { readonly [name: string]: Schema.Schema.Any | Schema.PropertySignature.Any }

/** A struct whose fields have other keys in JSON, as `keys` maps them. */
export const structWithKeys = <const F extends Fields, const M extends { readonly [K in keyof F]?: string }>(
  fields: F,
  keys: M
): Codec<Schema.Struct.Type<F>, Renamed<Schema.Struct.Encoded<F>, M>> => {
  const renamed = Object.entries(fields).map(([name, field]) => {
    const key = keys[name]
    const signature = Schema.isPropertySignature(field) ? field : Schema.propertySignature(field)
    return [name, key === undefined ? field : Schema.fromKey(signature as never, key)]
  })
  // Sound: the same fields, of which some have another key.
  return Schema.Struct(Object.fromEntries(renamed)) as never
}

/** An object of any keys and of values of the schema. */
export const record = <A, I, R>(value: Codec<A, I, R>) => Schema.Record({ key: Schema.String, value })

export const union = <const Members extends readonly [Schema.Schema.All, Schema.Schema.All]>(
  ...members: Members
) => Schema.Union(...members)

export const literals = <const L extends readonly [SchemaAST.LiteralValue, ...Array<SchemaAST.LiteralValue>]>(
  ...values: L
) => Schema.Literal(...values)

export const template = (start: string) => Schema.TemplateLiteral(start, Schema.String)

/** The schema with a rule. A rule that does not hold may name the field. */
export const filtered = <A, I>(
  schema: Codec<A, I>,
  holds: (value: A) => boolean | { readonly path: ReadonlyArray<string>; readonly message: string },
  description?: string
): Codec<A, I> =>
  schema.pipe(Schema.filter((value) => holds(value), description === undefined ? {} : { description }))

/** A whole number in a range. */
export const wholeBetween = (min: number, max: number, description: string): Codec<number> =>
  Schema.Int.pipe(Schema.between(min, max)).annotations({ description })

export const described = <A, I>(schema: Codec<A, I>, description: string): Codec<A, I> =>
  schema.annotations({ description })

/** A field that has a default when it is missing. */
export const withDefault = <A, I>(schema: Codec<A, I>, value: A) =>
  Schema.optionalWith(schema, { default: () => value })

export const transform = <A, B, IA, IB>(
  from: Codec<A, IA>,
  to: Codec<B, IB>,
  functions: { readonly decode: (value: A) => IB; readonly encode: (value: IB) => A }
): Codec<B, IA> => Schema.transform(from, to, { strict: true, ...functions })

/** Why a value is rejected. */
export type Rejection = ParseResult.ParseIssue

export const rejection = (value: unknown, message: string): Rejection =>
  new ParseResult.Type(Schema.Never.ast, value, message)

/** A text that an effect decodes. */
export const decodingText = (decode: (text: string) => Effect.Effect<string, Rejection>): Codec<string> =>
  Schema.transformOrFail(Schema.String, Schema.String, {
    decode: (text) => decode(text),
    encode: ParseResult.succeed
  })

/** The schema of a value that must not be shown. */
export const redacted = <A, I>(schema: Codec<A, I>) => Schema.Redacted(schema)

export const fromJsonText = <A, I>(schema: Codec<A, I>): Codec<A, string> => Schema.parseJson(schema)

export const typeOf = <A, I>(schema: Codec<A, I>): Codec<A> => Schema.typeSchema(schema)

export const equivalenceOf: <A, I>(schema: Codec<A, I>) => (a: A, b: A) => boolean = Schema.equivalence

export const formatterOf: <A, I>(schema: Codec<A, I>) => (value: A) => string = Pretty.make

/** The definitions by name in the JSON Schema. */
export const definitionsOf = (schema: AnySchema): { readonly [name: string]: object } =>
  // Sound: it needs no services.
  JSONSchema.make(schema as Schema.Schema<unknown, unknown>).$defs ?? {}

/** The name of a schema in a document, or `undefined` without one. */
export const identifierOf = (schema: AnySchema): string | undefined =>
  Option.getOrUndefined(SchemaAST.getJSONIdentifier(schema.ast))

/** Decodes as this library does, which ignores inherited properties. */
export const decoderOf = <A, I>(schema: Codec<A, I>): ((value: unknown) => Option.Option<A>) =>
  Schema.decodeUnknownOption(schema, { exact: true })

/** What errors say that `Schema.NonEmptyString` expects. */
export const nonEmptyExpectation = "a non empty string"

/** The schema with annotations of an `HttpApi`. */
export const annotated = (schema: AnyCodec, annotations: { readonly [key: symbol]: unknown }): AnyCodec =>
  schema.annotations({ ...annotations })

/** A number as text, which is rejected when it is no number. */
export const numberText: Codec<number, string> = Schema.NumberFromString
