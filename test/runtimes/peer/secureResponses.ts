import type { Socket } from "node:net"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { selfSigned } from "../../faults/support/certificate.js"
import * as frames from "../../faults/support/frames.js"
import {
  type Exchange,
  goodOver,
  type Protocol,
  type Secure as Served,
  secure
} from "../../faults/support/secure.js"
import { http2Faults, type SecureFault, secureFaults } from "../../faults/support/secureTable.js"
import type { Secure } from "../support/manifest.js"
import { type Family, faultCase, protocols } from "./expectations.js"

export interface Played {
  readonly path: string
  readonly protocol: Protocol
  readonly at: number
  /** Its connection had carried another one. */
  readonly reused: boolean
}

export interface SecureScenes {
  readonly certificate: string
  readonly seenAt: (path: string) => ReadonlyArray<Played>
  readonly manifestFor: (runtime: string, family: Family) => Secure
}

type Act = (exchange: Exchange) => void

/** Sends a GOAWAY, and still responds. */
const closing: Act = (exchange) => {
  const { protocol, stream, tls } = exchange
  if (protocol === "h2") tls.write(frames.goAway(stream, "NO_ERROR"))
  setTimeout(() => goodOver(exchange), 15)
}

/** Responds to a few at a time, and rejects the others. */
const busy = (): Act => {
  let answering = 0
  return (exchange) => {
    const { protocol, stream, tls } = exchange
    if (protocol === "h2" && answering === 4)
      return void tls.write(frames.resetStream(stream, "REFUSED_STREAM"))
    answering++
    setTimeout(() => {
      answering--
      goodOver(exchange)
    }, 20)
  }
}

/** Not the name of the runtime alone, whose requests without TLS go to such paths as well. */
const at = ({ url }: Served, runtime: string) => `${url}/${runtime}-tls`

/** Servers with TLS, whose paths begin with `/<runtime>/<scene>`: two without a fault, and two for each fault. */
export const makeSecureScenes: Effect.Effect<SecureScenes, never, Scope.Scope> = Effect.gen(function* () {
  const certificate = selfSigned({ host: "127.0.0.1" })
  const log: Array<Played> = []
  const used = new WeakSet<Socket>()
  const busily = busy()

  const serve = (fault: Act, offered: ReadonlyArray<Protocol> = ["h2", "http/1.1"]) =>
    secure({
      certificate,
      protocols: offered,
      act: (exchange) => {
        const { path, protocol, raw } = exchange
        const address = path.split("/v1/")[0] ?? ""
        const isFirst = !log.some((seen) => seen.path.startsWith(`${address}/v1/`))
        log.push({ path, protocol, at: performance.now(), reused: used.has(raw) })
        used.add(raw)
        switch (address.split("/")[2]) {
          case "every":
            return fault(exchange)
          case "first":
            return (isFirst ? fault : goodOver)(exchange)
          case "later":
            return (isFirst ? goodOver : fault)(exchange)
          case "busy":
            return busily(exchange)
          default:
            return goodOver(exchange)
        }
      }
    })

  const pair = (offered?: ReadonlyArray<Protocol>) => (fault: SecureFault) =>
    Effect.map(
      Effect.all([serve(fault.act, offered), serve(fault.act, offered)]),
      ([faultServer, quiet]) => ({
        fault,
        faultServer,
        quiet
      })
    )
  const well = yield* serve(goodOver)
  const closingServer = yield* serve(closing)
  const ofEither = yield* Effect.forEach(secureFaults, pair())
  const ofHttp2 = yield* Effect.forEach(http2Faults, pair())
  const ofHttp1 = yield* Effect.forEach(secureFaults, pair(["http/1.1"]))
  /** A runtime that speaks HTTP/2 still has to speak HTTP/1.1 with a server that does not. */
  const serversFor = (family: Family) => {
    const as = (spoken: Family) => (server: (typeof ofEither)[number]) => ({ ...server, family: spoken })
    if (protocols[family] !== "h2") return ofEither.map(as(family))
    // Over HTTP/1.1 Node 26 is like the versions before.
    const overHttp1 = family === "node-26" ? "node" : family
    return [...[...ofEither, ...ofHttp2].map(as(family)), ...ofHttp1.map(as(overHttp1))]
  }

  return {
    certificate: certificate.cert,
    seenAt: (path) => log.filter((seen) => seen.path.startsWith(`${path}/v1/`)),
    manifestFor: (runtime, family) => ({
      protocol: protocols[family],
      resendsReads: family === "node-26",
      faultServer: at(well, runtime),
      closings: at(closingServer, runtime),
      faults: serversFor(family).map(({ fault, quiet, faultServer, family: spoken }, index) => ({
        ...faultCase(fault, index, spoken),
        faultServer: at(faultServer, runtime),
        quiet: at(quiet, runtime)
      }))
    })
  }
})
