/**
 * Prints the files of the library that one warm `Sessions.get` runs through, and the calls that lead from one file to
 * another. Each function of the sources reports when it starts and ends.
 */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises"
import { join, relative } from "node:path"
import { pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import { build } from "esbuild"
import ts from "typescript"
import { ofMajor } from "../scripts/support/bundling.js"
import { buildFolder, root } from "../scripts/support/major.js"
import type { ClerkHttp as ClerkHttpTag, Sessions as SessionsModule } from "../src/index.js"
import { oneSession, sessionId } from "./wire.js"

const { factory } = ts

/** Wraps the body of each function, so that it reports its file when it starts and ends. */
const instrumented = (file: string, text: string): string => {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true)
  const report = (name: string) =>
    factory.createExpressionStatement(
      factory.createCallExpression(
        factory.createPropertyAccessExpression(factory.createIdentifier("globalThis"), name),
        undefined,
        [factory.createStringLiteral(file)]
      )
    )
  const wrapped = (body: ts.Block) =>
    factory.createBlock(
      [
        report("__enter"),
        factory.createTryStatement(body, undefined, factory.createBlock([report("__leave")]))
      ],
      true
    )
  const result = ts.transform(source, [
    (context) => (node) => {
      const visit = (each: ts.Node): ts.Node => {
        const inner = ts.visitEachChild(each, visit, context)
        if (ts.isArrowFunction(inner)) {
          const body = ts.isBlock(inner.body)
            ? inner.body
            : factory.createBlock([factory.createReturnStatement(inner.body)], true)
          const { equalsGreaterThanToken, modifiers, parameters, type, typeParameters } = inner
          return factory.updateArrowFunction(
            inner,
            modifiers,
            typeParameters,
            parameters,
            type,
            equalsGreaterThanToken,
            wrapped(body)
          )
        }
        if (
          ts.isFunctionDeclaration(inner) &&
          inner.body !== undefined &&
          inner.asteriskToken === undefined
        ) {
          const { asteriskToken, body, modifiers, name, parameters, type, typeParameters } = inner
          return factory.updateFunctionDeclaration(
            inner,
            modifiers,
            asteriskToken,
            name,
            typeParameters,
            parameters,
            type,
            wrapped(body)
          )
        }
        return inner
      }
      return ts.visitEachChild(node, visit, context)
    }
  ])
  const [transformed] = result.transformed
  return transformed === undefined ? text : ts.createPrinter({ removeComments: true }).printFile(transformed)
}

const stack: Array<string> = []
const files = new Set<string>()
const moves = new Map<string, number>()

Object.assign(globalThis, {
  __enter: (file: string) => {
    const caller = stack.at(-1)
    if (caller !== undefined && caller !== file) {
      const move = `${caller} → ${file}`
      moves.set(move, (moves.get(move) ?? 0) + 1)
    }
    files.add(file)
    stack.push(file)
  },
  __leave: () => stack.pop()
})

await mkdir(buildFolder, { recursive: true })
const folder = await mkdtemp(join(buildFolder, "call-path-"))
try {
  const outfile = join(folder, "library.mjs")
  await build({
    absWorkingDir: root,
    entryPoints: ["src/index.ts"],
    bundle: true,
    packages: "external",
    format: "esm",
    outfile,
    ...ofMajor,
    plugins: [
      ...(ofMajor.plugins ?? []),
      {
        name: "instrument",
        setup: ({ onLoad }) => {
          onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => ({
            contents: instrumented(relative(join(root, "src"), path), await readFile(path, "utf8")),
            loader: "ts"
          }))
        }
      }
    ]
  })
  const library: { readonly ClerkHttp: typeof ClerkHttpTag; readonly Sessions: typeof SessionsModule } =
    await import(pathToFileURL(outfile).href)
  globalThis.fetch = async () => new Response(oneSession, { headers: { "content-type": "application/json" } })
  const runtime = ManagedRuntime.make(
    library.ClerkHttp.layerFetch({ secretKey: Redacted.make("sk_test_callPath") })
  )
  for (let call = 0; call < 3; call++) {
    files.clear()
    moves.clear()
    await runtime.runPromise(Effect.asVoid(library.Sessions.get(sessionId)))
  }
  await runtime.dispose()
  const total = [...moves.values()].reduce((sum, count) => sum + count, 0)
  console.log(`A warm Sessions.get runs through ${files.size} files, with ${total} calls between files:`)
  for (const [move, count] of moves) console.log(`  ${move}${count === 1 ? "" : ` (${count} times)`}`)
  console.log(`Files: ${[...files].sort().join(", ")}`)
} finally {
  await rm(folder, { recursive: true })
}
