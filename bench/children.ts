/** Compiles the measured programs, and runs them in separate processes. */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { build } from "esbuild"
import { ofMajor } from "../scripts/support/bundling.js"
import { buildFolder } from "../scripts/support/major.js"

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export const root = here("..")

/** In the folder of the Effect major, where Node finds its packages. */
export const dist = `${buildFolder}/bench`

const exec = promisify(execFile)

/**
 * Compiles the measured programs, with the library's sources in them. A loader is not suitable, because it
 * wraps each function to keep its name, which would change the measurement.
 */
export const compileChildren = () =>
  build({
    entryPoints: ["server", "calls", "stream", "verify"].map((name) => here(`${name}.ts`)),
    outdir: dist,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
    ...ofMajor
  })

/** Runs a Node binary and returns its output. */
export const runNode = async (binary: string, args: ReadonlyArray<string>): Promise<string> => {
  const { stdout } = await exec(binary, args, { cwd: root, maxBuffer: 1e8 })
  return stdout
}

export const runChild = async <A>(
  binary: string,
  name: "calls" | "stream" | "verify",
  args: ReadonlyArray<string | number>
): Promise<A> => {
  // A garbage collection must not discard the compiled code of waiting functions.
  const flags = ["--expose-gc", "--no-flush-bytecode"]
  return JSON.parse(await runNode(binary, [...flags, `${dist}/${name}.js`, ...args.map(String)]))
}

const portOf = async (server: ChildProcess): Promise<string> => {
  if (server.stdout === null) throw new Error("the server has no output")
  const [printed] = await once(server.stdout, "data")
  return String(printed).trim()
}

/** Runs `use` with the URL of a server that ends afterwards. */
export const withServer = async <A>(use: (apiUrl: string) => Promise<A>): Promise<A> => {
  const server = spawn(process.execPath, [`${dist}/server.js`], { stdio: ["pipe", "pipe", "inherit"] })
  try {
    return await use(`http://127.0.0.1:${await portOf(server)}`)
  } finally {
    server.stdin?.end()
  }
}
