import { join } from "node:path"
import * as Effect from "effect/Effect"
import { type BuildOptions, build } from "esbuild"
import type { Report } from "../../test/runtimes/support/check.js"
import { ofMajor } from "./bundling.js"
import { major } from "./major.js"

/** Bundles a module of `folder` with all its imports from there. A missing export of a peer is an error. */
export const bundle = (
  folder: string,
  entryPoint: string,
  options: BuildOptions
): Effect.Effect<void, Error> =>
  Effect.tryPromise({
    try: () =>
      build({
        absWorkingDir: folder,
        entryPoints: [entryPoint],
        bundle: true,
        format: "esm",
        target: "es2022",
        logLevel: "silent",
        logOverride: { "import-is-undefined": "error" },
        ...ofMajor,
        ...options
      }),
    catch: (failure) => new Error(String(failure))
  }).pipe(Effect.asVoid)

/** For any runtime: nothing of Node may be in the bundle. */
const neutral: BuildOptions = { platform: "neutral", mainFields: ["module", "main"] }

/** Bundles the conformance tests into one file. */
export const bundleConformance = (folder: string, outfile: string): Effect.Effect<void, Error> =>
  bundle(folder, "test/runtimes/conformance.ts", { ...neutral, outfile })

/** Bundles the programs whose requests share a module. */
export const bundleWorkers = (folder: string, outfile: string): Effect.Effect<void, Error> =>
  bundle(folder, "test/runtimes/workers/worker.ts", { ...neutral, outfile })

export const hosts = (root: string) => join(root, "test/runtimes/hosts")

/** The report a host has printed, on the last line. */
export const readReport = (output: string): Effect.Effect<Report, Error> =>
  Effect.try({
    // A host prints the result of the conformance bundle.
    try: (): Report => JSON.parse(output.trim().split("\n").at(-1) ?? ""),
    catch: () => new Error(`no report in ${output}`)
  })

/** One line for a runtime, and one for each failure. */
export const describeReport = (name: string, { failures, passed }: Report): string =>
  [
    `${major}, ${name}: ${passed} passed, ${failures.length} failed`,
    ...failures.map(({ name, why }) => `  ${name}\n    ${why.replaceAll("\n", "\n    ")}`)
  ].join("\n")
