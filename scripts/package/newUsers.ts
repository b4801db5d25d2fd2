/**
 * Follows the pages of the packed documentation as a new user does: in an empty folder, command by command.
 *
 * A page needs no annotation for this. The code block after "Save this as `server.ts`" becomes that file.
 * The commands of a `sh` block run as they are written. A `text` block after them is their expected output, in which "…"
 * stands for any text. A `console` block has commands after "$", each with its output. A `sh` block that needs an account
 * has "…" in its commands, and is skipped.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { setTimeout } from "node:timers/promises"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { temporaryFolder, write } from "../support/commands.js"

interface Block {
  readonly language: string
  readonly code: string
  /** The last paragraph before the block. */
  readonly introduction: string
}

export interface Page {
  /** The path in the package, such as `docs/frameworks/hono.md`. */
  readonly path: string
  /** The heading that the steps are below, if they are not the whole page. */
  readonly section?: string
}

/** What npm installs instead of a name in a command: the tarball, or the range that this project is tested with. */
export type Replacements = Readonly<Record<string, string>>

const sectionOf = (markdown: string, heading: string) => {
  const [, after] = markdown.split(new RegExp(`^## ${heading}\\n`, "m"))
  if (after === undefined) throw new Error(`the page has no section "${heading}"`)
  return after.split(/^## /m)[0] ?? ""
}

const blocksOf = (markdown: string): ReadonlyArray<Block> =>
  [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(({ 1: language = "", 2: code = "", index }) => {
    const before = markdown.slice(0, index).trimEnd()
    // Code that another block ended with is no paragraph.
    const paragraph = before.endsWith("```") ? "" : (before.split("\n\n").at(-1) ?? "")
    return { language, code, introduction: paragraph }
  })

const fileOf = ({ introduction, language }: Block) =>
  ["ts", "typescript", "tsx", "json", "js", "toml"].includes(language)
    ? /Save this as `([^`]+)`/.exec(introduction)?.[1]
    : undefined

/** The commands of a block, without comments. A command may continue on the next line. */
const commandsOf = (code: string): ReadonlyArray<string> =>
  code
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .map((line) => line.replace(/(^|\s)#\s.*$/, "").trim())
    .filter((line) => line !== "")

const isServer = (command: string) =>
  /effect-clerk-emulator(?! --help)|\b(?:tsx|node)\b[^|;&]*\b(?:server|worker|app)\.(?:ts|mjs|js)\b|npm (?:run )?(?:dev|start)\b/.test(
    command
  )

const withReplacements = (command: string, replacements: Replacements) =>
  /\bnpm (?:install|i|add)\b/.test(command)
    ? command
        .split(" ")
        .map((word) => {
          const name = word.replace(/(.)@[^@/]*$/, "$1")
          return replacements[name] === undefined || (name !== "effect-clerk" && word !== name)
            ? word
            : replacements[name]
        })
        .join(" ")
    : command

interface Terminal {
  /** Runs commands until they end. Fails with their output if one of them fails. */
  readonly run: (commands: ReadonlyArray<string>) => Effect.Effect<string, Error>
  /** Runs commands of which the last one serves. Returns when it has printed an address. */
  readonly serve: (commands: ReadonlyArray<string>) => Effect.Effect<string, Error>
}

const limit = 120_000

// npm and the loader of TypeScript pass their settings to the processes that they start. A new user has none of them.
const environment = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(?:npm_|NODE_OPTIONS|TSX_|EFFECT_MAJOR|CLERK_|INIT_CWD)/.test(name)
    )
  ),
  // `node` of a command is the one that runs this.
  PATH: [dirname(process.execPath), process.env["PATH"]].join(":")
}

/** Signals the shell and its children, which are one process group. Returns whether any of them was running. */
const signal = ({ pid }: ChildProcess, name: NodeJS.Signals | 0): boolean => {
  try {
    return pid !== undefined && process.kill(-pid, name)
  } catch {
    return false
  }
}

/** Ends the programs, and waits for that, because the next page uses the same ports. */
const stopAll = async (children: ReadonlyArray<ChildProcess>): Promise<void> => {
  for (const child of children) signal(child, "SIGTERM")
  for (let left = 100; left > 0 && children.some((child) => signal(child, 0)); left--) await setTimeout(100)
  for (const child of children) signal(child, "SIGKILL")
}

const makeTerminal = (folder: string): Effect.Effect<Terminal, never, Scope.Scope> =>
  Effect.gen(function* () {
    const state = join(folder, ".terminal")
    yield* write(state, `cd ${JSON.stringify(folder)}\n`)
    const children = yield* Effect.acquireRelease(
      Effect.sync((): Array<ChildProcess> => []),
      (all) => Effect.promise(() => stopAll(all))
    )
    const start = (commands: ReadonlyArray<string>, until: (output: string) => boolean) =>
      Effect.tryPromise({
        try: () =>
          new Promise<string>((resolve, reject) => {
            const script = [
              ...["set -e", `source ${JSON.stringify(state)}`, ...commands],
              // The variables of the next commands. Bash does not take its read-only ones back.
              `{ echo "cd \\"$PWD\\""; declare -p | grep -v "^declare -[a-zA-Z]*r"; } > ${JSON.stringify(state)}`
            ].join("\n")
            const child = spawn("bash", ["-c", script], {
              cwd: folder,
              env: environment,
              detached: true,
              stdio: ["ignore", "pipe", "pipe"]
            })
            children.push(child)
            let output = ""
            const failed = (why: string) => reject(new Error(`${commands.join("\n")}\n${why}\n${output}`))
            const timer = globalThis.setTimeout(() => {
              signal(child, "SIGTERM")
              failed(`did not end within ${limit / 1000} s`)
            }, limit)
            const read = (chunk: Buffer) => {
              output += chunk.toString()
              if (!until(output)) return
              clearTimeout(timer)
              resolve(output)
            }
            child.stdout.on("data", read)
            child.stderr.on("data", read)
            // A program in the background keeps the output open, so "close" would not come.
            child.on("exit", (code) => {
              clearTimeout(timer)
              // The last output can come after the end.
              globalThis.setTimeout(() => (code === 0 ? resolve(output) : failed(`ended with ${code}`)), 100)
            })
          }),
        catch: (error) => (error instanceof Error ? error : new Error(String(error)))
      })
    return {
      run: (commands) => start(commands, () => false),
      serve: (commands) => start(commands, (output) => /https?:\/\/(?:\[[\da-f:]+\]|[\w.]+):\d+/.test(output))
    }
  })

/** The commands of a `console` block, which begin with "$", each with its expected output. */
const sessionOf = (code: string) =>
  code
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [, command = "", output = ""] = /^((?:.*\\\n)*.*\n)([\s\S]*)$/.exec(part) ?? []
      return { command, output }
    })

/** The first line of the expected output that the output does not have. The order of headers can differ. */
const missingLine = (output: string, expected: string) => {
  const lines = output.split("\n")
  const isMissing = (line: string) => {
    const parts = line.trim().split("…")
    const pattern = new RegExp(parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*"))
    return !lines.some((each) => pattern.test(each))
  }
  return expected.split("\n").find((line) => line.trim() !== "" && isMissing(line))
}

const expectOutput = (path: string, output: string, expected: string) => {
  const missing = missingLine(output, expected)
  return missing === undefined
    ? Effect.void
    : Effect.fail(new Error(`${path}: expected the line ${JSON.stringify(missing)} in\n${output}`))
}

/**
 * Follows a page in an empty folder. Returns the seconds from its first `npm install` to the first successful command
 * after it.
 */
export const follow = (
  packageFolder: string,
  { path, section }: Page,
  replacements: Replacements
): Effect.Effect<{ readonly seconds: number; readonly commands: number }, Error> =>
  Effect.gen(function* () {
    const markdown = yield* Effect.promise(() => readFile(join(packageFolder, path), "utf8"))
    const folder = yield* temporaryFolder
    const terminal = yield* makeTerminal(folder)
    let output = ""
    let installedAt: number | undefined
    let seconds = Number.NaN
    let count = 0
    for (const block of blocksOf(section === undefined ? markdown : sectionOf(markdown, section))) {
      const file = fileOf(block)
      if (file !== undefined) {
        yield* terminal.run([
          `mkdir -p "$(dirname ${file})"`,
          `cat > ${file} <<'END_OF_FILE'\n${block.code}END_OF_FILE`
        ])
      } else if (block.language === "sh") {
        const written = commandsOf(block.code)
        if (written.length === 0 || block.code.includes("…")) continue
        const commands = written.map((command) => withReplacements(command, replacements))
        const isInstall = commands.some((command) => /\bnpm install\b/.test(command))
        if (isInstall) installedAt ??= Date.now()
        count += commands.length
        output = yield* isServer(commands.at(-1) ?? "") ? terminal.serve(commands) : terminal.run(commands)
        if (!isInstall && installedAt !== undefined && Number.isNaN(seconds)) {
          seconds = (Date.now() - installedAt) / 1000
        }
      } else if (block.language === "console") {
        for (const { command, output: expected } of sessionOf(block.code)) {
          const commands = commandsOf(command)
          count += commands.length
          output = yield* terminal.run(commands)
          yield* expectOutput(path, output, expected)
        }
      } else if (block.language === "text") {
        yield* expectOutput(path, output, block.code)
      }
    }
    if (Number.isNaN(seconds)) yield* Effect.fail(new Error(`${path}: no command ran after an installation`))
    return { seconds, commands: count }
  }).pipe(Effect.scoped)
