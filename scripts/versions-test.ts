/**
 * Packs the library and tests it against the oldest and the newest peers it allows. The conformance tests run over the
 * packed files. The published types compile on each supported TypeScript, without `skipLibCheck`. So do the programs of
 * the documentation, except for the types of the other packages they use.
 */
import { cp } from "node:fs/promises"
import { join } from "node:path"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { peer } from "../test/runtimes/peer/peer.js"
import { makeCheckReport } from "./support/checkReport.js"
import { run, temporaryFolder, write } from "./support/commands.js"
import { bundle, bundleConformance, describeReport, hosts, readReport } from "./support/conformance.js"
import { buildFolder, type Major, major, packageFolder, root } from "./support/major.js"
import {
  developmentVersions,
  entriesOf,
  importAll,
  install,
  pack,
  readJson,
  versionOf
} from "./support/pack.js"

/** Effect 4 needs TypeScript 5.9. In 7.0 the compiler is a native program, which comes as a package per platform. */
const compilerReleases: Readonly<Record<Major, ReadonlyArray<string>>> = {
  effect3: ["5.7", "5.9", "6.0", "7.0"],
  effect4: ["5.9", "6.0", "7.0"]
}

interface Compiler {
  readonly version: string
  readonly command: string
}

interface Peers {
  readonly name: string
  /** The range of each peer. */
  readonly ranges: Readonly<Record<string, string>>
  /** The entries that these peers do not suffice for. */
  readonly without: ReadonlyArray<string>
}

/** Optional peers of Effect 3, which need a newer Effect than the other entries do. */
const engines: ReadonlySet<string> = new Set(["@effect/experimental", "@effect/workflow"])

/** The lowest version in a range such as `>=4.1 <5`. */
const oldest = (range: string): string => {
  const [release, minor = 0, patch = 0] = /[\d.]+/.exec(range)?.[0].split(".") ?? []
  return `${release}.${minor}.${patch}`
}

const allPeers = Effect.gen(function* () {
  const { peerDependencies } = Object(yield* readJson(join(packageFolder, "package.json")))
  const newest = yield* developmentVersions
  const names = Object.keys(peerDependencies)
  const ranges = (names: ReadonlyArray<string>, of: (name: string) => string) =>
    Object.fromEntries(names.map((name) => [name, of(name)]))
  const old = names.filter((name) => !engines.has(name))
  return [
    {
      name: "oldest",
      ranges: ranges(old, (name) => oldest(peerDependencies[name])),
      without: old.length === names.length ? [] : ["effect-clerk/bulk", "effect-clerk/fleet"]
    },
    { name: "newest", ranges: ranges(names, (name) => String(newest[name])), without: [] }
  ] satisfies ReadonlyArray<Peers>
})

const resolutions = {
  NodeNext: { module: "NodeNext" },
  Bundler: { module: "ESNext", moduleResolution: "Bundler" }
} as const

/** `core` has no types of Node and no undici. */
const programs = {
  everything: { types: ["node"], has: () => true },
  core: { types: [], has: (entry: string) => entry !== "effect-clerk/Undici" }
} as const

const compilerOptions = {
  target: "ES2022",
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  noEmit: true,
  lib: ["ES2022", "DOM", "DOM.Iterable", "DOM.AsyncIterable", "ESNext.Disposable"]
}

const { check, sumUp } = makeCheckReport()

const installCompilers = Effect.gen(function* () {
  const folder = yield* temporaryFolder
  const releases = compilerReleases[major]
  yield* install(
    folder,
    releases.map((version) => `typescript-${version}@npm:typescript@~${version}.0`)
  )
  return yield* Effect.forEach(releases, (name) =>
    Effect.map(
      versionOf(folder, `typescript-${name}`),
      (version): Compiler => ({ version, command: join(folder, `node_modules/typescript-${name}/bin/tsc`) })
    )
  )
})

const entriesWithout = (project: string, without: ReadonlyArray<string>) =>
  Effect.map(entriesOf(project), (entries) => entries.filter((entry) => !without.includes(entry)))

const compile = (project: string, without: ReadonlyArray<string>, { command, version }: Compiler) =>
  Effect.gen(function* () {
    const entries = yield* entriesWithout(project, without)
    for (const [program, { has, types }] of Object.entries(programs)) {
      yield* write(join(project, `${program}.ts`), importAll(entries.filter(has)))
      for (const [resolution, options] of Object.entries(resolutions)) {
        // The types of Node hide no difference between the resolutions.
        if (program === "core" && resolution !== "NodeNext") continue
        const config = `tsconfig.${program}.${resolution}.json`
        const content = {
          compilerOptions: { ...compilerOptions, ...options, types },
          files: [`${program}.ts`]
        }
        yield* write(join(project, config), JSON.stringify(content))
        const name = `  TypeScript ${version}, ${resolution} resolution, ${program}`
        yield* check(name, run(project, process.execPath, [command, "-p", config]))
      }
    }
  })

/** Here the compiler finds the packages of the Effect major. */
const snippets = join(buildFolder, "snippets")

/** The programs of the documentation with the dependencies of this repository and the published types. */
const writeSnippets = Effect.gen(function* () {
  yield* run(root, process.execPath, ["scripts/snippets.mjs", snippets])
  const { exports } = Object(yield* readJson(join(packageFolder, "package.json")))
  const paths = Object.entries(exports).flatMap(([path, target]) => {
    const types: unknown = Reflect.get(Object(target), "types")
    return typeof types === "string"
      ? [[`effect-clerk${path.slice(1)}`, [join(buildFolder, types)]] as const]
      : []
  })
  const content = {
    compilerOptions: {
      ...compilerOptions,
      ...resolutions.NodeNext,
      skipLibCheck: true,
      moduleDetection: "force",
      types: ["node"],
      paths: Object.fromEntries(paths)
    },
    include: [`${major}/*.ts`]
  }
  yield* write(join(snippets, "tsconfig.json"), JSON.stringify(content))
})

const findAll = (project: string, without: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    yield* write(join(project, "all.ts"), importAll(yield* entriesWithout(project, without)))
    yield* bundle(project, "all.ts", { write: false, platform: "node" })
  })

const conform = (project: string, address: string) =>
  Effect.gen(function* () {
    const parts = ["runtimes/conformance.ts", "runtimes/cases", "runtimes/support", "support", major]
    for (const part of parts) {
      const path = join("test", part)
      yield* Effect.promise(() => cp(join(root, path), join(project, path), { recursive: true }))
    }
    yield* bundleConformance(project, join(project, "conformance.js"))
    yield* Effect.promise(() => cp(join(hosts(root), "process.js"), join(project, "process.js")))
    const report = yield* Effect.flatMap(run(project, process.execPath, ["process.js", address]), readReport)
    if (report.failures.length > 0) return yield* Effect.fail(new Error(describeReport("", report)))
  })

const main = Effect.gen(function* () {
  const packed = yield* Effect.flatMap(temporaryFolder, pack)
  const compilers = yield* installCompilers
  const { addressFor } = yield* peer
  for (const { name, ranges, without } of yield* allPeers) {
    const project = yield* temporaryFolder
    yield* install(project, [
      packed.file,
      ...Object.entries(ranges).map(([peer, range]) => `${peer}@${range}`),
      "@types/node@20"
    ])
    const versions = yield* Effect.forEach(Object.keys(ranges), (peer) =>
      Effect.map(versionOf(project, peer), (version) => `${peer} ${version}`)
    )
    yield* Console.log(`the ${name} peers: ${versions.join(", ")}`)
    yield* check("  the peers have all used exports", findAll(project, without))
    yield* check("  the conformance tests", conform(project, addressFor(`node-${name}`, "node")))
    for (const compiler of compilers) yield* compile(project, without, compiler)
  }
  yield* Console.log("the programs of the documentation")
  yield* writeSnippets
  for (const { command, version } of compilers) {
    yield* check(`  TypeScript ${version}`, run(root, process.execPath, [command, "-p", snippets]))
  }
  yield* sumUp
}).pipe(Effect.scoped)

NodeRuntime.runMain(main)
