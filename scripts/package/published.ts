import { readFile } from "node:fs/promises"
import { checkPackage, createPackageFromTarballData, type Problem } from "@arethetypeswrong/core"
import * as Effect from "effect/Effect"
import { publint } from "publint"
import { formatMessage } from "publint/utils"

const bytesOf = (tarball: string) => Effect.promise(async () => new Uint8Array(await readFile(tarball)))

const failWith = (problems: ReadonlyArray<string>): Effect.Effect<void, Error> =>
  problems.length === 0 ? Effect.void : Effect.fail(new Error(problems.map((each) => `  ${each}`).join("\n")))

/** publint, with its suggestions, on the packed files. */
export const lintPackage = (tarball: string): Effect.Effect<void, Error> =>
  Effect.gen(function* () {
    const bytes = yield* bytesOf(tarball)
    const { messages, pkg } = yield* Effect.promise(() =>
      publint({ pack: { tarball: bytes.buffer }, strict: true })
    )
    yield* failWith(
      messages.map((message) => formatMessage(message, pkg, { color: false }) ?? JSON.stringify(message))
    )
  })

/**
 * The package is ESM alone, so two findings are intended:
 * - `node10` resolution does not read `exports`, and Effect itself has no types for it.
 * - `require` returns an ES module, from Node.js 20.19 on, the oldest supported version.
 */
const isMeant = (problem: Problem): boolean =>
  (problem.kind === "NoResolution" && problem.resolutionKind === "node10") ||
  (problem.kind === "CJSResolvesToESM" && problem.resolutionKind === "node16-cjs")

/** Runs "Are the types wrong?" on the packed files, for every entry and every resolution. */
export const checkTypes = (tarball: string): Effect.Effect<void, Error> =>
  Effect.gen(function* () {
    const bytes = yield* bytesOf(tarball)
    const result = yield* Effect.promise(() => checkPackage(createPackageFromTarballData(bytes)))
    if (result.types === false) return yield* failWith(["it has no types"])
    yield* failWith(
      result.problems.filter((problem) => !isMeant(problem)).map((problem) => JSON.stringify(problem))
    )
  })
