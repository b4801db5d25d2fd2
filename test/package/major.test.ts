import { readFileSync, realpathSync } from "node:fs"
import { createRequire } from "node:module"
import { join, sep } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import "effect-clerk"
import "effect-clerk/http-api"
import "effect-clerk/testing"
import { major, packageFolder, root, toolchain } from "../../scripts/support/major.js"

const manifestIn = (folder: string) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))

const effect = join(toolchain, "node_modules/effect")

/** The folder of a package, as Node finds it for the files of another folder. */
const folderOf = (name: string, from: string): string => {
  const found = createRequire(join(from, "package.json"))
    .resolve.paths(name)
    ?.map((folder) => join(folder, name))
    .find((folder) => {
      try {
        return manifestIn(folder).name === name
      } catch {
        return false
      }
    })
  return found === undefined ? "none" : realpathSync(found)
}

/** The paths of the modules that vitest loaded for the tests of this worker. vitest 3 and 5 keep them in two places. */
const loadedModules = (): ReadonlyArray<string> => {
  const worker = Object(Reflect.get(globalThis, "__vitest_worker__"))
  const modules: ReadonlyMap<string, unknown> = worker.evaluatedModules?.idToModuleMap ?? worker.moduleCache
  return [...modules.keys()]
}

describe("the tests of one Effect major", () => {
  it("run on a Node that the package supports", () => {
    const [, ...least] = /^>=(\d+)\.(\d+)$/.exec(manifestIn(packageFolder).engines.node) ?? []
    const [leastRelease = Number.NaN, leastMinor = Number.NaN] = least.map(Number)
    const [release = 0, minor = 0] = process.versions.node.split(".").map(Number)
    expect(release > leastRelease || (release === leastRelease && minor >= leastMinor)).toBe(true)
  })

  it("load one copy of effect, of this major", () => {
    expect(manifestIn(effect).version.split(".")[0]).toBe(major.slice(-1))
    const copies = loadedModules()
      .map((path) => /^.*[\\/]node_modules[\\/]effect(?=[\\/])/.exec(path.replace(/^file:\/\//, ""))?.[0])
      .filter((path) => path !== undefined)
    expect(new Set(copies)).toEqual(new Set([realpathSync(effect)]))
  })

  it("load the modules of this major, and none of the other", () => {
    const other = major === "effect3" ? "effect4" : "effect3"
    const folders = ["src", "test", "majors"].map((name) => `${join(root, name, other)}${sep}`)
    expect(loadedModules().filter((path) => folders.some((folder) => path.includes(folder)))).toEqual([])
  })

  it("load packages of Effect that find the same copy", () => {
    const names = Object.keys(manifestIn(toolchain).devDependencies).filter((name) =>
      name.startsWith("@effect/")
    )
    expect(names).toContain("@effect/vitest")
    for (const name of names) {
      expect(folderOf("effect", join(toolchain, "node_modules", name)), name).toBe(realpathSync(effect))
    }
  })

  it("find no effect at the root, which would hide a wrong path", () => {
    expect(folderOf("effect", root)).toBe("none")
    expect(folderOf("vitest", root)).toBe("none")
  })
})
