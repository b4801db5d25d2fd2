import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { createInterface } from "node:readline"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { callback } from "#test/fiber.js"

const ip = (...args: ReadonlyArray<string>): string => {
  const { status, stdout, stderr } = spawnSync("ip", args, { encoding: "utf8" })
  if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr}`)
  return stdout
}

/** Why this machine has no network namespaces for a test, or `undefined` when it has. */
export const missing = (): string | undefined => {
  if (process.platform !== "linux") return "network namespaces exist on Linux only"
  if (process.getuid?.() !== 0) return "network namespaces need root"
  const name = `clerk-probe-${process.pid}`
  const { error, status, stderr } = spawnSync("ip", ["netns", "add", name], { encoding: "utf8" })
  if (error !== undefined) return "the command `ip` is not installed (Debian: iproute2)"
  if (status !== 0) return `network namespaces cannot be made here: ${stderr.trim()}`
  ip("netns", "del", name)
  return undefined
}

/** A program in a namespace, by the lines it writes and reads. */
export interface Program {
  /** Waits for the next line. */
  readonly next: Effect.Effect<string>
  readonly tell: (line: string) => void
}

/** How the client loses its route to the server once there is a connection. */
export type RouteLoss = "unreachable" | "prohibit" | "blackhole" | "removed"

export interface Namespaces {
  readonly serverAddress: string
  /** Runs a command in the namespace of the client or in that of the server. */
  readonly run: (
    where: "client" | "server",
    command: ReadonlyArray<string>
  ) => Effect.Effect<Program, never, Scope.Scope>
  /** The server still receives what the client sends. Its own packets are lost, acknowledgements too. */
  readonly loseReplies: Effect.Effect<void>
  /** The client has no route to the server any more. Its connections fail after some time. */
  readonly loseRoute: (how: RouteLoss) => Effect.Effect<void>
}

const clientAddress = "10.254.254.1"
const serverAddress = "10.254.254.2"

/** An unused hardware address. */
const nobody = "02:00:00:00:00:fe"

const start = (namespace: string, command: ReadonlyArray<string>) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(
        (): ChildProcess =>
          spawn(
            "ip",
            ["netns", "exec", namespace, ...command],
            // A failure to start shows on stderr.
            { stdio: ["pipe", "pipe", "inherit"] }
          )
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    ),
    (child): Program => {
      const lines: Array<string> = []
      const waiting: Array<(line: string) => void> = []
      if (child.stdout !== null) {
        createInterface({ input: child.stdout }).on("line", (line) => {
          const first = waiting.shift()
          if (first === undefined) lines.push(line)
          else first(line)
        })
      }
      return {
        next: callback<string>((resume) => {
          const line = lines.shift()
          if (line !== undefined) return resume(Effect.succeed(line))
          waiting.push((late) => resume(Effect.succeed(late)))
        }),
        tell: (line) => void child.stdin?.write(`${line}\n`)
      }
    }
  )

let made = 0

/** Two namespaces that a virtual cable connects, until the scope ends. Nothing leaves them. */
export const namespaces: Effect.Effect<Namespaces, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      const id = `${process.pid}-${made++}`
      const [client, server] = [`clerk-c-${id}`, `clerk-s-${id}`]
      ip("netns", "add", client)
      ip("netns", "add", server)
      ip("link", "add", "cable", "netns", client, "type", "veth", "peer", "name", "cable", "netns", server)
      for (const [name, address] of [
        [client, clientAddress],
        [server, serverAddress]
      ] as const) {
        ip("-n", name, "address", "add", `${address}/24`, "dev", "cable")
        ip("-n", name, "link", "set", "lo", "up")
        ip("-n", name, "link", "set", "cable", "up")
      }
      // A connection fails after three seconds without an acknowledgement instead of a quarter of an hour.
      const sysctl = "echo 3 > /proc/sys/net/ipv4/tcp_retries2"
      ip("netns", "exec", client, "sh", "-c", sysctl)
      return { client, server }
    }),
    ({ client, server }) =>
      Effect.sync(() => {
        for (const name of [client, server]) ip("netns", "del", name)
      })
  ),
  (names) => ({
    serverAddress,
    run: (where, command) => start(names[where], command),
    loseReplies: Effect.sync(() => {
      const neighbour = ["neighbour", "replace", clientAddress, "lladdr", nobody, "nud", "permanent"]
      ip("-n", names.server, ...neighbour, "dev", "cable")
    }),
    loseRoute: (how) =>
      Effect.sync(() => {
        if (how === "removed") ip("-n", names.client, "route", "del", "10.254.254.0/24")
        else ip("-n", names.client, "route", "add", how, `${serverAddress}/32`)
      })
  })
)
