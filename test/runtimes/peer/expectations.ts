import { type Fault, faults } from "../../faults/support/table.js"
import type { Outcome, Resent } from "../support/manifest.js"

export const families = ["node", "bun", "deno", "workerd"] as const

export type Family = (typeof families)[number]

/** The faults of connections and answers that Node is tested against, in one row. */
export const everyFault: ReadonlyArray<Fault> = Object.values(faults).flat()

/**
 * What a runtime's `fetch` sends again by itself when the connection, used before, is gone ere an answer came: workerd a
 * GET, Bun all that RFC 9110 allows it to repeat, and Deno whatever has no body that it would have to read again. See
 * https://github.com/denoland/deno/issues/35610
 */
const resends: Readonly<Record<Family, ReadonlyArray<Resent>>> = {
  node: [],
  bun: ["read", "put", "delete"],
  deno: ["read", "bare"],
  workerd: ["read"]
}

/** Whether the connection is gone ere there is an answer. */
export const severs = ({ name }: Fault): boolean =>
  /^a (?:close|reset) (?:before the answer|within the head)$/.test(name)

export const resendsOn = (fault: Fault, family: Family): ReadonlyArray<Resent> =>
  severs(fault) ? resends[family] : []

const never = (reason: string): Outcome => ({ _tag: "ClerkTransportError", reason, sent: "no" })

export const unreachableOutcomes = {
  "a port on which nobody listens": never("refused"),
  "a host that does not exist": never("dns"),
  "TLS to a port without TLS": never("tls"),
  "a certificate signed by nobody else": never("tls"),
  "a certificate that has expired": never("tls")
} as const

/** Where a runtime says less than Node, or something else, and what then becomes of the call. */
export interface Deviation {
  readonly outcome: Outcome
  readonly again: Fault["again"]
}

const lost = (reason: string, again: Fault["again"] = "unless once"): Deviation => ({
  outcome: { _tag: "ClerkTransportError", reason, sent: "maybe" },
  again
})

/** It waits on, for the rest of what it takes for a beginning. */
const waits: Deviation = {
  outcome: { _tag: "ClerkTimeout", phase: "attempt", sent: "maybe" },
  again: "unless once"
}

const switching: Deviation = { outcome: { _tag: "ClerkUnexpectedStatus", status: 101 }, again: "never" }

export const deviations: Readonly<Record<Family, Readonly<Record<string, Deviation>>>> = {
  node: {},
  bun: {
    "a close before the answer": lost("reset"),
    "a close within the head": lost("reset"),
    "a close within the body": lost("reset"),
    "a body without its last chunk": lost("reset"),
    "a continue nobody asked for": waits,
    "an upgrade nobody asked for": lost("protocol", "never"),
    "a page without a head": waits,
    "a head without end": waits
  },
  deno: {
    "a reset within the body": lost("truncated"),
    "a continue nobody asked for": waits,
    "an upgrade nobody asked for": switching,
    "a chunk without size": lost("truncated"),
    "a length and chunks": lost("truncated"),
    "a head without end": waits
  },
  workerd: {
    "a reset before the answer": lost("closed"),
    "a reset within the head": lost("closed"),
    "a reset within the body": lost("truncated"),
    "a continue nobody asked for": waits,
    "an upgrade nobody asked for": switching,
    "a chunk without size": lost("truncated"),
    "two lengths": lost("closed"),
    "a length and chunks": lost("truncated"),
    "a length that is no number": lost("closed"),
    "a greeting of another protocol": lost("closed"),
    "a page without a head": lost("closed"),
    "a head without end": waits,
    "a NUL in a header": lost("closed"),
    "a version nobody speaks": lost("closed"),
    "a port on which nobody listens": lost("closed"),
    "a host that does not exist": lost("unknown", "never"),
    "TLS to a port without TLS": lost("unknown", "never"),
    "a certificate signed by nobody else": lost("unknown", "never"),
    "a certificate that has expired": lost("unknown", "never")
  }
}
