import { readFile } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { run, write } from "./commands.js"
import { major, packageFolder, root, toolchain } from "./major.js"

export interface Packed {
  /** The tarball. */
  readonly file: string
  readonly name: string
}

/** Builds the library for the Effect major of this process, and packs it into `folder`. */
export const pack = (folder: string): Effect.Effect<Packed, Error> =>
  Effect.gen(function* () {
    yield* run(root, process.execPath, ["scripts/build.mjs", major])
    const said = yield* run(root, "npm", ["pack", packageFolder, "--json", "--pack-destination", folder])
    const [{ filename }] = JSON.parse(said.slice(said.indexOf("[")))
    return { file: join(folder, filename), name: filename }
  })

/** Adds dependencies to a project. npm passes this project's own strategy to the commands of its scripts. */
export const add = (folder: string, dependencies: ReadonlyArray<string>): Effect.Effect<void, Error> =>
  Effect.asVoid(
    run(folder, "npm", [
      ...["install", "--no-audit", "--no-fund", "--install-strategy=hoisted"],
      ...dependencies
    ])
  )

/** Makes `folder` a separate project with only these dependencies. */
export const install = (folder: string, dependencies: ReadonlyArray<string>): Effect.Effect<void, Error> =>
  Effect.andThen(
    write(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" })),
    add(folder, dependencies)
  )

export const readJson = (path: string): Effect.Effect<Record<string, unknown>> =>
  Effect.promise(async () => JSON.parse(await readFile(path, "utf8")))

/** The ranges that this project develops with, of the Effect major of this process. */
export const developmentVersions: Effect.Effect<Readonly<Record<string, string>>> = Effect.gen(function* () {
  const { devDependencies: shared } = Object(yield* readJson(join(root, "package.json")))
  const { devDependencies } = Object(yield* readJson(join(toolchain, "package.json")))
  return { ...shared, ...devDependencies }
})

/** The peers of the package in `folder`. */
export const peersOf = (
  folder: string
): Effect.Effect<{ readonly required: ReadonlyArray<string>; readonly optional: ReadonlyArray<string> }> =>
  Effect.map(readJson(join(folder, "package.json")), ({ peerDependencies, peerDependenciesMeta }) => {
    const names = Object.keys(Object(peerDependencies))
    const isOptional = (name: string) =>
      Object(Reflect.get(Object(peerDependenciesMeta), name)).optional === true
    return { required: names.filter((name) => !isOptional(name)), optional: names.filter(isOptional) }
  })

export const versionOf = (folder: string, name: string): Effect.Effect<string> =>
  Effect.map(readJson(join(folder, "node_modules", name, "package.json")), ({ version }) => String(version))

/** The entries of the installed library that have types, by import name. */
export const entriesOf = (folder: string): Effect.Effect<ReadonlyArray<string>> =>
  Effect.map(readJson(join(folder, "node_modules/effect-clerk/package.json")), ({ exports }) =>
    Object.entries(Object(exports)).flatMap(([path, target]) =>
      Reflect.has(Object(target), "types") ? [`effect-clerk${path.slice(1)}`] : []
    )
  )

/** A module that imports all of these. */
export const importAll = (entries: ReadonlyArray<string>): string =>
  [
    ...entries.map((entry, index) => `import * as entry${index} from "${entry}"`),
    `export const all = [${entries.map((_, index) => `entry${index}`).join(", ")}]`,
    ""
  ].join("\n")
