import type { Protocol } from "../../faults/support/secure.js"
import { type Fault, faults } from "../../faults/support/table.js"
import type { FaultCase, Outcome, Resent } from "../support/manifest.js"

/** Runtimes that behave the same. Node from 26 on has a `fetch` of its own, which speaks HTTP/2. */
export const families = ["node", "node-26", "bun", "deno", "workerd"] as const

export type Family = (typeof families)[number]

/** The faults of connections and responses that Node is tested against, in one list. */
export const everyFault: ReadonlyArray<Fault> = Object.values(faults).flat()

/** What a runtime's `fetch` speaks over TLS with a server that offers HTTP/2 and HTTP/1.1. */
export const protocols: Readonly<Record<Family, Protocol>> = {
  node: "http/1.1",
  "node-26": "h2",
  bun: "http/1.1",
  deno: "h2",
  workerd: "http/1.1"
}

/**
 * The requests that a runtime's `fetch` resends by itself when a used connection closes before the response. Workerd and
 * Bun resend a GET, and so does Node 26 over HTTP/2. Deno resends a request without a body. See
 * https://github.com/denoland/deno/issues/35610
 */
const resends: Readonly<Record<Family, ReadonlyArray<Resent>>> = {
  node: [],
  "node-26": ["read"],
  bun: ["read"],
  deno: ["read", "bare"],
  workerd: ["read"]
}

/** The requests that this library sends over a separate connection, because the runtime would resend them. */
const unpooled: Readonly<Record<Family, ReadonlyArray<Resent>>> = {
  node: [],
  "node-26": [],
  bun: ["put", "delete"],
  deno: [],
  workerd: []
}

/** A fault of any kind. */
type Told = Omit<Fault, "act">

/** Whether the connection closes before there is a response. */
export const severs = ({ name }: Told): boolean =>
  /^(?:over TLS, )?a (?:close|reset)(?: without close_notify)? (?:before the response|within the head)$/.test(
    name
  )

/** Whether the server states that it has not processed the stream. A request with a consumed body stays unsent. */
const excludes = ({ name }: Told): boolean =>
  /^a (?:refused stream$|GOAWAY (?:with an error )?that excludes)/.test(name)

export const resendsOn = (fault: Told, family: Family): ReadonlyArray<Resent> =>
  severs(fault) || excludes(fault) ? resends[family] : []

const never = (reason: string): Outcome => ({ _tag: "ClerkTransportError", reason, sent: "no" })

export const unreachableOutcomes = {
  "a port without a listener": never("refused"),
  "a name whose addresses refuse connections": never("refused"),
  "a host that does not exist": never("dns"),
  "TLS to a port without TLS": { ...never("tls"), sent: "maybe" },
  "a self-signed certificate": never("tls"),
  "a certificate that has expired": never("tls"),
  "a close within the handshake": never("reset")
} as const

/** The faults that a runtime reports less precisely than Node, or differently, and the outcome of the call. */
export interface Deviation {
  readonly outcome: Outcome
  readonly again: Fault["again"]
  /** A call can fail with the connection of another one, before its own request is sent. */
  readonly mayStayUnsent?: boolean
}

const lost = (reason: string, again: Fault["again"] = "unless once"): Deviation => ({
  outcome: { _tag: "ClerkTransportError", reason, sent: "maybe" },
  again
})

/** It waits for the rest of an incomplete response. */
const waits: Deviation = {
  outcome: { _tag: "ClerkTimeout", phase: "attempt", sent: "maybe" },
  again: "unless once"
}

const switching: Deviation = { outcome: { _tag: "ClerkUnexpectedStatus", status: 101 }, again: "never" }

export const deviations: Readonly<Record<Family, Readonly<Record<string, Deviation>>>> = {
  node: {},
  "node-26": {
    // Calls share a connection, so a call learns of the reset, or that the connection is closed by now.
    "over TLS, a reset before the response": {
      outcome: { _tag: "ClerkTransportError", sent: "maybe" },
      again: "unless once"
    },
    "over TLS, an invalid record": lost("tls", "never"),
    "a stream given up within the body": lost("reset"),
    "a stream refused within the body": lost("reset"),
    "a body shorter than announced": lost("protocol", "never"),
    "a GOAWAY that excludes the stream": lost("closed"),
    "invalid frames": { ...lost("protocol", "never"), mayStayUnsent: true }
  },
  bun: {
    "a close before the response": lost("reset"),
    "a close within the head": lost("reset"),
    "a close within the body": lost("reset"),
    "a body without its last chunk": lost("reset"),
    "an unexpected 100 Continue": waits,
    "an unexpected upgrade": lost("protocol", "never"),
    "a page without a head": waits,
    "a head without end": waits,
    "a close within the handshake": lost("reset"),
    "over TLS, a close before the response": lost("reset"),
    "over TLS, a close within the head": lost("reset"),
    "over TLS, a close within the body": lost("reset"),
    "over TLS, a close without close_notify before the response": lost("reset"),
    "over TLS, a close without close_notify within the head": lost("reset"),
    "over TLS, a close without close_notify within the body": lost("reset"),
    "over TLS, an invalid record": lost("tls", "never")
  },
  deno: {
    "a reset within the body": lost("incomplete-body"),
    "an unexpected 100 Continue": waits,
    "an unexpected upgrade": switching,
    "a chunk without size": lost("incomplete-body"),
    "a length and chunks": lost("incomplete-body"),
    "a head without end": waits,
    "TLS to a port without TLS": { outcome: never("tls"), again: "never" },
    "a close within the handshake": { outcome: never("closed"), again: "always" },
    "over TLS, a reset within the body": lost("incomplete-body"),
    "over TLS, an invalid record": lost("tls", "never")
  },
  workerd: {
    "a reset before the response": lost("closed"),
    "a reset within the head": lost("closed"),
    "a reset within the body": lost("incomplete-body"),
    "an unexpected 100 Continue": waits,
    "an unexpected upgrade": switching,
    "a chunk without size": lost("incomplete-body"),
    "two lengths": lost("closed"),
    "a length and chunks": lost("incomplete-body"),
    "a length that is not a number": lost("closed"),
    "a greeting of another protocol": lost("closed"),
    "a page without a head": lost("closed"),
    "a head without end": waits,
    "a NUL in a header": lost("closed"),
    "an unknown HTTP version": lost("closed"),
    "a port without a listener": lost("closed"),
    "a name whose addresses refuse connections": lost("closed"),
    "a host that does not exist": lost("unknown", "never"),
    "TLS to a port without TLS": lost("unknown", "never"),
    "a self-signed certificate": lost("unknown", "never"),
    "a certificate that has expired": lost("unknown", "never"),
    "a close within the handshake": lost("unknown", "never"),
    "over TLS, a reset before the response": lost("closed"),
    "over TLS, a reset within the head": lost("closed"),
    "over TLS, a reset within the body": lost("incomplete-body"),
    "over TLS, an invalid record": lost("unknown", "never")
  }
}

/** The description of a fault for a runtime. The fault is at `index` in its table. */
export const faultCase = (fault: Told, index: number, family: Family): FaultCase => {
  const { again, closes, mayStayUnsent, name, outcome } = {
    closes: false,
    mayStayUnsent: false,
    ...fault,
    ...deviations[family][fault.name]
  }
  const isSlow = outcome["_tag"] === "ClerkTimeout"
  const resends = resendsOn(fault, family)
  const ofFamily = { mayStayUnsent, resends, unpooled: unpooled[family] }
  return { name, index, outcome, again, closes, isSlow, severs: severs(fault), ...ofFamily }
}
