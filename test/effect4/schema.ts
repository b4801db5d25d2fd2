import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"

/** A schema that needs no services. */
export type Codec<A, I = A, R = never> = Schema.Codec<A, I, R, R>
export type AnyCodec = Schema.Codec<unknown, unknown>
export type AnySchema = Schema.Constraint

/** The fields of a schema under other keys in JSON. */
type Renamed<E, M> = { [K in keyof E as K extends keyof M ? Extract<M[K], string> : K]: E[K] }

/** A struct whose fields have other keys in JSON, as `keys` maps them. */
export const structWithKeys = <
  const F extends Schema.Struct.Fields,
  const M extends { readonly [K in keyof F]?: string }
>(
  fields: F,
  keys: M
): Codec<Schema.Struct.Type<F>, Renamed<Schema.Struct.Encoded<F>, M>> =>
  // Sound: `encodeKeys` computes the same type.
  Schema.Struct(fields).pipe(Schema.encodeKeys(keys)) as never

/** An object of any keys and of values of the schema. */
export const record = <A, I, R>(value: Codec<A, I, R>) => Schema.Record(Schema.String, value)

export const union = <const Members extends readonly [Schema.Constraint, Schema.Constraint]>(
  ...members: Members
) => Schema.Union(members)

export const literals = <const L extends readonly [SchemaAST.LiteralValue, ...Array<SchemaAST.LiteralValue>]>(
  ...values: L
) => Schema.Literals(values)

export const template = (start: string) => Schema.TemplateLiteral([start, Schema.String])

/** The schema with a rule. A rule that does not hold may name the field. */
export const filtered = <A, I>(
  schema: Codec<A, I>,
  holds: (value: A) => boolean | { readonly path: ReadonlyArray<string>; readonly message: string },
  description?: string
): Codec<A, I> =>
  schema.check(
    Schema.makeFilter(
      (value: A) => {
        const held = holds(value)
        return typeof held === "boolean" ? held : { path: held.path, issue: held.message }
      },
      description === undefined ? {} : { description }
    )
  )

/** A whole number in a range. */
export const wholeBetween = (min: number, max: number, description: string): Codec<number> =>
  Schema.Int.check(Schema.isBetween({ minimum: min, maximum: max })).annotate({ description })

export const described = <A, I>(schema: Codec<A, I>, description: string): Codec<A, I> =>
  schema.annotate({ description })

/** A field that has a default when it is missing. */
export const withDefault = <A, I>(schema: Codec<A, I>, value: A) =>
  schema.pipe(Schema.withDecodingDefaultType(Effect.succeed(value)))

export const transform = <A, B, IA, IB>(
  from: Codec<A, IA>,
  to: Codec<B, IB>,
  functions: { readonly decode: (value: A) => IB; readonly encode: (value: IB) => A }
): Codec<B, IA> => from.pipe(Schema.decodeTo(to, SchemaTransformation.transform(functions)))

/** Why a value is rejected. */
export type Rejection = SchemaIssue.Issue

export const rejection = (value: unknown, message: string): Rejection =>
  new SchemaIssue.InvalidValue({ message }, value)

/** A text that an effect decodes. */
export const decodingText = (decode: (text: string) => Effect.Effect<string, Rejection>): Codec<string> =>
  Schema.String.pipe(
    Schema.decodeTo(
      Schema.String,
      SchemaTransformation.transformEffect({ decode: (text) => decode(text), encode: Effect.succeed })
    )
  )

/** The schema of a value that must not be shown. */
export const redacted = <A, I>(schema: Codec<A, I>) => Schema.RedactedFromValue(schema)

export const fromJsonText = <A, I>(schema: Codec<A, I>): Codec<A, string> => Schema.fromJsonString(schema)

export const typeOf = <A, I>(schema: Codec<A, I>): Codec<A> => Schema.toType(schema)

export const equivalenceOf = <A, I>(schema: Codec<A, I>): ((a: A, b: A) => boolean) =>
  Schema.toEquivalence(schema)

export const formatterOf = <A, I>(schema: Codec<A, I>): ((value: A) => string) => Schema.toFormatter(schema)

/** The definitions by name in the JSON Schema. */
export const definitionsOf = (schema: AnySchema): { readonly [name: string]: object } => {
  const found: { readonly [name: string]: object | boolean } = Schema.toJsonSchemaDocument(schema).definitions
  return Object.fromEntries(
    Object.entries(found).flatMap(([name, value]) => (typeof value === "object" ? [[name, value]] : []))
  )
}

/** The name of a schema in a document, or `undefined` without one. */
export const identifierOf = (schema: AnySchema): string | undefined => SchemaAST.resolveIdentifier(schema.ast)

/** Decodes as this library does, which ignores inherited properties. */
export const decoderOf = <A, I>(schema: Codec<A, I>): ((value: unknown) => Option.Option<A>) =>
  Schema.decodeUnknownOption(schema)

/** What errors say that `Schema.NonEmptyString` expects. */
export const nonEmptyExpectation = "a value with a length of at least 1"

/** The schema with annotations of an `HttpApi`. */
export const annotated = (schema: AnyCodec, annotations: { readonly [key: string]: unknown }): AnyCodec =>
  schema.annotate(annotations)

/** A number as text, which is rejected when it is no number. */
export const numberText: Codec<number, string> = Schema.FiniteFromString
