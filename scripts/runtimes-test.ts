/**
 * Runs the conformance tests of test/runtimes, bundled once, on every runtime installed there, against a peer in this
 * process. The runtimes come from npm as platform packages, at the versions of test/runtimes/package-lock.json. On
 * workerd the scenarios with concurrent requests run as well, which `npm run test:workerd` runs alone.
 *
 *     npm run test:runtimes               on all
 *     npm run test:runtimes -- bun deno   on those with this prefix
 */
import { copyFile, readFile } from "node:fs/promises"
import { join } from "node:path"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { differences, http2Lines } from "../test/runtimes/peer/differences.js"
import type { Family } from "../test/runtimes/peer/expectations.js"
import { peer } from "../test/runtimes/peer/peer.js"
import type { Report } from "../test/runtimes/support/check.js"
import { run, temporaryFolder, write } from "./support/commands.js"
import { bundleConformance, describeReport, hosts, readReport } from "./support/conformance.js"
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
        try: (signal) =>
          fetch(url, { method: "POST", body: peer, signal }).then((response) => response.text()),
        catch: (error) => new Error("workerd did not respond", { cause: error })
      })
    ),
    Effect.timeoutFail({ duration: timeout, onTimeout: () => new Error("workerd took too long") }),
    Effect.scoped
  )

const workerd: Runtime = {
  name: "workerd",
  family: "workerd",
  binary: workerdBinary,
  conform: conformInWorkerd
}

/** It may use the network and read these variables only. */
const permissions = [
  "run",
  "--no-prompt",
  "--allow-net",
  "--allow-env=CLERK_SECRET_KEY,CLERK_API_URL,CLERK_ALLOW_INSECURE_HTTP"
]
const trust = [`--cert=${certificateFile}`]

const runtimes: ReadonlyArray<Runtime> = [
  process_("node-20", "node", "node-20/bin/node"),
  process_("node-22", "node", "node-22/bin/node"),
  process_("node-24", "node", "node-24/bin/node"),
  process_("node-26", "node-26", "node-26/bin/node"),
  process_("bun", "bun", "@oven/bun-linux-x64/bin/bun", ["run"]),
  process_("deno", "deno", "@deno/linux-x64-glibc/deno", [...permissions, ...trust]),
  workerd
]

const conform = (folder: string, address: string, { binary, conform, name }: Runtime) =>
  Effect.gen(function* () {
    const said = yield* run(folder, binary, ["--version"])
    const version = /\d+[.\d-]+/.exec(said)?.[0] ?? "?"
    const report = yield* conform(folder, address).pipe(
      Effect.flatMap(readReport),
      Effect.catchAll(
        (error): Effect.Effect<Report> =>
          Effect.succeed({ passed: 0, failures: [{ name: "the run as a whole", why: String(error) }] })
      )
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
  yield* checkPage
  yield* install
  const folder = yield* temporaryFolder
  yield* bundleConformance(root, join(folder, "conformance.js"))
  for (const file of ["process.js", "worker.js", "workerd.capnp"]) {
    yield* Effect.promise(() => copyFile(join(hosts(root), file), join(folder, file)))
  }
  const wanted = process.argv.slice(2)
  const chosen = runtimes.filter(
    ({ name }) => wanted.length === 0 || wanted.some((each) => name.startsWith(each))
  )
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
