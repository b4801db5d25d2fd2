import { fileURLToPath } from "node:url"

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const found = process.env["EFFECT_MAJOR"]
if (found !== "effect3" && found !== "effect4") {
  throw new Error("EFFECT_MAJOR is not set: run the file with node scripts/major.mjs")
}

export type Major = "effect3" | "effect4"

/** The Effect major whose packages this process uses. */
export const major: Major = found

export const root = here("../..")

/** The folder whose `node_modules` has the packages of the major. */
export const toolchain = here(`../../majors/${major}`)

/** The published manifest of the major, with `dist` and `src` beside it after a build. */
export const packageFolder = here(`../../packages/${major}`)

/** For files that are compiled to run with the packages of the major. */
export const buildFolder = here(`../../majors/${major}/build`)

/** The flags for Node to run a TypeScript file with the packages of the same major as this process. */
export const typescriptFlags: ReadonlyArray<string> = [
  "--import",
  new URL("../major/register.mjs", import.meta.url).href
]

/** The variables that such a process needs. */
export const majorEnvironment = { EFFECT_MAJOR: major }
