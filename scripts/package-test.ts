/**
 * Packs the library and tests the tarball. It is linted and installed into an empty project beside its peers. The programs
 * of the README compile and run there. It is required from CommonJS, bundled and measured, and its types are checked.
 *
 *     npm run test:package                 checks
 *     npm run test:package -- --update     updates the expected types and sizes
 */
import { readFile } from "node:fs/promises"
import { createServer } from "node:http"
import { join } from "node:path"
import { HttpServer } from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Redacted } from "effect"
import { ClerkEmulator } from "effect-clerk/testing"
import { bundled } from "./package/bundles.js"
import { canBeRequired, importMillis, oneCopyOf } from "./package/installed.js"
import { checkTypes, lintPackage } from "./package/published.js"
import { checkBundles } from "./package/sizes.js"
import { checkShownTypes } from "./package/types.js"
import { makeCheckReport } from "./support/checkReport.js"
import { run, temporaryFolder, write } from "./support/commands.js"
import { entriesOf, install, pack, readJson } from "./support/pack.js"

const root = process.cwd()
const update = process.argv.includes("--update")
const { check, sumUp } = makeCheckReport()

/** The programs of the README, in order; those that need a test runner are left to `npm run check`. */
const programs = Effect.promise(() => readFile("README.md", "utf8")).pipe(
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
    const clerk = yield* ClerkEmulator
    const apiUrl = yield* HttpServer.addressFormattedWith(Effect.succeed)
    const env = { CLERK_SECRET_KEY: Redacted.value(clerk.secretKey), CLERK_API_URL: apiUrl }
    const runs = (program: string, expected: string) =>
      check(
        `${program} of the README says "${expected}"`,
        Effect.flatMap(run(project, "node", [`out/${program}.js`], { env }), (output) =>
          expectOutput(output, expected)
        )
      )
    yield* clerk.respondNext({
      status: 200,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(wireSession)
    })
    yield* runs("program1", "active user_123")
    yield* clerk.createUser({ id: "user_123" })
    yield* clerk.signIn("user_123")
    yield* clerk.signIn("user_123")
    yield* runs("program2", "signed out of 2 sessions")
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
  const { devDependencies } = Object(yield* readJson("package.json"))
  const peers = ["effect", "@effect/platform", "typescript", "@types/node"]

  const packed = yield* pack(root, project)
  yield* check("publint has nothing to say", lintPackage(packed.file))
  yield* check("are-the-types-wrong finds them right", checkTypes(packed.file))

  yield* install(project, [packed.file, ...peers.map((name) => `${name}@${devDependencies[name]}`)])
  yield* check(`${packed.name} in an empty project brings no second effect`, oneCopyOf("effect", project))
  yield* checkReadme(project)
  yield* check(
    "editors show the types that are written down",
    checkShownTypes(project, join(root, "test/package/types.txt"), update)
  )

  // The optional peer, which the README's programs do not use.
  yield* run(project, "npm", ["install", "--no-audit", "--no-fund", `undici@${devDependencies.undici}`])
  const entries = yield* entriesOf(project)
  yield* check(
    `CommonJS can require each of the ${entries.length} entries on Node ${process.versions.node}`,
    canBeRequired(project, entries)
  )
  yield* check("no entry is heavier, or holds more, than it may", checkBundles(project, entries, update))
  yield* printStartup(project)
  yield* sumUp
}).pipe(Effect.scoped)

const EmulatorLive = ClerkEmulator.layerServer.pipe(
  Layer.provideMerge(ClerkEmulator.layer()),
  Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 }))
)

NodeRuntime.runMain(Effect.provide(main, EmulatorLive))
