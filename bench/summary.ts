/** The short table: what a call costs, one at a time. */
import { type Figures, figureOf, type NodeFigures } from "./figures.js"
import { numberText, type Row, table } from "./table.js"
import type { Client, Work } from "./works.js"

/** A call that users make, as the short table and the chart show it. */
export interface ShownCall {
  readonly title: string
  readonly work: Work
  /** This library's way to do it. */
  readonly client: Client
  /** Whether the floor of the work is the least that this call must do. */
  readonly hasFloor: boolean
}

export const shownCalls: ReadonlyArray<ShownCall> = [
  { title: "Read a session, over undici", work: "get over undici", client: "fiber", hasFloor: true },
  { title: "Read a session, over fetch", work: "get over fetch", client: "fiber", hasFloor: true },
  { title: "List 500 sessions, over undici", work: "list over undici", client: "fiber", hasFloor: true },
  { title: "List 500 sessions, over fetch", work: "list over fetch", client: "fiber", hasFloor: true },
  { title: "Verify a token", work: "verify", client: "fiber", hasFloor: true },
  { title: "Verify a token that is in the cache", work: "verify", client: "cachedFiber", hasFloor: false }
]

export const cpuText = (cpu: number | undefined): string => (cpu === undefined ? "–" : numberText(cpu))

/** The CPU time of a call by this library, by @clerk/backend and by the floor, in microseconds. */
export const cpuOf = (
  node: NodeFigures,
  { client, hasFloor, work }: ShownCall
): { readonly [C in "ours" | "official" | "floor"]: number | undefined } => ({
  ours: figureOf(node, work, client)?.cpu,
  official: figureOf(node, work, "official")?.cpu,
  floor: hasFloor ? figureOf(node, work, "floor")?.cpu : undefined
})

const cells = (node: NodeFigures, call: ShownCall): Row => {
  const { floor, official, ours } = cpuOf(node, call)
  return [cpuText(ours), cpuText(official), cpuText(floor)]
}

export const summaryTable = ({ nodes }: Figures): string => {
  const within = (version: string) => (nodes.length === 1 ? "" : `Node ${version}: `)
  return table(
    [
      "CPU time of one call, in µs",
      ...nodes.flatMap(({ node }) => [`${within(node.version)}effect-clerk`, "@clerk/backend", "floor"])
    ],
    shownCalls.map((call) => [call.title, ...nodes.flatMap((node) => cells(node, call))])
  )
}

/** A table of the same head, in another document. */
export const summaryPattern = /^\| CPU time of one call, in µs .*\n(?:\|.*\n)+/m
