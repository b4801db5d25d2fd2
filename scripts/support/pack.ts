import { readFile } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { run, write } from "./commands.js"

export interface Packed {
  /** The tarball. */
  readonly file: string
  readonly name: string
}

/** Builds and packs the library into `folder`. */
export const pack = (root: string, folder: string): Effect.Effect<Packed, Error> =>
  Effect.map(run(root, "npm", ["pack", "--json", "--pack-destination", folder]), (said) => {
    const [{ filename }] = JSON.parse(said.slice(said.indexOf("[")))
    return { file: join(folder, filename), name: filename }
  })

/** Makes `folder` a separate project with only these dependencies. */
export const install = (folder: string, dependencies: ReadonlyArray<string>): Effect.Effect<void, Error> =>
  write(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" })).pipe(
    Effect.zipRight(run(folder, "npm", ["install", "--no-audit", "--no-fund", ...dependencies])),
    Effect.asVoid
  )

export const readJson = (path: string): Effect.Effect<Record<string, unknown>> =>
  Effect.promise(async () => JSON.parse(await readFile(path, "utf8")))

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
