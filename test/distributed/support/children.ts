import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { onPath } from "./installed.js"

export interface User {
  readonly uid: number
  readonly gid: number
}

/** How a process ended: with its exit code, or with the name of the signal that killed it. */
export type End = number | NodeJS.Signals

/** A child process, with its end and the last part of its output. */
export interface Child {
  readonly process: ChildProcess
  readonly pid: number
  readonly ended: Promise<End>
  readonly hasEnded: () => boolean
  readonly output: () => string
}

const keptOutput = 20_000

let setpriv: string | undefined

/**
 * Starts a program that Linux kills when this process ends in any way, also by SIGKILL. It runs as `user` if given, which
 * needs the rights of root.
 */
export const spawnChild = (
  [program, ...args]: readonly [string, ...ReadonlyArray<string>],
  options: SpawnOptions = {},
  user?: User
): Child => {
  setpriv ??= onPath("setpriv")
  if (setpriv === undefined) throw new Error("These tests need Linux and setpriv, which is in util-linux.")
  const asUser = user === undefined ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"]
  const child = spawn(setpriv, ["--pdeathsig", "KILL", ...asUser, program, ...args], options)
  let output = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => {
      output = (output + chunk).slice(-keptOutput)
    })
  }
  let hasEnded = false
  const ended = new Promise<End>((resolve, reject) => {
    child.on("error", reject)
    child.on("exit", () => {
      hasEnded = true
    })
    // After the end of the output.
    child.on("close", (code, signal) => resolve(code ?? signal ?? 0))
  })
  if (child.pid === undefined) throw new Error(`${program} could not be started`)
  return { process: child, pid: child.pid, ended, hasEnded: () => hasEnded, output: () => output }
}

/** The state and the parent of a process, or `undefined` if it does not exist. */
const statOf = (pid: number): { readonly state: string; readonly parent: number } | undefined => {
  try {
    // The name of the program can hold any character, so the fields begin after its last bracket.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(")").at(-1)?.trim().split(" ") ?? []
    return { state: fields[0] ?? "", parent: Number(fields[1]) }
  } catch {
    return undefined
  }
}

/** Returns whether a process runs. One that has ended, and that nobody has waited for, does not. */
export const isRunning = (pid: number): boolean => !["Z", "X", undefined].includes(statOf(pid)?.state)

/** A process and its own children. */
export const familyOf = (pid: number): ReadonlyArray<number> => [
  pid,
  ...readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && statOf(Number(name))?.parent === pid)
    .map(Number)
]

/** Sends a signal to those of these processes that still exist. */
export const signalAll = (pids: ReadonlyArray<number>, signal: NodeJS.Signals): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch {}
  }
}

export const wait = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

/** Waits until a condition holds. Rejects with `what` after a limit of milliseconds. */
export const waitUntil = async (
  isTrue: () => boolean | Promise<boolean>,
  what: () => string,
  limit = 30_000
): Promise<void> => {
  const end = performance.now() + limit
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error(`${what()}, after ${limit} ms`)
    await wait(20)
  }
}
