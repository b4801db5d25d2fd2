import * as SchemaAST from "effect/SchemaAST"
import { isRecord, ownProperties } from "../core/input.js"

/**
 * Copies the objects that a schema reads as structs or records, without what they inherit. Effect 4 reads inherited
 * properties too, so a polluted prototype, or a filter that an object inherits, would reach the request.
 */
export const ownTree = (ast: SchemaAST.AST, value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value
  if (SchemaAST.isSuspend(ast)) return ownTree(ast.thunk(), value)
  if (SchemaAST.isUnion(ast)) return ownInUnion(ast, value)
  if (SchemaAST.isArrays(ast)) return Array.isArray(value) ? ownItems(ast, value) : value
  return SchemaAST.isObjects(ast) && isRecord(value) ? ownFields([ast], value) : value
}

/** The members that are structs all read the same properties, so one copy serves them. */
const ownInUnion = ({ types }: SchemaAST.Union, value: object): unknown => {
  const members = types.map((type) => (SchemaAST.isSuspend(type) ? type.thunk() : type))
  const nested = members.find(SchemaAST.isUnion)
  if (nested !== undefined) return ownInUnion(nested, value)
  const arrays = members.find(SchemaAST.isArrays)
  if (Array.isArray(value)) return arrays === undefined ? value : ownItems(arrays, value)
  const structs = members.filter(SchemaAST.isObjects)
  return structs.length > 0 && isRecord(value) ? ownFields(structs, value) : value
}

const ownItems = ({ elements, rest }: SchemaAST.Arrays, items: ReadonlyArray<unknown>): unknown =>
  items.map((item, index) => {
    const type = elements[index] ?? rest[0]
    return type === undefined ? item : ownTree(type, item)
  })

const ownFields = (structs: ReadonlyArray<SchemaAST.Objects>, value: object): unknown => {
  const copy: Record<PropertyKey, unknown> = ownProperties({ ...value })
  for (const key of Reflect.ownKeys(copy)) {
    const type = structs.flatMap(({ indexSignatures, propertySignatures }) => [
      ...propertySignatures.filter(({ name }) => name === key),
      ...indexSignatures
    ])[0]?.type
    if (type !== undefined) copy[key] = ownTree(type, copy[key])
  }
  return copy
}
