/**
 * Measures a fleet of processes over a real Redis and a real PostgreSQL beside the targets, and prints a table.
 *
 *     npm run bench:fleet                    about five minutes for each Effect major
 *     npm run bench:fleet -- --seconds 12    less time under the limit
 */
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { major } from "../scripts/support/major.js"
import { installServers } from "../test/distributed/support/installed.js"
import { denyCheck, type Figure, rateLimit, revocation } from "./fleetFigures.js"
import { signOut, takeovers } from "./signOutFigures.js"
import { numberText, table } from "./table.js"

const { values } = parseArgs({ options: { seconds: { type: "string", default: "30" } } })
const millis = Number(values.seconds) * 1_000
if (!(millis >= 11_000))
  throw new Error("--seconds must be a number from 11, because Clerk counts in windows of 10")

installServers()

const step = (text: string) => process.stderr.write(`${text} …\n`)

const measured: Array<Figure> = []
const parts: ReadonlyArray<readonly [string, Effect.Effect<ReadonlyArray<Figure>>]> = [
  ["four processes under the rate limit", rateLimit(millis)],
  ["revoked in one process, rejected in four", revocation],
  ["the look-up of a token", denyCheck],
  ["20,000 users signed out", signOut],
  ["a takeover", takeovers]
]
for (const [name, figures] of parts) {
  step(name)
  const exit = await Effect.runPromiseExit(figures)
  if (Exit.isFailure(exit)) throw new Error(`${name}: ${String(exit.cause)}`)
  measured.push(...exit.value)
}

const rows = measured.map(({ ceiling, measured, name, relation, target, unit }) => [
  name,
  `${relation} ${numberText(target)} ${unit}`.trimEnd(),
  `${numberText(measured)} ${unit}`.trimEnd(),
  ceiling ?? "",
  (relation === "≥" ? measured >= target : measured <= target) ? "reached" : "missed"
])
process.stdout.write(
  `\n## A fleet, ${major}\n\n${table(["figure", "target", "measured", "ceiling", ""], rows)}\n`
)
process.exit()
