/**
 * Packs the library, installs it into an empty project beside its peers, and there compiles the programs of the
 * README under both module resolutions users have, and runs the first two against an in-memory Clerk.
 */
import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { HttpServer } from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Redacted } from "effect"
import { ClerkEmulator } from "effect-clerk/testing"

const exec = promisify(execFile)

const run = (cwd: string, command: string, args: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  Effect.tryPromise({
    try: () => exec(command, args, { cwd, env: { ...process.env, ...env }, maxBuffer: 1e8 }),
    catch: (error) => {
      const { stdout = "", stderr = "" } = Object(error)
      return new Error(`${command} ${args.join(" ")} failed in ${cwd}\n${stdout}${stderr}`)
    }
  }).pipe(Effect.map(({ stdout }) => stdout))

const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "effect-clerk-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

const write = (path: string, content: string) => Effect.promise(() => writeFile(path, content))

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
    ? Console.log(`ok: ${expected}`)
    : Effect.fail(new Error(`expected ${JSON.stringify(expected)} in ${JSON.stringify(output)}`))

const main = Effect.gen(function* () {
  const root = process.cwd()
  const project = yield* temporaryFolder
  const { devDependencies } = JSON.parse(yield* Effect.promise(() => readFile("package.json", "utf8")))
  const peers = ["effect", "@effect/platform", "typescript", "@types/node"]

  const packed = yield* run(root, "npm", ["pack", "--json", "--pack-destination", project])
  const [{ filename }] = JSON.parse(packed.slice(packed.indexOf("[")))
  yield* write(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }))
  yield* run(project, "npm", [
    "install",
    "--no-audit",
    "--no-fund",
    join(project, filename),
    ...peers.map((name) => `${name}@${devDependencies[name]}`)
  ])
  yield* Console.log(`ok: ${filename} installed into an empty project`)

  for (const [index, code] of (yield* programs).entries()) {
    yield* write(join(project, `program${index + 1}.ts`), code)
  }
  for (const [name, options] of Object.entries(resolutions)) {
    const config = { compilerOptions: { ...compilerOptions, ...options }, include: ["*.ts"] }
    yield* write(join(project, `tsconfig.${name}.json`), JSON.stringify(config))
    yield* run(project, "npx", ["tsc", "-p", `tsconfig.${name}.json`])
    yield* Console.log(`ok: the README's programs compile under ${name} resolution`)
  }

  const clerk = yield* ClerkEmulator
  const apiUrl = yield* HttpServer.addressFormattedWith(Effect.succeed)
  const env = { CLERK_SECRET_KEY: Redacted.value(clerk.secretKey), CLERK_API_URL: apiUrl }
  yield* clerk.answerNext({
    status: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(wireSession)
  })
  yield* expectOutput(yield* run(project, "node", ["out/program1.js"], env), "active user_123")
  yield* clerk.createUser({ id: "user_123" })
  yield* clerk.signIn("user_123")
  yield* clerk.signIn("user_123")
  yield* expectOutput(yield* run(project, "node", ["out/program2.js"], env), "signed out of 2 sessions")
}).pipe(Effect.scoped)

const EmulatorLive = ClerkEmulator.layerServer.pipe(
  Layer.provideMerge(ClerkEmulator.layer()),
  Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 }))
)

NodeRuntime.runMain(Effect.provide(main, EmulatorLive))
