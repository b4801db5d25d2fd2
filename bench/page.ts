import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { major, toolchain } from "../scripts/support/major.js"
import { root } from "./children.js"
import { detailsOf } from "./details.js"
import type { Figures } from "./figures.js"
import { summaryTable } from "./summary.js"
import { table } from "./table.js"

const packagesOfMajor = [
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
  return JSON.parse(await readFile(file, "utf8")).version
}

/** The versions of the measured packages. */
export const packageVersions = async (): Promise<Figures["packages"]> =>
  Object.fromEntries(
    await Promise.all(packagesOfMajor.map(async (name) => [name, await versionOf(name)] as const))
  )

const kilobytes = (bytes: number): string => `${(bytes / 1e3).toFixed(1)} kB`

const options = table(
  ["option", "effect"],
  [
    ["`--node 24`", "measures on one Node version only"],
    ["`--quick`", "measures for about one minute, and writes nothing"],
    ["`--rounds`, `--calls`", "set the number of rounds, and of calls in a round"],
    ["`--warm-ups`", "sets the number of rounds before the first one that counts"]
  ]
)

const bundleTable = ({ effectAlone, whole }: Figures["bundle"]): string =>
  table(
    ["size of a bundle, minified and gzipped", "all", "of it Effect", "of it effect-clerk"],
    [["One operation over fetch", kilobytes(whole), kilobytes(effectAlone), kilobytes(whole - effectAlone)]]
  )

/** The saved page. */
export const pageOf = (figures: Figures): string => {
  const { bundle, calls, measuredOn, nodes, packages, rounds, warmUps } = figures
  const software = [
    ...nodes.map(({ node }) => `Node ${node.version} with undici ${node.undici} in its fetch`),
    ...Object.entries(packages).map(([name, version]) => `${name} ${version}`)
  ]
  const versions = software.map((each) => `- ${each}`).join("\n")
  return `# Benchmark results with ${major === "effect3" ? "Effect 3" : "Effect 4"}

${summaryTable(figures)}

The floor is the least work that any client must do. For a call it sends the request and parses the JSON of the
response. For a token it only verifies the signature. effect-clerk also checks and converts every field of a response,
which \`@clerk/backend\` does not. \`@clerk/backend\` always sends through fetch. For a list over fetch it
does about the same work as the floor, so either of them can be the lower one.

![CPU time of one call](./${major}.svg)

${bundleTable(bundle)}

These versions were measured on ${measuredOn}:

${versions}

## How to read the tables

Each table has the clients of one work. They make one call at a time, or 16 at once. "CPU" is the processor time that the
client's process takes for one call, in user and system mode, on all threads. "Wall clock" is the time that passes. Both
are the median of ${rounds} rounds.

"CPU ÷ floor" and "CPU ÷ @clerk/backend" compare a client with another one. Each ratio is taken within a round, so a
disturbance of the machine affects both sides. The table shows the median of these ratios, with their quartiles in
parentheses. It can differ from the ratio of the two medians. The microseconds depend on the machine, so compare the
ratios.

effect-clerk runs in two ways. "In a fiber" makes all calls inside one running program, as a server with Effect does.
"\`runPromise\` each" starts a program for each call, as a server with promises does. The short table and the picture
show the first way.

${nodes.map(detailsOf).join("\n\n")}

## How the figures are measured

\`npm run bench\` measures both Effect majors, and writes this page, its picture and \`bench/${major}.json\`, which has all
figures. \`npm run bench -- --render\` writes the page and the picture from that file, without measuring. With Effect 3
the benchmark runs on the Node version of the machine and on Node 24, with Effect 4 on Node 24 or newer.

${options}

Here, ${rounds} rounds of ${calls} calls followed ${warmUps} rounds to warm up. A round of lists or of decoding has a tenth of the calls.

The server is a separate process on a loopback port, and responds from prepared buffers. The clients take turns, round
after round, in one process for each transport. effect-clerk uses its standard policy, with time limits. The floor over
fetch passes \`redirect: "manual"\` and an abort signal, because every client with time limits needs one.

All clients verify tokens with a given key. \`@clerk/backend\` uses \`verifyToken\` with its \`jwtKey\`, and imports the key
each time. The floor is the synchronous \`verify\` of \`node:crypto\`, with a prepared key and prepared bytes. A cached token
was verified before, with the verifier's cache on. The key fetches are those of 1,000 verifications that start together in
a process without a key.

The size of Effect in a bundle is that of a program that keeps the same imports from Effect, and nothing else. The
import is timed in new processes, and compared with a program that imports the same modules of Effect.
`
}
