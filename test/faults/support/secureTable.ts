import { randomBytes } from "node:crypto"
import * as frames from "./frames.js"
import { bodyFor, jsonHead } from "./responses.js"
import type { Exchange } from "./secure.js"
import type { Again } from "./table.js"

type Act = (exchange: Exchange) => void

/** A fault of a connection with TLS, in both protocols, or in HTTP/2 alone. */
export interface SecureFault {
  readonly name: string
  readonly act: Act
  readonly outcome: Readonly<Record<string, unknown>>
  readonly again: Again
}

const body = bodyFor("/")
const half = body.slice(0, body.length / 2)

const lost = (reason: string, sent = "maybe") => ({ _tag: "ClerkTransportError", reason, sent })

const isHttp2 = ({ protocol }: Exchange) => protocol === "h2"

const nothing: Act = () => {}

const partOfHead: Act = (exchange) => {
  const { stream, tls } = exchange
  tls.write(isHttp2(exchange) ? frames.unfinishedHeaders(stream, body.length) : jsonHead)
}

const partOfBody: Act = (exchange) => {
  const { stream, tls } = exchange
  if (isHttp2(exchange))
    tls.write(Buffer.concat([frames.headers(stream, body.length), frames.data(stream, half)]))
  else tls.write(`${jsonHead}content-length: ${body.length}\r\n\r\n${half}`)
}

/** Lets the beginning arrive before it does the rest. */
const after =
  (begin: Act, rest: Act): Act =>
  (exchange) => {
    if (begin === nothing) return rest(exchange)
    begin(exchange)
    setTimeout(() => rest(exchange), 15)
  }

const cut = (name: string, act: Act, reason: string, reasonInBody: string): ReadonlyArray<SecureFault> => [
  { name: `${name} before the response`, act, outcome: lost(reason), again: "unless once" },
  {
    name: `${name} within the head`,
    act: after(partOfHead, act),
    outcome: lost(reason),
    again: "unless once"
  },
  {
    name: `${name} within the body`,
    act: after(partOfBody, act),
    outcome: lost(reasonInBody),
    again: "unless once"
  }
]

/** Bytes of a record that claims to be encrypted, and is not. */
const forgedRecord = (): Buffer => Buffer.concat([Buffer.from([23, 3, 3, 0, 32]), randomBytes(32)])

/** In either protocol. The outcomes are those of Node, whose `fetch` speaks HTTP/1.1. */
export const secureFaults: ReadonlyArray<SecureFault> = [
  ...cut("over TLS, a close", ({ tls }) => void tls.end(), "closed", "incomplete-body"),
  ...cut("over TLS, a close without close_notify", ({ raw }) => void raw.end(), "closed", "incomplete-body"),
  ...cut("over TLS, a reset", ({ raw }) => void raw.resetAndDestroy(), "reset", "reset"),
  {
    name: "over TLS, an invalid record",
    act: ({ raw }) => void raw.write(forgedRecord()),
    outcome: { _tag: "ClerkTimeout", phase: "attempt", sent: "maybe" },
    again: "unless once"
  }
]

const giveUp =
  (code: frames.Code): Act =>
  ({ stream, tls }) =>
    void tls.write(frames.resetStream(stream, code))

/** States that the server has processed no stream from this one on. */
const refuseBy =
  (code: frames.Code): Act =>
  ({ stream, tls }) =>
    void tls.write(frames.goAway(Math.max(0, stream - 2), code))

/** In HTTP/2 alone. The outcomes are those of Deno, the one runtime that speaks it. */
export const http2Faults: ReadonlyArray<SecureFault> = [
  {
    name: "a refused stream",
    act: giveUp("REFUSED_STREAM"),
    outcome: lost("reset", "no"),
    again: "always"
  },
  ...(["NO_ERROR", "INTERNAL_ERROR", "CANCEL", "ENHANCE_YOUR_CALM"] as const).map((code) => ({
    name: `a stream given up with ${code}`,
    act: giveUp(code),
    outcome: lost("reset"),
    again: "unless once" as const
  })),
  ...(["PROTOCOL_ERROR", "HTTP_1_1_REQUIRED"] as const).map((code) => ({
    name: `a stream given up with ${code}`,
    act: giveUp(code),
    outcome: lost("protocol"),
    again: "never" as const
  })),
  {
    name: "a stream given up within the head",
    act: after(partOfHead, giveUp("INTERNAL_ERROR")),
    // No other frame may be between the parts of a head.
    outcome: lost("protocol"),
    again: "never"
  },
  {
    name: "a stream given up within the body",
    act: after(partOfBody, giveUp("INTERNAL_ERROR")),
    outcome: lost("incomplete-body"),
    again: "unless once"
  },
  {
    name: "a stream refused within the body",
    act: after(partOfBody, giveUp("REFUSED_STREAM")),
    outcome: lost("incomplete-body"),
    again: "unless once"
  },
  {
    name: "a stream cancelled within the body",
    act: after(partOfBody, giveUp("CANCEL")),
    // Deno and undici accept it as the end, for any announced length.
    outcome: lost("incomplete-body"),
    again: "unless once"
  },
  {
    name: "a body shorter than announced",
    act: ({ stream, tls }) =>
      void tls.write(Buffer.concat([frames.headers(stream, body.length), frames.lastData(stream, half)])),
    outcome: lost("incomplete-body"),
    again: "unless once"
  },
  {
    name: "a GOAWAY that excludes the stream",
    act: refuseBy("NO_ERROR"),
    outcome: lost("closed", "no"),
    again: "always"
  },
  {
    name: "a GOAWAY with an error that excludes the stream",
    act: refuseBy("INTERNAL_ERROR"),
    outcome: lost("closed"),
    again: "unless once"
  },
  {
    name: "a GOAWAY and a close before the response",
    act: ({ stream, tls }) => void tls.end(frames.goAway(stream, "NO_ERROR")),
    outcome: lost("closed"),
    again: "unless once"
  },
  {
    name: "invalid frames",
    act: ({ tls }) => void tls.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"),
    outcome: lost("protocol"),
    again: "never"
  }
]
