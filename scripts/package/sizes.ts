import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { write } from "../support/commands.js"
import { readJson } from "../support/pack.js"
import { type Bundled, bundled } from "./bundles.js"

interface Program {
  readonly name: string
  readonly code: string
  /** The target for the library's own share, in bytes. Missing it fails no check. */
  readonly target?: number
}

const verifies = (imports: string) => `
import * as Effect from "effect/Effect"
${imports}
Effect.runPromise(SessionTokens.verify("…").pipe(Effect.provide(SigningKeys.layerPem("…"))))`

const gets = (imports: string) => `
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
${imports}
Effect.runPromise(
  Sessions.get("sess_123").pipe(
    Effect.provide(ClerkHttp.layerFetch({ secretKey: Redacted.make("sk_test_…") }))
  )
)`

/** Typical programs, and each entry as a whole. */
const programsOf = (entries: ReadonlyArray<string>): ReadonlyArray<Program> => [
  {
    name: "one operation over fetch",
    code: gets(`import { ClerkHttp, Sessions } from "effect-clerk"`),
    target: 10_000
  },
  {
    name: "one operation over fetch, from its own entry",
    code: gets(
      `import { ClerkHttp } from "effect-clerk/ClerkHttp"\nimport * as Sessions from "effect-clerk/Sessions"`
    ),
    target: 10_000
  },
  {
    name: "verify with a key given",
    code: verifies(`import { SessionTokens, SigningKeys } from "effect-clerk"`)
  },
  ...entries.map((entry) => ({
    name: entry,
    code: `import * as entry from "${entry}"\nglobalThis.kept = entry`
  }))
]

const nodeEntries: ReadonlySet<string> = new Set(["effect-clerk/Undici"])

const barrels: ReadonlySet<string> = new Set(["effect", "@effect/platform"])

/** A bundle keeps some comments of its sources. */
const withoutComments = (code: string): string => code.replaceAll(/^\s*(?:\/\*[\s\S]*?\*\/|\/\/.*$)/gm, "")

/** Imports that are forbidden, because they do not run everywhere or include all of Effect. */
const forbiddenIn = (name: string, { code, imports, ofNode }: Bundled): ReadonlyArray<string> => [
  ...(nodeEntries.has(name) ? [] : ofNode.map((module) => `imports ${module}`)),
  ...imports.filter((module) => barrels.has(module)).map((module) => `imports the whole of ${module}`),
  ...["process.", "console.", "Buffer.", "eval(", "new Function"]
    .filter((word) => new RegExp(`(?<![\\w.])${word.replace(/[.(]/g, "\\$&")}`).test(withoutComments(code)))
    .map((word) => `says ${word}`)
]

const kilobytes = (bytes: number): string => (bytes / 1_000).toFixed(1).padStart(6)

/** The maximum of a size before a developer has to check it and update the recorded size. */
const ceilingFor = (share: number): number => Math.ceil((share * 1.03 + 100) / 100) * 100

/** Prints the size of each program, and fails for programs that are too large or have a forbidden import. */
export const checkBundles = (
  project: string,
  entries: ReadonlyArray<string>,
  ceilingsFile: string,
  update: boolean
): Effect.Effect<void, Error> =>
  Effect.gen(function* () {
    const before = update ? {} : yield* readJson(ceilingsFile)
    const ceilings: Record<string, number> = {}
    const problems: Array<string> = []
    yield* Console.log("  kB, minified and gzipped: whole, dependencies, our share, its ceiling")
    for (const { code, target, name } of programsOf(entries)) {
      const found = yield* bundled(project, code)
      const share = found.whole - found.dependencies
      const ceiling = update ? ceilingFor(share) : Number(before[name])
      ceilings[name] = ceiling
      const sizes = [found.whole, found.dependencies, share, ceiling].map(kilobytes).join(" ")
      const verdict =
        target === undefined
          ? ""
          : `, target ${kilobytes(target).trim()}: ${share <= target ? "reached" : "missed"}`
      yield* Console.log(`  ${sizes}  ${name}${verdict}`)
      // Without a ceiling, too.
      if (!(share <= ceiling)) problems.push(`${name}: our share is ${share} bytes, above ${ceiling}`)
      problems.push(...forbiddenIn(name, found).map((problem) => `${name}: ${problem}`))
    }
    if (update) yield* write(ceilingsFile, `${JSON.stringify(ceilings, null, 2)}\n`)
    if (problems.length > 0) return yield* Effect.fail(new Error(problems.join("\n")))
  })
