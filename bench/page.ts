import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { major, toolchain } from "../scripts/support/major.js"
import { root } from "./children.js"
import { detailsOf } from "./details.js"
import type { Results } from "./results.js"
import { summaryTable } from "./summary.js"

const packages = [
  "effect",
  ...(major === "effect3" ? ["@effect/platform"] : []),
  "undici",
  "@clerk/backend",
  "jose",
  "esbuild"
]

const versionOf = async (name: string): Promise<string> => {
  const ofMajor = `${toolchain}/node_modules/${name}/package.json`
  const file = existsSync(ofMajor) ? ofMajor : `${root}/node_modules/${name}/package.json`
  const manifest = await readFile(file, "utf8")
  return `${name} ${JSON.parse(manifest).version}`
}

const kilobytes = (bytes: number): string => `${(bytes / 1e3).toFixed(1)} kB`

/** The saved page. */
export const pageOf = async ({ bundle, calls, nodes, rounds, warmUps }: Results): Promise<string> => {
  const runtimes = nodes.map(({ node }) => `Node ${node.version} with undici ${node.undici} in its fetch`)
  const software = [...runtimes, ...(await Promise.all(packages.map(versionOf)))]
  const versions = software.map((each) => `- ${each}`).join("\n")
  return `# Benchmark results with ${major === "effect3" ? "Effect 3" : "Effect 4"}

Measured on ${new Date().toISOString().slice(0, 10)}.

${versions}

## The cost of a call

The table shows the CPU time of one call in microseconds, with one call at a time. The floor is the least work that any
client must do. It only sends the request and parses the response, or only verifies the signature. The factor in
parentheses is effect-clerk divided by that column. Below 1 ×, effect-clerk takes less CPU.

${summaryTable(nodes)}

![CPU per call](./${major}.svg)

A bundle with one operation over fetch has ${kilobytes(bundle.whole)}, minified and gzipped. Effect's share is ${kilobytes(bundle.effectAlone)}, and
effect-clerk's share is ${kilobytes(bundle.whole - bundle.effectAlone)}.

${nodes.map(detailsOf).join("\n\n")}

## How this is measured

\`npm run bench\` writes this page, and one for the other major of Effect. With Effect 3 it runs on the Node version of the
machine and on Node 24, with Effect 4 on Node 24 or newer. \`--node 24\` runs on one
version only. \`--quick\` takes about a minute and writes nothing. \`--rounds\`, \`--calls\` and \`--warm-ups\` set the number of
measurements. Here ${rounds} rounds of ${calls} calls follow ${warmUps} rounds to warm up. For lists and decoding it is a tenth of the calls.

The server is a separate process on a loopback port and responds from prepared buffers. The measured value is the CPU
time of the client process (user and system, all threads). The clients of one work take turns, round after round, in one
process for each transport. Each ratio is taken within a round. The tables show the median of the rounds and, in parentheses, the quartiles.
Compare the ratios, because the microseconds depend on the machine.

This library runs in two ways. "In a fiber" makes all calls inside one running program, as an Effect server does.
The other way, "\`runPromise\` each", starts a program for each call, as a server written with promises does. Both use the
standard policy, with timeouts, and check and decode every field. The official client, \`@clerk/backend\`, validates no
responses, and sends its requests through fetch. The floor over fetch passes \`redirect: "manual"\` and an abort signal.
Every client with timeouts needs a signal.

Tokens are verified with a given key. The official client uses \`verifyToken\` with its \`jwtKey\`, and imports the key each
time. The floor is the synchronous \`verify\` of \`node:crypto\`, with a prepared key and prepared bytes. A cached token was
verified before, with the verifier's cache on. The key fetches are those of 1,000 verifications that start together in a
process without a key, against a server on loopback.

Effect's share of a bundle is the size of a program that keeps the same imports from Effect, and nothing else.
The import is timed in new processes, and compared with one that imports the same modules of Effect.
`
}
