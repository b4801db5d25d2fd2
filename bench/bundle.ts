/** Measures what the library adds to the bundle of a program. */
import { gzipSync } from "node:zlib"
import { type BuildOptions, build } from "esbuild"
import { ofMajor } from "../scripts/support/bundling.js"
import { root } from "./children.js"

export interface Bundle {
  /** Minified and gzipped bytes: the whole program, and the program without the library. */
  readonly whole: number
  readonly effectAlone: number
}

/** One operation over fetch. */
const program = `
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, Sessions } from "effect-clerk"

Effect.runPromise(
  Sessions.get("sess_123").pipe(
    Effect.provide(ClerkHttp.layerFetch({ secretKey: Redacted.make("sk_test_…") }))
  )
)`

const bundle = async (contents: string, options: BuildOptions): Promise<string> => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "error",
    ...ofMajor,
    ...options,
    write: false
  })
  return outputFiles[0]?.text ?? ""
}

const gzipped = (text: string): number => gzipSync(text, { level: 9 }).length

export const effectPackage = /^(effect|@effect\/platform)(\/|$)/

/** The imports from Effect that remain in a bundle, name by name. Whole modules would be larger. */
const effectImports = (code: string): string => {
  const needed = new Set<string>()
  for (const [, alias = "", from = ""] of code.matchAll(/import \* as (\w+) from "([^"]+)"/g)) {
    for (const [, name] of code.matchAll(new RegExp(`\\b${alias}\\.(\\w+)`, "g"))) {
      needed.add(`${name} ${from}`)
    }
  }
  for (const [, list = "", from = ""] of code.matchAll(/import \{([^}]+)\} from "([^"]+)"/g)) {
    for (const item of list.split(",")) needed.add(`${item.trim().split(" ")[0]} ${from}`)
  }
  const imports = [...needed]
    .map((each) => each.split(" "))
    .filter(([, from = ""]) => effectPackage.test(from))
  const lines = imports.map(([name, from], index) => `import { ${name} as i${index} } from "${from}"`)
  return [...lines, `globalThis.kept = [${imports.map((_, index) => `i${index}`)}]`].join("\n")
}

export const measureBundle = async (): Promise<Bundle> => {
  const effectOnly = effectImports(await bundle(program, { packages: "external" }))
  return {
    whole: gzipped(await bundle(program, { minify: true })),
    effectAlone: gzipped(await bundle(effectOnly, { minify: true }))
  }
}
