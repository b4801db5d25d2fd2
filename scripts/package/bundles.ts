import { readFile } from "node:fs/promises"
import { builtinModules } from "node:module"
import { dirname, join } from "node:path"
import { gzipSync } from "node:zlib"
import * as Effect from "effect/Effect"
import { type BuildOptions, build } from "esbuild"

/** A bundled and minified program. */
export interface Bundled {
  /** Minified and gzipped bytes of the whole program. */
  readonly whole: number
  /** The bytes without the library: its dependencies, as far as they are used. */
  readonly dependencies: number
  /** The library's own code, not minified, with external dependencies. */
  readonly code: string
  /** The external modules, and the modules of Node that the whole program imports. */
  readonly imports: ReadonlyArray<string>
  readonly ofNode: ReadonlyArray<string>
}

const isOfNode = (path: string): boolean => path.startsWith("node:") || builtinModules.includes(path)

const bundle = async (folder: string, contents: string, options: BuildOptions) => {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: folder, loader: "ts" },
    bundle: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["import"],
    logLevel: "silent",
    ...options,
    metafile: true,
    write: false
  })
  const imports = Object.values(metafile.outputs).flatMap((output) =>
    output.imports.filter(({ external }) => external).map(({ path }) => path)
  )
  return { code: outputFiles[0]?.text ?? "", imports: [...new Set(imports)] }
}

const gzipped = (text: string): number => gzipSync(text, { level: 9 }).length

const ownOnly: BuildOptions = {
  plugins: [
    {
      name: "dependencies stay outside",
      setup: ({ onResolve, resolve }) => {
        // A file that only exports another module stands for that module.
        onResolve({ filter: /^\./ }, async ({ importer, path, resolveDir }) => {
          const text = await readFile(join(resolveDir, path), "utf8")
          const [, module] = /^export \* from "([^"]+)";\n(?:\/\/.*)?$/.exec(text) ?? []
          if (module === undefined) return undefined
          if (!module.startsWith(".")) return { path: module, external: true, sideEffects: false }
          return resolve(module, {
            importer,
            kind: "import-statement",
            resolveDir: dirname(join(resolveDir, path))
          })
        })
        onResolve({ filter: /^[^./]/ }, ({ path }) =>
          path.startsWith("effect-clerk") ? undefined : { path, external: true, sideEffects: false }
        )
      }
    }
  ]
}

/** A program that keeps only the imports of `code` from its dependencies, name by name. */
const dependenciesOf = (bundle: string): string => {
  // The docstrings of members stay in a bundle, and the imports of their examples do not belong to the library.
  const code = bundle.replaceAll(/^\s*\/\*\*[\s\S]*?\*\//gm, "")
  const taken = new Set<string>()
  for (const [, alias = "", from = ""] of code.matchAll(/import \* as (\w+) from "([^"]+)"/g)) {
    for (const [, name] of code.matchAll(new RegExp(`(?<![\\w$]|(?<!\\.\\.)\\.)${alias}\\.(\\w+)`, "g")))
      taken.add(`${name} ${from}`)
  }
  for (const [, list = "", from = ""] of code.matchAll(/import \{([^}]+)\} from "([^"]+)"/g)) {
    for (const item of list.split(",")) taken.add(`${item.trim().split(" ")[0]} ${from}`)
  }
  const imports = [...taken].map((each, index) => {
    const [name, from] = each.split(" ")
    return `import { ${name} as i${index} } from "${from}"`
  })
  return [...imports, `globalThis.kept = [${imports.map((_, index) => `i${index}`)}]`].join("\n")
}

/** Bundles a program of `folder`, where the library is installed. */
export const bundled = (folder: string, program: string): Effect.Effect<Bundled, Error> =>
  Effect.tryPromise({
    try: async () => {
      const outside: BuildOptions = { external: ["undici", "node:*"] }
      const own = await bundle(folder, program, ownOnly)
      const whole = await bundle(folder, program, { ...outside, minify: true })
      const rest = await bundle(folder, dependenciesOf(own.code), { ...outside, minify: true })
      return {
        whole: gzipped(whole.code),
        dependencies: gzipped(rest.code),
        code: own.code,
        imports: own.imports,
        ofNode: whole.imports.filter(isOfNode)
      }
    },
    catch: (failure) => new Error(String(failure))
  })
