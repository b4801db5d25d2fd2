import { join, relative } from "node:path"
import type { BuildOptions } from "esbuild"
import { buildFolder, major, root, toolchain } from "./major.js"

const sources: Readonly<Record<string, string>> = {
  "effect-clerk": "src/index.ts",
  "effect-clerk/bulk": "src/bulk/index.ts",
  "effect-clerk/fleet": "src/fleet/index.ts",
  "effect-clerk/http-api": "src/http-api/index.ts",
  "effect-clerk/revocations": "src/revocations/index.ts",
  "effect-clerk/testing": "src/testing/index.ts",
  "effect-clerk/Undici": "src/services/Undici.ts",
  "effect-clerk/webhooks": "src/webhooks/index.ts"
}

/** Whether a folder belongs to the sources of this project. Projects that install the library are elsewhere. */
const isOurs = (folder: string): boolean => {
  const path = relative(root, folder)
  return (
    !path.startsWith("..") && !path.includes("node_modules") && !path.startsWith(relative(root, buildFolder))
  )
}

const seen = "resolved from the folder of the major"

/** Makes esbuild resolve the library to its sources, and packages to those of the Effect major of this process. */
export const ofMajor: BuildOptions = {
  conditions: major === "effect4" ? ["effect4", "module"] : ["module"],
  // The checked-in files map Effect to its declarations, which have no code.
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  plugins: [
    {
      name: "packages of the major",
      setup: ({ initialOptions, onResolve, resolve }) => {
        // test/runtimes has a package.json of its own, and is copied into other projects.
        const home = initialOptions.absWorkingDir ?? root
        onResolve({ filter: /^#test\/.*\.js$/ }, ({ path }) => ({
          path: join(home, "test", major, path.replace("#test/", "").replace(/\.js$/, ".ts"))
        }))
        onResolve(
          { filter: /^(?:@[\w.-]+\/)?[a-z][\w.-]*(?:\/|$)/i },
          ({ kind, path, pluginData, resolveDir }) => {
            if (pluginData === seen || !isOurs(resolveDir)) return undefined
            const source = sources[path]
            return source === undefined
              ? resolve(path, { kind, resolveDir: toolchain, pluginData: seen })
              : { path: join(root, source) }
          }
        )
      }
    }
  ]
}
