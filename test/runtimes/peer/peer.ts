import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { ClerkEmulator } from "effect-clerk/testing"
import { callback, runner } from "#test/fiber.js"
import { HttpServer } from "#test/httpServer.js"
import { NodeHttpServer } from "#test/node.js"
import { selfSigned } from "../../faults/support/certificate.js"
import { good } from "../../faults/support/responses.js"
import { scripted } from "../../faults/support/scripted.js"
import { closedPort } from "../../support/loopback.js"
import type { FaultCase, Manifest, Unreachable } from "../support/manifest.js"
import { deviations, everyFault, type Family, faultCase, unreachableOutcomes } from "./expectations.js"
import { makeScenes } from "./responses.js"
import { makeSecureScenes } from "./secureResponses.js"
import { makeTokens } from "./tokens.js"

const faultCases = (family: Family): ReadonlyArray<FaultCase> =>
  everyFault.map((fault, index) => faultCase(fault, index, family))

/** The addresses where no connection can be made, each on a separate server. */
const makeUnreachable: Effect.Effect<
  Readonly<Record<keyof typeof unreachableOutcomes, string>>,
  never,
  Scope.Scope
> = Effect.gen(function* () {
  const plain = yield* scripted({
    act: () => {},
    accept: (socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"))
      return true
    }
  })
  const mute = yield* scripted({
    act: () => {},
    accept: (socket) => {
      socket.once("data", () => socket.end())
      return true
    }
  })
  const withCertificate = (from: number, to: number) =>
    Effect.map(scripted({ act: good, tls: selfSigned({ host: "127.0.0.1", from, to }) }), ({ url }) => url)
  return {
    "a port without a listener": yield* closedPort,
    // Most machines have both 127.0.0.1 and ::1 for it.
    "a name whose addresses refuse connections": (yield* closedPort).replace("127.0.0.1", "localhost"),
    "a host that does not exist": "https://nobody.invalid",
    "TLS to a port without TLS": `https://127.0.0.1:${plain.port}`,
    "a self-signed certificate": yield* withCertificate(-1, 1),
    "a certificate that has expired": yield* withCertificate(-9, -2),
    "a close within the handshake": `https://127.0.0.1:${mute.port}`
  }
})

const unreachableCases = (
  urls: Readonly<Record<keyof typeof unreachableOutcomes, string>>,
  family: Family
): ReadonlyArray<Unreachable> =>
  Object.entries(unreachableOutcomes).map(([name, usual]) => ({
    name,
    // The keys are the same.
    url: urls[name as keyof typeof urls],
    outcome: deviations[family][name]?.outcome ?? usual
  }))

const template = "conformance"

/** A user of this run only, so that no run sees another's sessions. */
const makeClerk = (url: string): Effect.Effect<Manifest["clerk"], never, ClerkEmulator> =>
  Effect.gen(function* () {
    const clerk = yield* ClerkEmulator
    const { id: userId } = yield* clerk.createUser()
    yield* clerk.createTemplate({ name: template })
    const { origin, refreshToken, session, sessionToken } = yield* clerk.signIn(userId, { age: "2 minutes" })
    return {
      url,
      secretKey: Redacted.value(clerk.secretKey),
      userId,
      template,
      browser: { sessionId: session.id, expiredToken: sessionToken, refreshToken, origin }
    }
  })

const listen = (handle: (request: IncomingMessage, response: ServerResponse) => void) =>
  Effect.acquireRelease(
    callback<ReturnType<typeof createServer>>((resume) => {
      const server = createServer(handle)
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  )

export interface Peer {
  /**
   * The setting of the conformance bundle. A `runtime` is a name for a path, unique for each run. The tests
   * over TLS are left out unless the runtime trusts the certificate of the peer.
   */
  readonly addressFor: (runtime: string, family: Family, trust?: "trusting") => string
  /** The peer's certificate, in PEM. */
  readonly certificate: string
}

const onServer: Effect.Effect<Peer, never, Scope.Scope | ClerkEmulator | HttpServer.HttpServer> = Effect.gen(
  function* () {
    const clerkUrl = yield* HttpServer.addressFormattedWith(Effect.succeed)
    const faultServer = yield* makeScenes
    const quiet = yield* makeScenes
    const unreachable = yield* makeUnreachable
    const secure = yield* makeSecureScenes
    const { runPromise } = yield* runner<ClerkEmulator>()

    const manifest = (name: string, family: Family, trust: string | undefined) =>
      Effect.gen(function* () {
        return {
          clerk: yield* makeClerk(clerkUrl),
          faultServer: `${faultServer.url}/${name}`,
          quiet: `${quiet.url}/${name}`,
          faults: faultCases(family),
          unreachable: unreachableCases(unreachable, family),
          tokens: yield* makeTokens(family),
          secure: trust === "trusting" ? secure.manifestFor(name, family) : undefined
        } satisfies Manifest
      })

    const answer = (url: URL): Effect.Effect<unknown, never, ClerkEmulator> => {
      const [, name = "", family = "", trust, question] = url.pathname.split("/")
      const path = url.searchParams.get("path") ?? ""
      const seen = [...faultServer.seenAt(path), ...secure.seenAt(path)]
      switch (question) {
        case "manifest":
          // `addressFor` has written it.
          return manifest(name, family as Family, trust)
        case "seen":
          return Effect.succeed({
            requests: seen.length,
            gaps: seen.slice(1).map(({ at }, index) => at - (seen[index]?.at ?? 0))
          })
        case "reused":
          return Effect.succeed([...quiet.seenAt(path), ...secure.seenAt(path)].map(({ reused }) => reused))
        case "protocols":
          return Effect.succeed(secure.seenAt(path).map(({ protocol }) => protocol))
        default:
          return Effect.map(
            Effect.forEach(faultServer.seenAt(path), ({ number }) => faultServer.closed(number)),
            (closed) => closed.every(Boolean)
          )
      }
    }

    const control = yield* listen((request, response) => {
      runPromise(answer(new URL(request.url ?? "/", "http://peer"))).then(
        (value) => response.end(JSON.stringify(value)),
        (failure) => response.writeHead(500).end(String(failure))
      )
    })
    const { port } = control.address() as AddressInfo // a server that listens on TCP has no other kind
    return {
      addressFor: (name, family, trust) => `http://127.0.0.1:${port}/${name}/${family}/${trust ?? "wary"}`,
      certificate: secure.certificate
    }
  }
)

const EmulatorLive = ClerkEmulator.layerServer.pipe(
  Layer.provideMerge(ClerkEmulator.layer()),
  Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })),
  Layer.orDie
)

/** The servers of the conformance tests: Clerk in memory, and servers with faults. On loopback, until the scope ends. */
export const peer: Effect.Effect<Peer, never, Scope.Scope> = Effect.flatMap(
  Layer.build(EmulatorLive),
  (context) => Effect.provide(onServer, context)
)
