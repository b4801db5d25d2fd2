import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { major } from "#test/major.js"
import { barrels, clientModule, isServerModule, serverModules } from "#test/serverModules.js"
import { describe, expect, it } from "#test/vitest.js"

const root = fileURLToPath(new URL("../../", import.meta.url))

/** Every module of the package that an entry loads, and every other that these import. Types are removed by then. */
const loadedBy = async (entry: string) => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`src/${entry}`],
    bundle: true,
    packages: "external",
    // The name of the condition under which package.json names the sources of Effect 4.
    conditions: [major],
    format: "esm",
    metafile: true,
    write: false
  })
  const imports = Object.values(metafile.inputs).flatMap(({ imports }) => imports)
  return {
    own: Object.keys(metafile.inputs).map((file) => file.replace(/^src\//, "")),
    others: [...new Set(imports.filter(({ external }) => external).map(({ path }) => path))].sort()
  }
}

describe("a program that protects no server", () => {
  it("loads no server module of the platform", async () => {
    const { others, own } = await loadedBy("index.ts")
    expect(others.filter(isServerModule)).toEqual([])
    expect(own.filter((file) => file.startsWith("http-api/"))).toEqual([])
    expect(own.filter((file) => /^effect\d\/http(Api|App|Router|Server)\.ts$/.test(file))).toEqual([])
    expect(own).not.toContain("core/server/challenge.ts")
    expect(own).not.toContain("core/server/credential.ts")
    // The check is void if it found no module.
    expect(own).toContain("runtime/verify.ts")
    expect(others).toContain(clientModule)
  })

  it("loads them once it protects one", async () => {
    const { others } = await loadedBy("http-api/index.ts")
    expect(others.filter(isServerModule)).toEqual(serverModules)
  })
})

describe("a program that protects a server", () => {
  it("loads neither the test kit nor anything of one runtime", async () => {
    const { others, own } = await loadedBy("http-api/index.ts")
    expect(own.filter((file) => file.startsWith("testing/"))).toEqual([])
    expect(others.filter((name) => name.startsWith("node:") || name === "undici")).toEqual([])
    expect(others.filter((name) => barrels.includes(name))).toEqual([])
  })
})
