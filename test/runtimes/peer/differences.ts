import { http2Faults, secureFaults } from "../../faults/support/secureTable.js"
import type { Outcome } from "../support/manifest.js"
import { deviations, everyFault, families, unreachableOutcomes } from "./expectations.js"

const describe = (outcome: Outcome): string => {
  switch (outcome["_tag"]) {
    case "ClerkTransportError":
      return `\`${outcome["reason"]}\`, \`${outcome["sent"]}\``
    case "ClerkUnexpectedStatus":
      return `\`ClerkUnexpectedStatus\` ${outcome["status"]}`
    default:
      return `\`${outcome["_tag"]}\``
  }
}

/** The lines of a table in Markdown: what comes of the faults of HTTP/2, which Deno alone speaks. */
export const http2Lines = (): ReadonlyArray<string> =>
  http2Faults.map(({ name, outcome, again }) => {
    const repeated = { never: "nothing", "unless once": "what may be repeated", always: "everything" }[again]
    return `| ${[name, describe(outcome), repeated].join(" | ")} |`
  })

/** The lines of a table in Markdown: the faults of which not every runtime says the same, and what each says. */
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
