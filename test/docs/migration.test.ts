/**
 * Compares docs/migration.md with the types of `@clerk/backend`. Every member of those types is in the first column of a
 * table, and the first column has no other names.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { TokenVerificationErrorReason } from "@clerk/backend/errors"
import * as main from "effect-clerk"
import * as httpApi from "effect-clerk/http-api"
import * as webhooks from "effect-clerk/webhooks"
import ts from "typescript"
import { assert, describe, it } from "#test/vitest.js"
import { root } from "../support/compiler.js"

const page = readFileSync(join(root, "docs/migration.md"), "utf8")

/** The types that the page covers. Each member of `Types` is one of them, or a union of them. */
// prose-ignore sentence: it is TypeScript code
const source = `
import type {
  AuthObject, ClerkClient, ClerkOptions, Session, Token, VerifyTokenOptions, createClerkClient, verifyToken
} from "@clerk/backend"
import type { ClerkAPIResponseError, TokenVerificationError } from "@clerk/backend/errors"
import type {
  AuthOptions, AuthenticateRequestOptions, OrganizationSyncOptions, RequestState, SignedInAuthObject, TokenType
} from "@clerk/backend/internal"
import type { VerifyWebhookOptions, WebhookEvent } from "@clerk/backend/webhooks"

type Sessions = ClerkClient["sessions"]
declare const sessions: Sessions
declare const refresh: Parameters<Sessions["refreshSession"]>[1] & { format: "cookie" }
const cookies = () => sessions.refreshSession("", refresh)
type TokenOptions = NonNullable<Parameters<SignedInAuthObject["getToken"]>[0]>

export interface Types {
  client: ClerkOptions | Parameters<typeof createClerkClient>[0]
  sessions: Sessions
  parameters:
    | NonNullable<Parameters<Sessions["getSessionList"]>[0]>
    | Parameters<Sessions["createSession"]>[0]
    | Parameters<Sessions["refreshSession"]>[1]
  session: Session
  activity: NonNullable<Session["latestActivity"]>
  responses: Token | Awaited<ReturnType<typeof cookies>> | Awaited<ReturnType<Sessions["getSessionList"]>>
  resources: ClerkClient
  verifyToken: VerifyTokenOptions | Parameters<typeof verifyToken>[1]
  claims: Awaited<ReturnType<typeof verifyToken>>
  tokenError: TokenVerificationError
  authenticateRequest: AuthenticateRequestOptions
  organizationSync: OrganizationSyncOptions
  requestState: RequestState<TokenType | null>
  auth: AuthObject
  requirements: Parameters<SignedInAuthObject["has"]>[0]
  authOptions: AuthOptions | TokenOptions
  webhook: VerifyWebhookOptions | WebhookEvent
  apiError: ClerkAPIResponseError
  apiErrorItem: ClerkAPIResponseError["errors"][number]
}
`

const file = join(root, "test/docs/types-of-clerk-backend.ts")

const compile = () => {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
    types: [],
    strict: true,
    skipLibCheck: true,
    noEmit: true
  }
  const host = ts.createCompilerHost(options)
  const read = host.getSourceFile.bind(host)
  host.getSourceFile = (name, target) =>
    name === file ? ts.createSourceFile(name, source, target) : read(name, target)
  const exists = host.fileExists.bind(host)
  host.fileExists = (name) => name === file || exists(name)
  return ts.createProgram([file], options, host)
}

const program = compile()
const checker = program.getTypeChecker()

const isOfClerk = (symbol: ts.Symbol): boolean =>
  (symbol.declarations ?? []).some((declaration) => {
    const hidden =
      ts.getCombinedModifierFlags(declaration) & (ts.ModifierFlags.Protected | ts.ModifierFlags.Private)
    return hidden === 0 && declaration.getSourceFile().fileName.includes("/@clerk/")
  })

/** The public members of a type, and of each type of a union. Those that `Error` declares count where Clerk sets them. */
const membersOf = (type: ts.Type): ReadonlyArray<string> => {
  if (type.isUnion()) return type.types.flatMap(membersOf)
  return checker
    .getPropertiesOfType(type)
    .filter(isOfClerk)
    .map((symbol) => symbol.name)
}

const types = (() => {
  const sourceFile = program.getSourceFile(file)
  const declaration = sourceFile?.statements.find(ts.isInterfaceDeclaration)
  if (declaration === undefined) throw new Error("Types is missing")
  const properties = checker.getPropertiesOfType(checker.getTypeAtLocation(declaration))
  return new Map(
    properties.map((property) => {
      const members = membersOf(checker.getTypeOfSymbolAtLocation(property, declaration))
      return [property.name, [...new Set(members)].sort()] as const
    })
  )
})()

interface Table {
  readonly heading: string
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
}

const cellsOf = (line: string) =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim())

const tables: ReadonlyArray<Table> = [...page.matchAll(/^(\|.*)\n\|[-|]+\n((?:\|.*\n)*)/gm)].map(
  ([, head = "", rows = ""]) => ({
    heading: cellsOf(head)[0] ?? "",
    rows: rows.split("\n").filter(Boolean).map(cellsOf)
  })
)

const prose = page.replaceAll(/^```[\s\S]*?^```$/gm, "")

const codeIn = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code)

/** The names in the first column of the table with this heading. */
const namesUnder = (heading: string): ReadonlyArray<string> => {
  const found = tables.filter((table) => table.heading === heading)
  assert.lengthOf(found, 1, `one table has the heading ${heading}`)
  return (found[0]?.rows ?? [])
    .flatMap(([first = ""]) => codeIn(first))
    .map((code) => code.replace("()", ""))
    .sort()
}

/** Members that need no row of their own. */
const exempt: Readonly<Record<string, ReadonlyArray<string>>> = {
  // `message` is a member of every Error, so Clerk declares it only in part.
  tokenError: ["message"],
  apiError: ["message"]
}

describe("the page on the move from @clerk/backend", () => {
  it("is compared with types that the compiler finds", () => {
    const found = ts.getPreEmitDiagnostics(program)
    assert.deepStrictEqual(
      found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
      []
    )
  })

  it.each([
    ["client", "`createClerkClient` option"],
    ["sessions", "`clerkClient.sessions`"],
    ["parameters", "parameter"],
    ["session", "field"],
    ["activity", "field of the activity"],
    ["responses", "field of another response"],
    ["resources", "member of `clerkClient`"],
    ["verifyToken", "`verifyToken` option"],
    ["claims", "claim"],
    ["tokenError", "`TokenVerificationError`"],
    ["authenticateRequest", "`authenticateRequest` option"],
    ["requestState", "request state"],
    ["auth", "auth object"],
    ["requirements", "requirement of `has()`"],
    ["authOptions", "option of `auth()` and `getToken()`"],
    ["webhook", "`verifyWebhook`"],
    ["apiError", "`ClerkAPIResponseError`"],
    ["apiErrorItem", "item of `errors`"]
  ])("names each member of the types of %s, and no other", (name, heading) => {
    const members = types.get(name) ?? []
    assert.isNotEmpty(members)
    const listed = namesUnder(heading).filter((each) => exempt[name]?.includes(each) !== true)
    assert.deepStrictEqual(
      listed,
      members.filter((each) => exempt[name]?.includes(each) !== true)
    )
  })

  it("names each option of organizationSyncOptions", () => {
    for (const name of types.get("organizationSync") ?? []) assert.include(page, `\`${name}\``)
  })

  it("names each reason of TokenVerificationError, and no other", () => {
    assert.deepStrictEqual(namesUnder("reason there"), Object.values(TokenVerificationErrorReason).sort())
  })

  it("names only functions of this library that exist", () => {
    const modules: Readonly<Record<string, unknown>> = { ...main, ...httpApi, ...webhooks }
    const named = codeIn(prose).flatMap((code) => [...code.matchAll(/\b([A-Z]\w+)\.(\w+)/g)])
    const ours = named.filter(([, module = ""]) => Object.hasOwn(modules, module))
    assert.isAbove(ours.length, 40)
    for (const [code, module = "", name = ""] of ours) {
      // The members of a type, such as `Session.tasks`, do not exist at run time.
      if (/^(Session|Token)$/.test(module)) continue
      assert.isTrue(name in Object(modules[module]), `${code} exists`)
    }
  })
})
