/** Measures what the library adds to the bundle and to the start of a program. */
import { writeFile } from "node:fs/promises"
import { gzipSync } from "node:zlib"
import { type BuildOptions, build } from "esbuild"
import { dist, node, root } from "./children.js"
import { ratioOf, type Spread, spreadOf } from "./statistics.js"

export interface Bundle {
  /** Minified and gzipped bytes: the whole program, and the program without the library. */
  readonly whole: number
  readonly effectAlone: number
  /** The library alone, with Effect external. */
  readonly alone: number
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
    ...options,
    write: false
  })
  return outputFiles[0]?.text ?? ""
}

const gzipped = (text: string): number => gzipSync(text, { level: 9 }).length

const effectPackage = /^(effect|@effect\/platform)(\/|$)/

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
    effectAlone: gzipped(await bundle(effectOnly, { minify: true })),
    alone: gzipped(await bundle(program, { minify: true, packages: "external" }))
  }
}

export interface Startup {
  /** Milliseconds of CPU of importing the library, and of importing the Effect modules it imports. */
  readonly library: Spread
  readonly effectAlone: Spread
  readonly ratio: Spread
}

/** The packages' modules that the library's modules name, whether or not a bundler would keep them. */
const effectModules = async (entry: string): Promise<ReadonlyArray<string>> => {
  const { metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    packages: "external",
    format: "esm",
    metafile: true,
    write: false
  })
  const paths = Object.values(metafile.inputs).flatMap(({ imports }) =>
    imports.filter(({ external }) => external).map(({ path }) => path)
  )
  return [...new Set(paths)].filter((path) => effectPackage.test(path)).sort()
}

const importMillis = async (file: string): Promise<number> => {
  const timed = `const before = process.cpuUsage()
await import(${JSON.stringify(file)})
const { user, system } = process.cpuUsage(before)
console.log((user + system) / 1000)`
  return Number(await node(["--input-type=module", "--eval", timed]))
}

export const measureStartup = async (rounds: number): Promise<Startup> => {
  const library = `${dist}/lib/index.js`
  const effectAlone = `${dist}/effect-modules.js`
  await build({
    entryPoints: [`${root}/src/**/*.ts`],
    outdir: `${dist}/lib`,
    target: "es2022",
    logLevel: "error"
  })
  const modules = await effectModules(library)
  await writeFile(effectAlone, modules.map((path) => `import ${JSON.stringify(path)}\n`).join(""))
  const times = { library: [] as number[], effectAlone: [] as number[] }
  // The first round only loads the files into the system's cache.
  for (let round = 0; round <= rounds; round++) {
    const each = { effectAlone: await importMillis(effectAlone), library: await importMillis(library) }
    if (round === 0) continue
    times.library.push(each.library)
    times.effectAlone.push(each.effectAlone)
  }
  return {
    library: spreadOf(times.library),
    effectAlone: spreadOf(times.effectAlone),
    ratio: ratioOf(times.library, times.effectAlone)
  }
}
