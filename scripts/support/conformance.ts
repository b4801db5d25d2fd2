import { join } from "node:path"
import * as Effect from "effect/Effect"
import { build } from "esbuild"
import type { Report } from "../../test/runtimes/support/check.js"

/**
 * Bundles the conformance tests into one file for any runtime: what they import is taken from `folder`, and nothing of
 * Node may be among it.
 */
export const bundleConformance = (folder: string, outfile: string): Effect.Effect<void> =>
  Effect.promise(async () => {
    await build({
      absWorkingDir: folder,
      entryPoints: ["test/runtimes/conformance.ts"],
      outfile,
      bundle: true,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      target: "es2022",
      logLevel: "error"
    })
  })

export const hosts = (root: string) => join(root, "test/runtimes/hosts")

/** The report a host has printed, on the last line. */
export const readReport = (output: string): Effect.Effect<Report, Error> =>
  Effect.try({
    // A host prints what the conformance bundle gives it.
    try: (): Report => JSON.parse(output.trim().split("\n").at(-1) ?? ""),
    catch: () => new Error(`no report in ${output}`)
  })

/** One line for a runtime, and one for each failure. */
export const describeReport = (name: string, { failures, passed }: Report): string =>
  [
    `${name}: ${passed} passed, ${failures.length} failed`,
    ...failures.map(({ name, why }) => `  ${name}\n    ${why.replaceAll("\n", "\n    ")}`)
  ].join("\n")
