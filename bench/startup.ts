/** Measures what the library adds to the start of a program. */
import { writeFile } from "node:fs/promises"
import { build } from "esbuild"
import { buildFolder, major } from "../scripts/support/major.js"
import { effectPackage } from "./bundle.js"
import { dist, runNode } from "./children.js"
import { ratioOf, type Spread, spreadOf } from "./statistics.js"

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

const importMillis = async (binary: string, file: string): Promise<number> => {
  const timed = `const before = process.cpuUsage()
await import(${JSON.stringify(file)})
const { user, system } = process.cpuUsage(before)
console.log((user + system) / 1000)`
  return Number(await runNode(binary, ["--input-type=module", "--eval", timed]))
}

const library = `${buildFolder}/dist/index.js`
const effectAlone = `${dist}/effect-modules.js`

/** Builds the library as it is published, and writes a module that imports the same modules of Effect. */
export const compileImports = async (): Promise<void> => {
  await runNode(process.execPath, ["scripts/build.mjs", major])
  const modules = await effectModules(library)
  await writeFile(effectAlone, modules.map((path) => `import ${JSON.stringify(path)}\n`).join(""))
}

export const measureStartup = async (binary: string, rounds: number): Promise<Startup> => {
  const times = { library: [] as number[], effectAlone: [] as number[] }
  // The first round only loads the files into the system's cache.
  for (let round = 0; round <= rounds; round++) {
    const each = {
      effectAlone: await importMillis(binary, effectAlone),
      library: await importMillis(binary, library)
    }
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
