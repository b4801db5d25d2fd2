import ts from "typescript"
import { assert, describe, it } from "#test/vitest.js"
import { editorFor, entries, placeOf } from "../support/compiler.js"

/** The options of callers. Each optional field states its default. */
const isInput = (name: string): boolean => /(?:Options|Params|Settings|ListBy\w+)$/.test(name)

const inherited = new Set(["_tag", "message", "name", "prototype"])

/** All public declarations without documentation for an editor. */
const undocumented = (): ReadonlyArray<string> => {
  const program = editorFor("test/types/none.ts", "export {}\n", [...entries.values()]).program()
  const checker = program.getTypeChecker()
  const found = new Set<string>()
  const seen = new Set<ts.Symbol>()

  const isDocumented = (documented: ts.Symbol | ts.Signature) =>
    ts.displayPartsToString(documented.getDocumentationComment(checker)).trim() !== ""

  const report = (name: string, declarations: ReadonlyArray<ts.Node> | undefined) => {
    const place = declarations?.map(placeOf).find((each) => each !== undefined)
    if (place !== undefined) found.add(`${place} ${name}`)
  }

  /** A function is documented at its signatures. An editor shows the symbol's own text only where there is but one. */
  const checkValue = (symbol: ts.Symbol, name: string) => {
    // A mapped field keeps its declarations, but not as those of a value.
    const declaration = symbol.valueDeclaration ?? symbol.declarations?.find(placeOf)
    if (declaration === undefined || placeOf(declaration) === undefined) return
    const signatures = checker.getTypeOfSymbolAtLocation(symbol, declaration).getCallSignatures()
    const ours = signatures.filter(({ declaration }) => declaration !== undefined && placeOf(declaration))
    if (ours.length < 2) {
      if (!isDocumented(symbol)) report(name, symbol.declarations)
      return
    }
    for (const signature of ours) {
      if (!isDocumented(signature)) report(`${name}(…)`, signature.declaration && [signature.declaration])
    }
  }

  const checkMembers = (type: ts.Type, name: string) => {
    for (const part of type.isUnion() ? type.types : [type]) {
      for (const member of checker.getPropertiesOfType(part)) {
        // `Error`, `Tag` and schemas document the members that a class inherits from them.
        if (/^(?:__@|~)/.test(member.name) || inherited.has(member.name)) continue
        if (!(member.declarations ?? []).some(placeOf)) continue
        if (seen.has(member)) continue
        seen.add(member)
        checkValue(member, `${name}.${member.name}`)
        const text = ts.displayPartsToString(member.getDocumentationComment(checker))
        if (isInput(name) && member.flags & ts.SymbolFlags.Optional && !/default|absent/i.test(text)) {
          report(`${name}.${member.name} without its default`, member.declarations)
        }
      }
    }
  }

  const checkExport = (exported: ts.Symbol, name: string) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    if (seen.has(symbol)) return
    seen.add(symbol)
    if (symbol.flags & ts.SymbolFlags.ValueModule) {
      for (const each of checker.getExportsOfModule(symbol)) checkExport(each, `${name}.${each.name}`)
      return
    }
    if (symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias | ts.SymbolFlags.Class)) {
      if (!isDocumented(symbol)) report(name, symbol.declarations)
      checkMembers(checker.getDeclaredTypeOfSymbol(symbol), name)
    }
    if (symbol.flags & ts.SymbolFlags.Value && symbol.valueDeclaration !== undefined) {
      checkValue(symbol, name)
      checkMembers(checker.getTypeOfSymbolAtLocation(symbol, symbol.valueDeclaration), name)
    }
  }

  for (const [entry, path] of entries) {
    const source = program.getSourceFiles().find(({ fileName }) => fileName.endsWith(`/${path}`))
    const module = source && checker.getSymbolAtLocation(source)
    if (module === undefined) throw new Error(`${entry} has no source file ${path}`)
    for (const each of checker.getExportsOfModule(module)) checkExport(each, each.name)
  }
  return [...found].sort()
}

describe("the documentation an editor shows", () => {
  it("covers every export, field and signature, and states the default of every option", {
    timeout: 120_000
  }, () => {
    assert.deepStrictEqual(undocumented(), [])
  })
})
