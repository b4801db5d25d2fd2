import type { Socket } from "node:net"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { ClerkEmulator } from "effect-clerk/testing"
import { bodyFor, good, jsonHead, whole, write } from "../../faults/support/responses.js"
import { type Act, type Scripted, type Seen, scripted } from "../../faults/support/scripted.js"
import { everyFault } from "./expectations.js"

const refusal = JSON.stringify({
  errors: [{ code: "code_of_the_peer", message: "said by the peer", meta: { param_name: "id" } }],
  clerk_trace_id: "trace_of_the_peer"
})

const half = bodyFor("/").slice(0, 100)

/** The behaviour of each scene for the first request on an address, and for the later ones. */
const faultServer = (
  jwks: string
): Readonly<Record<string, (detail: number) => readonly [first: Act, then: Act]>> => {
  const same = (act: Act) => () => [act, act] as const
  const faultOf = (index: number): Act => everyFault[index]?.act ?? (() => {})
  return {
    good: same(good),
    every: (index) => [faultOf(index), faultOf(index)],
    first: (index) => [faultOf(index), good],
    later: (index) => [good, faultOf(index)],
    status: (status) => {
      const act = write(whole(status, refusal, "content-type: application/json\r\nretry-after: 1\r\n"))
      return [act, act]
    },
    "ask-to-wait": () => [
      write(whole(429, refusal, "content-type: application/json\r\nretry-after: 1\r\n")),
      good
    ],
    silence: same(() => {}),
    head: same(write(`${jsonHead}content-length: 500\r\n\r\n`)),
    half: same(write(`${jsonHead}content-length: 500\r\n\r\n`, half)),
    chunks: same(write(`${jsonHead}transfer-encoding: chunked\r\n\r\n`, `64\r\n${half}\r\n`)),
    jwks: same((socket) => setTimeout(() => socket.write(whole(200, jwks)), 50))
  }
}

export interface Played extends Seen {
  readonly at: number
  /** Its connection had carried another one. */
  readonly reused: boolean
}

export interface Scenes extends Scripted {
  /** The requests to addresses that begin with `path`. */
  readonly seenAt: (path: string) => ReadonlyArray<Played>
}

/** A server whose paths begin with `/<runtime>/<scene>/<detail>`: each such address starts the scene from the beginning. */
export const makeScenes: Effect.Effect<Scenes, never, Scope.Scope | ClerkEmulator> = Effect.gen(function* () {
  const { jwks } = yield* ClerkEmulator
  const play = faultServer(JSON.stringify(jwks))
  const log: Array<Played> = []
  const used = new WeakSet<Socket>()
  const server = yield* scripted({
    act: (socket, request) => {
      const address = request.path.split("/v1/")[0] ?? ""
      const [, , scene = "", detail] = address.split("/")
      const isFirst = !log.some(({ path }) => path.startsWith(`${address}/v1/`))
      log.push({ ...request, at: performance.now(), reused: used.has(socket) })
      used.add(socket)
      const [first, then] = play[scene]?.(Number(detail)) ?? [good, good]
      const act = isFirst ? first : then
      act(socket, request)
    }
  })
  return { ...server, seenAt: (path) => log.filter((seen) => seen.path.startsWith(`${path}/v1/`)) }
})
