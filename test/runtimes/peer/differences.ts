import { http2Faults, secureFaults } from "../../faults/support/secureTable.js"
import type { Outcome } from "../support/manifest.js"
import { deviations, everyFault, families, unreachableOutcomes } from "./expectations.js"

const describe = (outcome: Outcome): string => {
  switch (outcome["_tag"]) {
    case "ClerkTransportError":
      // The reason depends on which call notices the fault first.
      return `${outcome["reason"] === undefined ? "any" : `\`${outcome["reason"]}\``}, \`${outcome["sent"]}\``
    case "ClerkUnexpectedStatus":
      return `\`ClerkUnexpectedStatus\` ${outcome["status"]}`
    default:
      return `\`${outcome["_tag"]}\``
  }
}

const retried = { never: "nothing", "unless once": "all but `once`", always: "everything" } as const

/** The lines of a table in Markdown: the outcomes of HTTP/2 faults on Deno and Node 26, which speak HTTP/2. */
export const http2Lines = (): ReadonlyArray<string> =>
  http2Faults.map((fault) => {
    const said = (["deno", "node-26"] as const).flatMap((family) => {
      const { again, outcome } = deviations[family][fault.name] ?? fault
      return [describe(outcome), retried[again]]
    })
    return `| ${[fault.name, ...said].join(" | ")} |`
  })

/** The lines of a table in Markdown: the faults whose outcome differs between runtimes, and each outcome. */
export const differences = (): ReadonlyArray<string> => {
  const usual = [
    ...[...everyFault, ...secureFaults].map(({ name, outcome }) => [name, outcome] as const),
    ...Object.entries(unreachableOutcomes)
  ]
  return usual
    .filter(([name]) => families.some((family) => deviations[family][name] !== undefined))
    .map(([name, outcome]) => {
      const said = families.map((family) => describe(deviations[family][name]?.outcome ?? outcome))
      return `| ${[name, ...said].join(" | ")} |`
    })
}
