import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import ts from "typescript"
import { languageServiceFor } from "../../test/support/compiler.js"

/** The checked expressions of typical programs, one a line. A name that ends in `.*` stands for all its members. */
const shown = [
  "Sessions.*",
  "SessionTokens.verify",
  "SessionTokens.verifier",
  "SigningKeys.layerPem",
  "SigningKeys.layerJwks",
  "SigningKeys.layerConfig",
  "Authorization.*",
  "ClerkHttp.layer",
  "ClerkHttp.layerConfig",
  "ClerkHttp.layerFetch",
  "ClerkHttp.layerDefault",
  "ClerkAuth.layer",
  "CurrentSession",
  "RequestPolicy.*",
  "Operation.make"
]

/** The programs around them, to check the editor's text for a value and for the remaining errors. */
const used = `
const session = Sessions.get("sess_1")
const composed = Effect.map(session, ({ id }) => id)
const handled = Effect.catchTag(composed, "ClerkNotFound", () => Effect.succeed(undefined))
const impatient = RequestPolicy.deadline("1 second")(composed)
const claims = SessionTokens.verify("…")
const custom = SessionTokens.verify("…", { claims: Schema.Struct({ plan: Schema.String }) })
const ban = Operation.make({
  name: "Users.ban",
  method: "POST",
  path: "/users/{id}/ban",
  kind: "idempotent",
  success: Schema.Struct({ id: Schema.String }),
  errors: [404]
})
`

const head = `
import { Effect, Schema } from "effect"
import {
  Authorization, ClerkHttp, Operation, RequestPolicy, Sessions, SessionTokens, SigningKeys
} from "effect-clerk"
import { ClerkAuth, CurrentSession } from "effect-clerk/http-api"
`

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  types: []
}

/** The values of a namespace. */
const membersOf = (service: ts.LanguageService, file: string, name: string): ReadonlyArray<string> => {
  const program = service.getProgram()
  const source = program?.getSourceFile(file)
  const checker = program?.getTypeChecker()
  if (source === undefined || checker === undefined) return []
  const symbol = checker.getSymbolsInScope(source, ts.SymbolFlags.Alias).find((each) => each.name === name)
  return symbol === undefined
    ? []
    : checker
        .getExportsOfModule(checker.getAliasedSymbol(symbol))
        .filter((each) => each.flags & ts.SymbolFlags.Value)
        .map((each) => each.name)
        .sort()
}

/** The text that an editor shows for a name, at full length. */
export const readTypes = (project: string): string => {
  const file = join(project, "pointed-at.ts")
  let text = head
  const service = languageServiceFor({ folder: project, file, text: () => text, options })
  const names = shown.flatMap((each) =>
    each.endsWith(".*")
      ? membersOf(service, file, each.slice(0, -2)).map((name) => `${each.slice(0, -1)}${name}`)
      : [each]
  )
  text = [head, ...names.map((name) => `${name};`), used].join("\n")
  const complaints = service
    .getSemanticDiagnostics(file)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))
  const pointAt = (name: string, point: number) => {
    const info = service.getQuickInfoAtPosition(file, point)
    return `${name}\n${ts.displayPartsToString(info?.displayParts)}`
  }
  const said = [
    ...names.map((name) => pointAt(name, text.indexOf(`\n${name};`) + name.length)),
    ...[...used.matchAll(/^const (\w+) = (.*)$/gm)].map(([line, name = "", value = ""]) =>
      pointAt(value, text.lastIndexOf(line) + line.indexOf(name))
    )
  ]
  return `${[...complaints.map((each) => `complaint: ${each}`), ...said].join("\n\n")}\n`
}

/** Compares the editor's text with the recorded one. */
export const checkShownTypes = (
  project: string,
  pinned: string,
  update: boolean
): Effect.Effect<void, Error> =>
  Effect.tryPromise({
    try: async () => {
      const found = readTypes(project)
      if (update) await writeFile(pinned, found)
      const expected = (await readFile(pinned, "utf8")).split("\n\n")
      const changed = found.split("\n\n").filter((each) => !expected.includes(each))
      const gone = expected.filter((each) => !found.split("\n\n").includes(each))
      if (changed.length + gone.length > 0) {
        throw new Error(["new:", ...changed, "\ngone:", ...gone].join("\n"))
      }
    },
    catch: (error) => (error instanceof Error ? error : new Error(String(error)))
  })
