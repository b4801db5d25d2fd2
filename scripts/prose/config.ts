/** The settings of the prose lint, from `config.json`. */
import { readFileSync } from "node:fs"

interface Config {
  /** The folders and files to lint. */
  readonly include: ReadonlyArray<string>
  /** The longest sentence, in words. */
  readonly maxWords: { readonly documents: number; readonly code: number }
  /** The folders and files that are not clean yet. This list only shrinks. */
  readonly notYet: ReadonlyArray<string>
}

export const config: Config = JSON.parse(readFileSync(new URL("config.json", import.meta.url), "utf8"))
