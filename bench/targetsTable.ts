import type { Results } from "./results.js"
import { spreadText, table } from "./table.js"
import { isReached, targetsOf } from "./targets.js"

/** The targets beside the measured figures, for contributors. */
export const targetsTable = ({ bundle, nodes }: Results): string => {
  const measured = nodes.map((results) => targetsOf(results, bundle))
  const [first = []] = measured
  return table(
    ["work", "target", ...nodes.flatMap(({ node }) => [`Node ${node.version}`, ""])],
    first.map(({ bound, name, relation, unit }, index) => [
      name,
      `${relation} ${bound} ${unit}`.trimEnd(),
      ...measured.flatMap((targets) => {
        const target = targets[index]
        return target === undefined
          ? ["–", ""]
          : [spreadText(target.measured), isReached(target) ? "reached" : "missed"]
      })
    ])
  )
}
