import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"

/** What a decoder gives for a value it does not accept. The interpreter then says why. */
export const refused: unique symbol = Symbol("effect-clerk/refused")

/** Decodes a value, or gives `refused`. */
export type Decoder = (value: unknown) => unknown

const options = { exact: true } as const

/** An annotation by which a schema of ours brings its decoder along. It has to give what the schema gives. */
export const DecoderAnnotationId = Symbol.for("effect-clerk/internal/DecoderAnnotation")

/** The absence of a value and `null` are one. A step in a schema that does just this is known by its identity. */
export const dropNull = <A>(value: Option.Option<A | null>): Option.Option<A> =>
  Option.filter(value, (each): each is A => each !== null)

/** Decoding fallbacks that are known by their identity, so that a schema which has one can still be compiled. */
export const readAsNull = (): Either.Either<null> => Either.right(null)
export const readAsEmpty = (): Either.Either<{ readonly [key: string]: unknown }> => Either.right({})

const knownFallbacks = [readAsNull, readAsEmpty]

/**
 * Compiles a schema into closures, about ten times as fast as interpreting it, or gives `undefined` for one with
 * anything unusual in it: then the interpreter has to be asked from the start.
 *
 * A decoder only has to be right where it accepts. Whatever it refuses is decoded once more by the interpreter,
 * which has the last word and the words for it.
 */
export const compileDecoder = (schema: Schema.Schema.All): Decoder | undefined => {
  try {
    const decode = decoderOf(schema.ast)
    return (value) => {
      try {
        return decode(value)
      } catch {
        return refused // the interpreter decides, which may not even reach the step that threw
      }
    }
  } catch (reason) {
    if (reason === unusual) return undefined
    throw reason
  }
}

const unusual = Symbol("effect-clerk/unusual")

const giveUp = (): never => {
  throw unusual
}

/** Thrown while decoding. `refused` would claim that the value is invalid, and a fallback would then replace it. */
const leaveToInterpreter = (): never => {
  throw unusual
}

const accepting =
  (accepts: (value: unknown) => boolean): Decoder =>
  (value) =>
    accepts(value) ? value : refused

/** These annotations change how the interpreter goes about a node. */
const giveUpIfSteered = ({ annotations }: SchemaAST.AST): void => {
  if (
    SchemaAST.DecodingFallbackAnnotationId in annotations ||
    SchemaAST.ParseOptionsAnnotationId in annotations
  )
    giveUp()
}

const decoderOf = (ast: SchemaAST.AST): Decoder => {
  const annotation = ast.annotations[SchemaAST.DecodingFallbackAnnotationId]
  const fallback = knownFallbacks.find((known) => known === annotation)
  if (fallback === undefined) {
    giveUpIfSteered(ast)
    return nodeDecoderOf(ast)
  }
  const decode = nodeDecoderOf(ast)
  return (value) => {
    const decoded = decode(value)
    return decoded === refused ? Either.merge(fallback()) : decoded
  }
}

const nodeDecoderOf = (ast: SchemaAST.AST): Decoder => {
  const own = ast.annotations[DecoderAnnotationId]
  if (own !== undefined) return own as Decoder // only our own schemas know the symbol
  switch (ast._tag) {
    case "StringKeyword":
      return (value) => (typeof value === "string" ? value : refused)
    case "NumberKeyword":
      return (value) => (typeof value === "number" ? value : refused)
    case "BooleanKeyword":
      return (value) => (typeof value === "boolean" ? value : refused)
    case "UndefinedKeyword":
      return (value) => (value === undefined ? value : refused)
    case "UnknownKeyword":
    case "AnyKeyword":
      return (value) => value
    case "Literal":
      return accepting((value) => value === ast.literal)
    case "Declaration":
      return declarationDecoder(ast)
    case "Refinement":
      return refinementDecoder(ast)
    case "TupleType":
      return arrayDecoder(ast)
    case "TypeLiteral":
      return ast.propertySignatures.length === 0
        ? recordDecoder(ast)
        : structDecoder(ast, [], SchemaAST.typeAST(ast) as SchemaAST.TypeLiteral)
    case "Union":
      return unionDecoder(ast)
    case "Transformation":
      return transformationDecoder(ast)
    default:
      return giveUp()
  }
}

const isDateTimeUtc = (ast: SchemaAST.AST): boolean => ast === Schema.DateTimeUtcFromSelf.ast

const declarationDecoder = (ast: SchemaAST.Declaration): Decoder => {
  if (isDateTimeUtc(ast)) {
    return accepting((value) => DateTime.isDateTime(value) && DateTime.isUtc(value))
  }
  const decode = ParseResult.decodeUnknownEither(Schema.make(ast), options)
  return (value) => Either.getOrElse(decode(value), () => refused)
}

const refinementDecoder = (ast: SchemaAST.Refinement): Decoder => {
  const from = decoderOf(ast.from)
  return (value) => {
    const decoded = from(value)
    return decoded !== refused && Option.isNone(ast.filter(decoded, options, ast)) ? decoded : refused
  }
}

const arrayDecoder = (ast: SchemaAST.TupleType): Decoder => {
  const [item, ...others] = ast.rest
  if (ast.elements.length > 0 || item === undefined || others.length > 0) return giveUp()
  const decode = decoderOf(item.type)
  return (value) => {
    if (!Array.isArray(value)) return refused
    const decoded: Array<unknown> = []
    for (let i = 0; i < value.length; i++) {
      const each = decode(value[i])
      if (each === refused) return refused
      decoded.push(each)
    }
    return decoded
  }
}

const recordDecoder = (ast: SchemaAST.TypeLiteral): Decoder => {
  const [signature, ...others] = ast.indexSignatures
  if (signature === undefined || others.length > 0 || !SchemaAST.isStringKeyword(signature.parameter)) {
    return giveUp()
  }
  const decode = decoderOf(signature.type)
  return (value) => {
    if (!Predicate.isRecord(value)) return refused
    const decoded: Record<string, unknown> = {}
    for (const [key, each] of Object.entries(value)) {
      const item = decode(each)
      if (item === refused) return refused
      // Assigning to `__proto__` is no ordinary assignment, so the interpreter says what becomes of it.
      if (key === "__proto__") return leaveToInterpreter()
      decoded[key] = item
    }
    return decoded
  }
}

type Carry = (value: Option.Option<unknown>) => Option.Option<unknown>

interface Field {
  readonly from: string
  readonly mayLack: boolean
  readonly decode: Decoder
  readonly to: string
  readonly mayDrop: boolean
  readonly dropsNull: boolean
  /** How the value, or its absence, is carried over, when it is neither taken as it is nor just `dropNull`. */
  readonly carry: Carry | undefined
  /** Holds what was carried over against the type it has to have; `undefined` when it is known to have it. */
  readonly check: Decoder | undefined
}

/** A struct, and the renaming of its fields that may follow, in one pass. */
const structDecoder = (
  from: SchemaAST.TypeLiteral,
  steps: ReadonlyArray<SchemaAST.PropertySignatureTransformation>,
  to: SchemaAST.TypeLiteral
): Decoder => {
  giveUpIfSteered(from)
  giveUpIfSteered(to)
  // The steps are taken one after the other, so one that takes the name of another field takes its value, too.
  const names = new Set(from.propertySignatures.map(({ name }) => name))
  if (steps.some((step) => step.to !== step.from && names.has(step.to))) return giveUp()
  const fields = from.propertySignatures.map(({ name, type, isOptional }): Field => {
    const step = steps.find((each) => each.from === name)
    const target = to.propertySignatures.find((each) => each.name === (step?.to ?? name))
    if (typeof name !== "string" || target === undefined || typeof target.name !== "string") return giveUp()
    const carry = step?.decode
    const dropsNull = carry === dropNull
    return {
      from: name,
      mayLack: isOptional,
      decode: decoderOf(type),
      to: target.name,
      mayDrop: target.isOptional,
      dropsNull,
      carry: dropsNull || carry === identity ? undefined : carry,
      // Whatever a step makes of a value need not be of the type it declares.
      check:
        (dropsNull || carry === undefined || carry === identity) &&
        isSame(dropsNull ? withoutNull(SchemaAST.typeAST(type)) : SchemaAST.typeAST(type), target.type)
          ? undefined
          : decoderOf(target.type)
    }
  })
  if (from.indexSignatures.length > 0 || to.indexSignatures.length > 0) return giveUp()
  if (fields.length !== to.propertySignatures.length) return giveUp()
  return (value) => {
    if (!Predicate.isRecord(value)) return refused
    const decoded: Record<string, unknown> = {}
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i] as Field // `i` is within bounds
      let item: unknown
      let isGiven = Object.hasOwn(value, field.from)
      if (isGiven) {
        item = field.decode(value[field.from])
        if (item === refused) return refused
        if (item === null && field.dropsNull) isGiven = false
      } else if (!field.mayLack) return refused
      if (field.carry !== undefined) {
        const carried = field.carry(isGiven ? Option.some(item) : Option.none())
        isGiven = Option.isSome(carried)
        item = Option.getOrUndefined(carried)
      }
      if (isGiven) {
        if (field.check !== undefined) {
          item = field.check(item)
          if (item === refused) return refused
        }
        decoded[field.to] = item
      } else if (!field.mayDrop) return refused
    }
    return decoded
  }
}

const withoutNull = (ast: SchemaAST.AST): SchemaAST.AST =>
  SchemaAST.isUnion(ast) ? SchemaAST.Union.make(ast.types.filter((type) => !isNull(type))) : ast

const isNull = (ast: SchemaAST.AST): boolean => SchemaAST.isLiteral(ast) && ast.literal === null

/** The shapes a value can have that can be told apart at a glance. */
type Shape = "string" | "number" | "boolean" | "undefined" | "null" | "array" | "object"

const shapeOf = (ast: SchemaAST.AST): Shape => {
  switch (ast._tag) {
    case "StringKeyword":
      return "string"
    case "NumberKeyword":
      return "number"
    case "BooleanKeyword":
      return "boolean"
    case "UndefinedKeyword":
      return "undefined"
    case "Literal":
      return ast.literal === null ? "null" : giveUp()
    case "TupleType":
      return "array"
    case "Declaration":
      return isDateTimeUtc(ast) ? "object" : giveUp()
    case "TypeLiteral":
      return ast.propertySignatures.length + ast.indexSignatures.length > 0 ? "object" : giveUp()
    case "Refinement":
    case "Transformation":
      return shapeOf(ast.from)
    default:
      return giveUp()
  }
}

const shapeNow = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "array" : typeof value

const nullishIn =
  (types: ReadonlyArray<SchemaAST.AST>) =>
  (value: null | undefined): boolean =>
    types.some((type) => (value === null ? isNull(type) : SchemaAST.isUndefinedKeyword(type)))

/** Literals, or members of which at most one can accept a value: then the order in which they are tried is nothing. */
const unionDecoder = (ast: SchemaAST.Union): Decoder => {
  const literals = ast.types.filter(SchemaAST.isLiteral).map(({ literal }): unknown => literal)
  if (literals.length === ast.types.length) {
    return accepting((value) => literals.some((literal) => literal === value))
  }
  const [main, ...others] = ast.types.filter((type) => !isNull(type) && !SchemaAST.isUndefinedKeyword(type))
  if (main !== undefined && others.length === 0) {
    const decode = decoderOf(main)
    const at = ast.types.indexOf(main)
    const takesBefore = nullishIn(ast.types.slice(0, at))
    const takesAfter = nullishIn(ast.types.slice(at + 1))
    return (value) => {
      if (value !== null && value !== undefined) return decode(value)
      if (takesBefore(value)) return value
      // A transformation may have a use for `null` itself.
      const decoded = decode(value)
      return decoded === refused && takesAfter(value) ? value : decoded
    }
  }
  const members = new Map<string, Decoder>()
  for (const type of ast.types) {
    const shape = shapeOf(type)
    if (members.has(shape)) return giveUp()
    members.set(shape, decoderOf(type))
  }
  return (value) => {
    const decode = members.get(shapeNow(value))
    return decode === undefined ? refused : decode(value)
  }
}

const transformationDecoder = (ast: SchemaAST.Transformation): Decoder => {
  const { from, to, transformation } = ast
  if (SchemaAST.isTypeLiteralTransformation(transformation)) {
    return SchemaAST.isTypeLiteral(from) && SchemaAST.isTypeLiteral(to)
      ? structDecoder(from, transformation.propertySignatureTransformations, to)
      : giveUp()
  }
  const decode = decoderOf(from)
  const check = decoderOf(to)
  if (SchemaAST.isComposeTransformation(transformation)) {
    return (value) => {
      const decoded = decode(value)
      return decoded === refused ? refused : check(decoded)
    }
  }
  return (value) => {
    const decoded = decode(value)
    if (decoded === refused) return refused
    const transformed = transformation.decode(decoded, options, ast, value)
    // One that is not an Either works asynchronously, which a decoder cannot.
    return Either.isEither(transformed) && Either.isRight(transformed) ? check(transformed.right) : refused
  }
}

/** Whether two types are the same to the letter: then a value that has the one need not be held against the other. */
const isSame = (a: SchemaAST.AST, b: SchemaAST.AST): boolean => {
  if (a === b) return true
  switch (a._tag) {
    case "StringKeyword":
    case "NumberKeyword":
    case "BooleanKeyword":
    case "UndefinedKeyword":
    case "UnknownKeyword":
      return a._tag === b._tag
    case "Literal":
      return SchemaAST.isLiteral(b) && a.literal === b.literal
    case "Refinement":
      return SchemaAST.isRefinement(b) && a.filter === b.filter && isSame(a.from, b.from)
    case "TupleType":
      return (
        SchemaAST.isTupleType(b) &&
        a.elements.length + b.elements.length === 0 &&
        areSame(
          a.rest.map(({ type }) => type),
          b.rest.map(({ type }) => type)
        )
      )
    case "TypeLiteral":
      return (
        SchemaAST.isTypeLiteral(b) &&
        areSame(
          a.propertySignatures.map(({ type }) => type),
          b.propertySignatures.map(({ type }) => type)
        ) &&
        a.propertySignatures.every(({ name, isOptional }, i) => {
          const other = b.propertySignatures[i]
          return name === other?.name && isOptional === other.isOptional
        }) &&
        areSame(
          a.indexSignatures.map(({ type }) => type),
          b.indexSignatures.map(({ type }) => type)
        ) &&
        areSame(
          a.indexSignatures.map(({ parameter }) => parameter),
          b.indexSignatures.map(({ parameter }) => parameter)
        )
      )
    case "Union":
      return SchemaAST.isUnion(b) && areSame(a.types, b.types)
    default:
      return false
  }
}

const areSame = (a: ReadonlyArray<SchemaAST.AST>, b: ReadonlyArray<SchemaAST.AST>): boolean =>
  a.length === b.length && a.every((each, i) => isSame(each, b[i] ?? each))
