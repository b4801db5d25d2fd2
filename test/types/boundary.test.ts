import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import ts from "typescript"
import { describe, expect, it } from "#test/vitest.js"
import { root } from "../support/compiler.js"

const nameOf = (name: ts.Node | undefined): ReadonlyArray<string> =>
  name !== undefined && (ts.isIdentifier(name) || ts.isStringLiteral(name)) ? [name.text] : []

const isExported = (statement: ts.Statement) =>
  ts.canHaveModifiers(statement) &&
  ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true

/** The names that a statement exports. `* from "x"` stands for all names of another module. */
const namesOf = (statement: ts.Statement): ReadonlyArray<string> => {
  if (ts.isExportDeclaration(statement)) {
    const { exportClause, moduleSpecifier } = statement
    if (exportClause === undefined) return nameOf(moduleSpecifier).map((from) => `* from ${from}`)
    return ts.isNamespaceExport(exportClause)
      ? nameOf(exportClause.name)
      : exportClause.elements.flatMap(({ name }) => nameOf(name))
  }
  if (!isExported(statement)) return []
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => nameOf(name))
  }
  return "name" in statement ? nameOf(statement.name as ts.Node | undefined) : [] // a name is a node
}

/** The exported names of each file of a folder. */
const exportsOf = (folder: string): { readonly [file: string]: ReadonlyArray<string> } =>
  Object.fromEntries(
    readdirSync(join(root, folder))
      .filter((file) => file.endsWith(".ts"))
      .sort()
      .map((file) => {
        const text = readFileSync(join(root, folder, file), "utf8")
        const { statements } = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022)
        return [file, [...new Set(statements.flatMap(namesOf))].sort()]
      })
  )

describe.each(["src", "test"])("the two boundaries in %s", (folder) => {
  const [three, four] = [exportsOf(`${folder}/effect3`), exportsOf(`${folder}/effect4`)]
  const shared = Object.keys(three).filter((file) => Object.hasOwn(four, file))

  it("have files that export the same names", () => {
    expect(shared.length).toBeGreaterThan(10)
    for (const file of shared) {
      const star = [...(three[file] ?? []), ...(four[file] ?? [])].some((name) => name.startsWith("* from"))
      if (!star) expect({ [file]: four[file] }).toEqual({ [file]: three[file] })
    }
  })

  it("have the same files, except for the private ones", () => {
    const imported = new Set(
      [...Object.keys(three), ...Object.keys(four)].filter((file) => !shared.includes(file))
    )
    // What only one major has is imported by its own folder alone.
    const users = ["src", "test"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts") && !/node_modules/.test(file))
        .map((file) => readFileSync(join(root, folder, file), "utf8"))
    )
    for (const file of imported) {
      const name = file.replace(/\.ts$/, "")
      expect(
        users.filter((text) => text.includes(`"#${folder === "src" ? "major" : "test"}/${name}.js"`))
      ).toEqual([])
    }
  })
})
