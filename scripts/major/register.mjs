// Prepares a process for one Effect major, which EFFECT_MAJOR names: `node --import ./scripts/major/register.mjs file.ts`.
import { register } from "node:module"
import { fileURLToPath } from "node:url"

const major = process.env.EFFECT_MAJOR
if (major !== "effect3" && major !== "effect4") {
  throw new Error(`EFFECT_MAJOR must be effect3 or effect4; it is ${major}`)
}
// The other tsconfig files map packages to declarations, which tsx would load as code.
process.env.TSX_TSCONFIG_PATH = fileURLToPath(new URL("../../tsconfig.base.json", import.meta.url))
await import("tsx")
register("./resolve.mjs", import.meta.url, { data: { major } })
