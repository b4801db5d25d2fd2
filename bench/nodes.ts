/** The Node versions that the benchmarks run on: the one of the machine, and another one of test/runtimes. */
import { existsSync } from "node:fs"
import * as Effect from "effect/Effect"
import { install, installed } from "../scripts/support/runtimes.js"
import { runNode } from "./children.js"

export interface Node {
  readonly binary: string
  readonly version: string
  /** The version of the undici inside, which its fetch uses. */
  readonly undici: string
}

const [machineMajor = ""] = process.versions.node.split(".")

const binaryOf = async (major: string): Promise<string> => {
  if (major === machineMajor) return process.execPath
  await Effect.runPromise(install)
  const binary = installed(`node-${major}/bin/node`)
  if (!existsSync(binary)) throw new Error(`test/runtimes has no Node ${major}`)
  return binary
}

const nodeOf = async (major: string): Promise<Node> => {
  const binary = await binaryOf(major)
  const { node, undici } = JSON.parse(await runNode(binary, ["--print", "JSON.stringify(process.versions)"]))
  return { binary, version: node, undici }
}

/** The Node of this major version, or the machine's and Node 24. */
export const findNodes = async (major: string | undefined): Promise<ReadonlyArray<Node>> => {
  const majors = major === undefined ? new Set([machineMajor, "24"]) : [major]
  const nodes: Array<Node> = []
  for (const each of majors) nodes.push(await nodeOf(each))
  return nodes
}
