/**
 * Packs the library for one Effect major and tests the tarball. It is linted and installed into an empty project beside
 * its peers. No document has a broken link. The programs of the README compile and run there, and every command of the
 * first pages works from an empty folder. It is required from CommonJS, bundled and measured, and its types are checked.
 * npm must reject it beside the other Effect major. Installed there all the same, it must say what to install.
 *
 *     npm run test:package                 checks the package of each major
 *     npm run test:package -- --update     updates the expected types and sizes
 */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { bundled } from "./package/bundles.js"
import { checkDocuments } from "./package/documents.js"
import { startEmulator } from "./package/emulator.js"
import { canBeRequired, importMillis, oneCopyOf } from "./package/installed.js"
import { follow, type Page } from "./package/newUsers.js"
import { checkTypes, lintPackage } from "./package/published.js"
import { checkBundles } from "./package/sizes.js"
import { checkShownTypes } from "./package/types.js"
import { makeCheckReport } from "./support/checkReport.js"
import { run, temporaryFolder, write } from "./support/commands.js"
import { major, packageFolder, root } from "./support/major.js"
import { add, developmentVersions, entriesOf, install, pack, peersOf, versionOf } from "./support/pack.js"

const update = process.argv.includes("--update")
const { check, sumUp } = makeCheckReport()

/** The programs of the README, in order; those that need a test runner are left to `npm run check`. */
const programs = Effect.promise(() => readFile(join(packageFolder, "README.md"), "utf8")).pipe(
  Effect.map((readme) =>
    [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
      .map(([, code = ""]) => code)
      .filter((code) => !code.includes("@effect/vitest"))
  )
)

const compilerOptions = {
  target: "ES2022",
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  lib: ["ES2022", "DOM", "DOM.Iterable", "DOM.AsyncIterable", "ESNext.Disposable"],
  types: ["node"]
}
const resolutions = {
  NodeNext: { module: "NodeNext", outDir: "out" },
  Bundler: { module: "ESNext", moduleResolution: "Bundler", noEmit: true }
}

const wireSession = {
  object: "session",
  id: "sess_123",
  user_id: "user_123",
  client_id: "client_123",
  status: "active",
  last_active_at: 1716883200000,
  expire_at: 1716969600000,
  abandon_at: 1719475200000,
  updated_at: 1716883200000,
  created_at: 1716883200000
}

const expectOutput = (output: string, expected: string) =>
  output.includes(expected)
    ? Effect.void
    : Effect.fail(new Error(`expected ${JSON.stringify(expected)} in ${JSON.stringify(output)}`))

/** Compiles the programs of the README under both resolutions, and runs the first two. */
const checkReadme = (project: string) =>
  Effect.gen(function* () {
    for (const [index, code] of (yield* programs).entries()) {
      yield* write(join(project, `program${index + 1}.ts`), code)
    }
    for (const [name, options] of Object.entries(resolutions)) {
      const config = { compilerOptions: { ...compilerOptions, ...options }, include: ["program*.ts"] }
      yield* write(join(project, `tsconfig.${name}.json`), JSON.stringify(config))
      yield* check(
        `the README's programs compile under ${name} resolution`,
        run(project, "npx", ["tsc", "-p", `tsconfig.${name}.json`])
      )
    }
    const clerk = yield* startEmulator(project)
    const env = { CLERK_SECRET_KEY: "sk_test_emulator", CLERK_API_URL: clerk.url }
    const runs = (program: string, expected: string) =>
      check(
        `${program} of the README says "${expected}"`,
        Effect.flatMap(run(project, process.execPath, [`out/${program}.js`], { env }), (output) =>
          expectOutput(output, expected)
        )
      )
    yield* clerk.post("respond-next", { status: 200, body: wireSession })
    yield* runs("program1", "active user_123")
    yield* clerk.post("sign-in", { userId: "user_123" })
    yield* clerk.post("sign-in", { userId: "user_123" })
    yield* runs("program2", "Sessions ended: 2")
  }).pipe(Effect.scoped)

/** The pages that a new user follows, from an empty folder to a program that works. */
const firstPages: ReadonlyArray<Page> = [
  { path: "README.md", section: "First program" },
  { path: "docs/getting-started.md" },
  { path: "docs/frameworks/effect-http-api.md" },
  { path: "docs/frameworks/hono.md" },
  { path: "docs/frameworks/node.md" }
]

const maxSeconds = 120

/** Types every command of the first pages, with the tarball in place of the name of the package, and tested versions. */
const checkFirstPages = (tarball: string, versions: Readonly<Record<string, string>>) => {
  const tested = Object.entries(versions)
    // The oldest types of Node serve this project. A test runner wants newer ones.
    .filter(([name]) => name !== "@types/node")
    .map(([name, range]) => [name, `${name}@${range}`])
  const replacements = { ...Object.fromEntries(tested), "effect-clerk": tarball }
  const followed = (page: Page) =>
    Effect.gen(function* () {
      const { commands, seconds } = yield* follow(packageFolder, page, replacements)
      yield* Console.log(`  ${commands} commands, ${seconds.toFixed(0)} s to the first success`)
      if (seconds > maxSeconds) {
        yield* Effect.fail(new Error(`expected the first success within ${maxSeconds} s`))
      }
    })
  return Effect.forEach(firstPages, (page) => check(`a new user can follow ${page.path}`, followed(page)), {
    discard: true
  })
}

const otherEffect = major === "effect3" ? "effect@latest" : "effect@3"

/** Without the right peers the library must not be installed, because it would fail when it is imported. */
const checkRejection = (tarball: string) =>
  Effect.gen(function* () {
    const project = yield* temporaryFolder
    const said = yield* install(project, [tarball, otherEffect]).pipe(
      Effect.match({ onSuccess: () => "npm installed it", onFailure: ({ message }) => message })
    )
    if (!said.includes("ERESOLVE")) {
      yield* Effect.fail(new Error(`expected ERESOLVE beside ${otherEffect}: ${said}`))
    }
  }).pipe(Effect.scoped)

/** A user can make npm ignore the peers. Then the error of each entry must name what to install. */
const checkWrongMajor = (tarball: string, undici: string) =>
  Effect.gen(function* () {
    const project = yield* temporaryFolder
    yield* install(project, ["--legacy-peer-deps", tarball, otherEffect, undici])
    const program = `for (const entry of ${JSON.stringify(yield* entriesOf(project))}) {
  const failure = await import(entry).then(Object.keys, ({ message }) => message)
  // An entry with types only imports nothing.
  if (!failure.includes("install-effect-clerk@") && failure.length > 0) console.log(entry, failure)
}`
    yield* write(join(project, "imports.mjs"), program)
    const unexpected = yield* run(project, process.execPath, ["imports.mjs"])
    if (unexpected !== "") yield* Effect.fail(new Error(unexpected))
  }).pipe(Effect.scoped)

/** An entry without its optional peer must name it. `project` has only the required peers. */
const checkOptionalPeers = (project: string, optional: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const program = `for (const entry of ${JSON.stringify(yield* entriesOf(project))}) {
  const failure = await import(entry).then(() => undefined, ({ message }) => message)
  if (failure !== undefined) console.log(entry, failure)
}`
    yield* write(join(project, "peers.mjs"), program)
    const failures = (yield* run(project, process.execPath, ["peers.mjs"]))
      .split("\n")
      .filter((line) => line !== "")
    const names = optional.flatMap((name) => [`'${name}'`, `-and-${name.replace("/", "+")}-from-`])
    const unexpected = failures.filter((line) => !names.some((name) => line.includes(name)))
    if (failures.length === 0 || unexpected.length > 0) {
      yield* Effect.fail(
        new Error(`expected the name of a peer: ${unexpected.join("\n") || "no entry failed"}`)
      )
    }
  })

/** The build writes the version into the sources, which have a placeholder. */
const checkVersion = (project: string) =>
  Effect.gen(function* () {
    const expected = yield* versionOf(project, "effect-clerk")
    const file = join(project, "node_modules/effect-clerk/dist/core/version.js")
    const { version } = yield* Effect.promise(() => import(pathToFileURL(file).href))
    if (version !== expected) yield* Effect.fail(new Error(`expected ${expected}, found ${version}`))
  })

/** The CPU time of importing the library, beside that of the Effect modules it imports. It fails no check. */
const printStartup = (project: string) =>
  Effect.gen(function* () {
    const { imports } = yield* bundled(project, `import * as all from "effect-clerk"\nglobalThis.kept = all`)
    yield* write(
      join(project, "dependencies.mjs"),
      imports.map((path) => `import ${JSON.stringify(path)}\n`).join("")
    )
    const median = (module: string) =>
      Effect.map(
        Effect.forEach([1, 2, 3, 4, 5], () => importMillis(project, module)),
        (times) => times.sort((a, b) => a - b)[2] ?? Number.NaN
      )
    yield* importMillis(project, "effect-clerk") // loads the files into the system's cache
    const dependencies = yield* median(join(project, "dependencies.mjs"))
    const all = yield* median("effect-clerk")
    const ratio = all / dependencies
    yield* Console.log(
      `  importing it takes ${all.toFixed(0)} ms of CPU, what it imports ${dependencies.toFixed(0)} ms: ` +
        `${ratio.toFixed(2)} ×, target 1.1 ×: ${ratio <= 1.1 ? "reached" : "missed"}`
    )
  })

const main = Effect.gen(function* () {
  const project = yield* temporaryFolder
  const versions = yield* developmentVersions
  const { optional, required } = yield* peersOf(packageFolder)
  const peers = [...required, "typescript", "@types/node"]

  yield* Console.log(`== ${major}, Node ${process.versions.node}`)
  const packed = yield* pack(project)
  yield* check("publint has nothing to say", lintPackage(packed.file))
  yield* check("are-the-types-wrong finds them right", checkTypes(packed.file))

  yield* install(project, [packed.file, ...peers.map((name) => `${name}@${versions[name]}`)])
  yield* check(`${packed.name} in an empty project brings no second effect`, oneCopyOf("effect", project))
  yield* check(
    "no document has a broken link, or a part for the other Effect major",
    checkDocuments(join(project, "node_modules/effect-clerk"))
  )
  yield* check("the client sends the version of the package", checkVersion(project))
  yield* check("npm rejects it beside the other Effect major", checkRejection(packed.file))
  yield* check(
    "installed there, each entry says what to install",
    checkWrongMajor(packed.file, `undici@${versions["undici"]}`)
  )
  yield* checkReadme(project)
  yield* checkFirstPages(packed.file, versions)
  yield* check(
    "editors show the types that are written down",
    checkShownTypes(project, join(root, "test/package", major, "types.txt"), update)
  )

  yield* check("without its optional peer, each entry names it", checkOptionalPeers(project, optional))
  // The README's programs do not use these.
  yield* add(
    project,
    optional.map((name) => `${name}@${versions[name]}`)
  )
  const entries = yield* entriesOf(project)
  yield* check(
    `CommonJS can require each of the ${entries.length} entries on Node ${process.versions.node}`,
    canBeRequired(project, entries)
  )
  yield* check(
    "no entry is heavier, or holds more, than it may",
    checkBundles(project, entries, join(root, "test/package", major, "sizes.json"), update)
  )
  yield* printStartup(project)
  yield* sumUp
}).pipe(Effect.scoped)

NodeRuntime.runMain(main)
