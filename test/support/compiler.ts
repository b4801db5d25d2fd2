import { readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"
import { major, packageFolder } from "../../scripts/support/major.js"

export const root = fileURLToPath(new URL("../..", import.meta.url))

const { config } = ts.readConfigFile(
  join(root, major === "effect3" ? "tsconfig.effect3.json" : "tsconfig.json"),
  ts.sys.readFile
)
const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root)

export interface Edited {
  /** The folder in which the compiler runs and finds packages. */
  readonly folder: string
  /** The path of a file that exists in memory only. */
  readonly file: string
  /** The current text of that file. */
  readonly text: () => string
  readonly options: ts.CompilerOptions
  /** The paths of other files of the program. */
  readonly others?: ReadonlyArray<string>
}

/** Starts the compiler as an editor does, with one file in memory. */
export const languageServiceFor = ({
  file,
  folder,
  options,
  others = [],
  text
}: Edited): ts.LanguageService =>
  ts.createLanguageService({
    getScriptFileNames: () => [file, ...others],
    getScriptVersion: (name) => (name === file ? String(text().length) : "0"),
    getScriptSnapshot: (name) => {
      const content = name === file ? text() : ts.sys.readFile(name)
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content)
    },
    getCurrentDirectory: () => folder,
    getCompilationSettings: () => options,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: ts.sys.readFile,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories
  })

/** An editor's view of the project, with one more file in it, which exists in memory only. */
export const editorFor = (path: string, text: string, others: ReadonlyArray<string> = []) => {
  const file = join(root, path)
  const service = languageServiceFor({
    folder: root,
    file,
    text: () => text,
    options: { ...options, noUnusedLocals: false },
    others: others.map((other) => join(root, other))
  })
  return {
    /** The compiler's messages for each line of the text. */
    messages: (): ReadonlyMap<number, ReadonlyArray<string>> => {
      const byLine = new Map<number, Array<string>>()
      for (const { messageText, start = 0 } of service.getSemanticDiagnostics(file)) {
        const line = text.slice(0, start).split("\n").length - 1
        byLine.set(line, [...(byLine.get(line) ?? []), ts.flattenDiagnosticMessageText(messageText, "\n")])
      }
      return byLine
    },
    /** The documentation that an editor shows for a place in a line of the text. */
    hover: (line: string, at: number): string =>
      ts.displayPartsToString(
        service.getQuickInfoAtPosition(file, text.lastIndexOf(`${line}\n`) + at)?.documentation
      ),
    program: (): ts.Program => {
      const program = service.getProgram()
      if (program === undefined) throw new Error("the compiler gives no program")
      return program
    }
  }
}

/** The entries of the package by import name, with their source files. */
export const entries: ReadonlyMap<string, string> = new Map(
  Object.entries<unknown>(
    JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")).exports
  ).flatMap(([name, entry]) => {
    const types = Object(entry).types
    return typeof types === "string"
      ? [[name.replace(/^\./, "effect-clerk"), types.replace("./dist", "src").replace(".d.ts", ".ts")]]
      : []
  })
)

/** The place of a declaration of the library, or `undefined` for other declarations. */
export const placeOf = (declaration: ts.Node): string | undefined => {
  const source = declaration.getSourceFile()
  const path = relative(root, source.fileName)
  return path.startsWith("src")
    ? `${path}:${source.getLineAndCharacterOfPosition(declaration.getStart()).line + 1}`
    : undefined
}
