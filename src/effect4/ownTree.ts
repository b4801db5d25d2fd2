import * as SchemaAST from "effect/SchemaAST"
import { isRecord } from "../core/input.js"

/**
 * Copies the objects that a schema reads as structs or records, without what they inherit. Effect 4 reads inherited
 * properties too, so a polluted prototype, or a filter that an object inherits, would reach the request.
 */
export const ownTree = (ast: SchemaAST.AST, value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value
  const members = membersOf(ast)
  if (Array.isArray(value)) {
    const arrays = members.find(SchemaAST.isArrays)
    return arrays === undefined ? value : ownItems(arrays, value)
  }
  const structs = members.filter(SchemaAST.isObjects)
  return structs.length > 0 && isRecord(value) ? ownFields(structs, value) : value
}

/** The schemas that a value can be read by: the members of a union, also of unions inside, or the schema itself. */
const membersOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  if (SchemaAST.isSuspend(ast)) return membersOf(ast.thunk())
  return SchemaAST.isUnion(ast) ? ast.types.flatMap(membersOf) : [ast]
}

const ownItems = ({ elements, rest }: SchemaAST.Arrays, items: ReadonlyArray<unknown>): unknown =>
  items.map((item, index) => {
    const type = elements[index] ?? rest[0]
    return type === undefined ? item : ownTree(type, item)
  })

const typeIn = (key: PropertyKey, { indexSignatures, propertySignatures }: SchemaAST.Objects) =>
  (propertySignatures.find(({ name }) => name === key) ?? indexSignatures[0])?.type

/** All structs read the same properties, so one copy serves them. */
const ownFields = (structs: ReadonlyArray<SchemaAST.Objects>, value: object): unknown => {
  const copy: Record<PropertyKey, unknown> = Object.assign(Object.create(null), value)
  for (const key of Reflect.ownKeys(copy)) {
    for (const struct of structs) {
      const type = typeIn(key, struct)
      if (type !== undefined) copy[key] = ownTree(type, copy[key])
    }
  }
  return copy
}
