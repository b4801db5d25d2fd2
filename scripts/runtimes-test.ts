/**
 * Runs the conformance tests of test/runtimes on every runtime installed there that the Effect major supports. They are
 * bundled once for each major. Their peer runs in this process. The runtimes come from npm as platform packages, at the versions of
 * test/runtimes/package-lock.json. On workerd the scenarios with concurrent requests run as well, which
 * `npm run test:workerd` runs alone.
 *
 *     npm run test:runtimes
 *     npm run test:runtimes -- --major effect4 --runtime bun --runtime deno
 */
import { copyFile, readFile } from "node:fs/promises"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { differences, http2Lines } from "../test/runtimes/peer/differences.js"
import type { Family } from "../test/runtimes/peer/expectations.js"
import { peer } from "../test/runtimes/peer/peer.js"
import type { Report } from "../test/runtimes/support/check.js"
import { run, temporaryFolder, write } from "./support/commands.js"
import { bundleConformance, describeReport, hosts, readReport } from "./support/conformance.js"
import { type Major, major } from "./support/major.js"
import { install, installed, serveWorkerd, workerdBinary } from "./support/runtimes.js"
import { testWorkers } from "./support/workers.js"

const root = process.cwd()
const timeout = 300_000

interface Runtime {
  /** The name in its URL at the peer. */
  readonly name: string
  readonly family: Family
  readonly binary: string
  /** Runs the conformance bundle in `folder` against the peer. */
  readonly conform: (folder: string, peer: string) => Effect.Effect<string, Error>
}

/** The file beside the bundle with the peer's certificate. workerd.capnp names it too. */
const certificateFile = "peer.pem"

const process_ = (name: string, family: Family, path: string, args: ReadonlyArray<string> = []): Runtime => ({
  name,
  family,
  binary: installed(path),
  conform: (folder, peer) => {
    // Node and Bun read it; Deno takes a flag.
    const env = { NODE_EXTRA_CA_CERTS: join(folder, certificateFile) }
    return run(folder, installed(path), [...args, "process.js", peer], { env, timeout })
  }
})

/** Fetches the report of the worker. */
const conformInWorkerd = (folder: string, peer: string) =>
  serveWorkerd(folder, "workerd.capnp").pipe(
    Effect.flatMap((url) =>
      Effect.tryPromise({
        try: () =>
          fetch(url, { method: "POST", body: peer, signal: AbortSignal.timeout(timeout) }).then((response) =>
            response.text()
          ),
        catch: (error) => new Error("workerd did not respond", { cause: error })
      })
    ),
    Effect.scoped
  )

const workerd: Runtime = {
  name: "workerd",
  family: "workerd",
  binary: workerdBinary,
  conform: conformInWorkerd
}

/** Effect 3 reads one variable at a time. Effect 4 reads all variables with the first one. */
const environment: Readonly<Record<Major, string>> = {
  effect3: "--allow-env=CLERK_SECRET_KEY,CLERK_API_URL,CLERK_ALLOW_INSECURE_HTTP",
  effect4: "--allow-env"
}

/** It may use the network and read the environment only. */
const permissions = ["run", "--no-prompt", "--allow-net", environment[major]]
const trust = [`--cert=${certificateFile}`]

const all = [
  process_("node-20", "node", "node-20/bin/node"),
  process_("node-22", "node", "node-22/bin/node"),
  process_("node-24", "node", "node-24/bin/node"),
  process_("node-26", "node-26", "node-26/bin/node"),
  process_("bun", "bun", "@oven/bun-linux-x64/bin/bun", ["run"]),
  process_("deno", "deno", "@deno/linux-x64-glibc/deno", [...permissions, ...trust]),
  workerd
]

/** Effect 4 needs Node 22.19 or newer. */
const unsupported: Readonly<Record<Major, ReadonlyArray<string>>> = { effect3: [], effect4: ["node-20"] }

const runtimes = all.filter(({ name }) => !unsupported[major].includes(name))

/** The runtimes of the arguments, or all. */
const choose = Effect.gen(function* () {
  const { values } = parseArgs({ options: { runtime: { type: "string", multiple: true } } })
  const names = all.map(({ name }) => name)
  const wanted = values.runtime ?? names
  const unknown = wanted.filter((each) => !names.includes(each))
  if (unknown.length > 0) {
    return yield* Effect.fail(
      new Error(`unknown runtimes: ${unknown.join(", ")}. Choose from ${names.join(", ")}`)
    )
  }
  return runtimes.filter(({ name }) => wanted.includes(name))
})

const conform = (folder: string, address: string, { binary, conform, name }: Runtime) =>
  Effect.gen(function* () {
    const said = yield* run(folder, binary, ["--version"])
    const version = /\d+[.\d-]+/.exec(said)?.[0] ?? "?"
    const report = yield* conform(folder, address).pipe(
      Effect.flatMap(readReport),
      Effect.match({
        onSuccess: (report) => report,
        onFailure: (error): Report => ({
          passed: 0,
          failures: [{ name: "the run as a whole", why: String(error) }]
        })
      })
    )
    yield* Console.log(describeReport(`${name} ${version}`, report))
    return report
  })

/** The documented outcomes of the runtimes are the ones that the tests expect. */
const checkPage = Effect.gen(function* () {
  const page = yield* Effect.promise(() => readFile(join(root, "docs/runtimes.md"), "utf8"))
  const missing = [...differences(), ...http2Lines()].filter((line) => !page.includes(`${line}\n`))
  if (missing.length > 0) {
    return yield* Effect.fail(new Error(`docs/runtimes.md lacks these lines:\n${missing.join("\n")}`))
  }
})

const main = Effect.gen(function* () {
  const chosen = yield* choose
  if (chosen.length === 0) return yield* Console.log(`${major} does not run on these runtimes`)
  yield* checkPage
  yield* install
  const folder = yield* temporaryFolder
  yield* bundleConformance(root, join(folder, "conformance.js"))
  for (const file of ["process.js", "worker.js", "workerd.capnp"]) {
    yield* Effect.promise(() => copyFile(join(hosts(root), file), join(folder, file)))
  }
  const { addressFor, certificate } = yield* peer
  yield* write(join(folder, certificateFile), certificate)
  const reports = yield* Effect.forEach(chosen, (runtime) =>
    conform(folder, addressFor(runtime.name, runtime.family, "trusting"), runtime)
  )
  if (chosen.includes(workerd)) reports.push(yield* testWorkers)
  const passed = reports.reduce((sum, report) => sum + report.passed, 0)
  const failed = reports.reduce((sum, report) => sum + report.failures.length, 0)
  yield* Console.log(`${passed} passed, ${failed} failed`)
  if (failed > 0 || passed === 0) process.exitCode = 1
}).pipe(Effect.scoped)

NodeRuntime.runMain(main)
