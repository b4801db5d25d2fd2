import { execFile, spawnSync } from "node:child_process"
import { chownSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import {
  type Child,
  familyOf,
  isRunning,
  signalAll,
  spawnChild,
  type User,
  wait,
  waitUntil
} from "./children.js"
import { installedServers } from "./installed.js"

/*
 * A private Redis and a private PostgreSQL on free ports of the loopback address. They end with their scope, and with the
 * process of the test in any case.
 */

/** A server that a test can break. */
export interface PrivateServer {
  readonly host: "127.0.0.1"
  /** The port, which stays the same after a restart. */
  readonly port: number
  /** The URL for a client. */
  readonly url: string
  /** The folder of the data, which is removed at the end. */
  readonly folder: string
  /** Ends the server as its service would. */
  readonly stop: Effect.Effect<void>
  /** Ends the server at once with SIGKILL. */
  readonly kill: Effect.Effect<void>
  /** Stops all its processes with SIGSTOP. The kernel still accepts connections, but nothing responds. */
  readonly hang: Effect.Effect<void>
  /** Continues a server that hangs. */
  readonly resume: Effect.Effect<void>
  /** Removes all data. */
  readonly flush: Effect.Effect<void>
  /** Starts the server on the same port with the data that it has kept, after a `stop` if it runs. */
  readonly restart: Effect.Effect<void>
}

/** What is different between the servers. */
interface Kind {
  readonly name: string
  readonly url: (port: number) => string
  /** The user that runs the server and owns its data. */
  readonly user?: User | undefined
  readonly prepare: (folder: string) => Promise<void>
  readonly command: (port: number, folder: string) => readonly [string, ...ReadonlyArray<string>]
  readonly isReady: (port: number) => Promise<boolean>
  readonly flush: (port: number) => Promise<unknown>
  /** The signal that ends the server in an orderly way, without waiting for its clients. */
  readonly stopSignal: NodeJS.Signals
}

const host = "127.0.0.1"

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.on("error", () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })

/**
 * Finds a free port below those that the kernel gives to clients. A client that reconnects to a port of those, while no
 * server listens, can connect to itself and so take the port.
 */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    if (await isFree(port)) return port
  }
}

/** Starts a server, and returns it when it responds. Fails with its output if it ends before. */
const startOn = async (kind: Kind, port: number, folder: string): Promise<Child> => {
  const child = spawnChild(
    kind.command(port, folder),
    { cwd: folder, stdio: ["ignore", "pipe", "pipe"] },
    kind.user
  )
  const failed = (what: string) => `${kind.name} on port ${port} ${what}: ${child.output()}`
  await waitUntil(
    () => child.hasEnded() || kind.isReady(port),
    () => failed("did not become ready")
  )
  if (child.hasEnded()) throw new Error(failed("ended"))
  return child
}

/** Starts a server for the first time. Another process can take a free port before the server does. */
const start = async (kind: Kind, folder: string) => {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      return { port, child: await startOn(kind, port, folder) }
    } catch (error) {
      if (attempt === 3) throw error
    }
  }
}

const killNow = async ({ pid, ended }: Child): Promise<void> => {
  const family = familyOf(pid)
  signalAll(family, "SIGKILL")
  await ended
  // PostgreSQL starts again only after the last of its processes has left the shared memory.
  await waitUntil(
    () => !family.some(isRunning),
    () => "a process did not end by SIGKILL"
  )
}

const stopNow = async (child: Child, signal: NodeJS.Signals): Promise<void> => {
  if (child.hasEnded()) return
  signalAll(familyOf(child.pid), "SIGCONT")
  signalAll([child.pid], signal)
  await Promise.race([child.ended, wait(10_000)])
  await killNow(child)
}

const serve = (kind: Kind): Effect.Effect<PrivateServer, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const folder = await mkdtemp(join(tmpdir(), `effect-clerk-${kind.name}-`))
      try {
        if (kind.user !== undefined) chownSync(folder, kind.user.uid, kind.user.gid)
        await kind.prepare(folder)
        return { folder, ...(await start(kind, folder)) }
      } catch (error) {
        await rm(folder, { recursive: true, force: true })
        throw error
      }
    }),
    (running) =>
      Effect.promise(async () => {
        if (!running.child.hasEnded()) await killNow(running.child)
        await rm(running.folder, { recursive: true, force: true })
      })
  ).pipe(
    Effect.map((running): PrivateServer => {
      const { folder, port } = running
      const stop = () => stopNow(running.child, kind.stopSignal)
      return {
        host,
        port,
        url: kind.url(port),
        folder,
        stop: Effect.promise(stop),
        kill: Effect.promise(() => killNow(running.child)),
        hang: Effect.sync(() => signalAll(familyOf(running.child.pid), "SIGSTOP")),
        resume: Effect.sync(() => signalAll(familyOf(running.child.pid), "SIGCONT")),
        flush: Effect.asVoid(Effect.promise(() => kind.flush(port))),
        restart: Effect.promise(async () => {
          await stop()
          running.child = await startOn(kind, port, folder)
        })
      }
    })
  )

/** Sends one command to a Redis, and returns the first line of the response. */
export const redisCommand = (port: number, command: string, limit = 1_000): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, host)
    const fail = (error: Error) => {
      socket.destroy()
      reject(error)
    }
    let text = ""
    socket.setTimeout(limit, () => fail(new Error(`Redis did not respond within ${limit} ms`)))
    socket.on("error", fail)
    socket.on("close", () => reject(new Error("Redis closed the connection")))
    socket.on("data", (chunk) => {
      text += chunk
      if (!text.includes("\r\n")) return
      resolve(text.slice(0, text.indexOf("\r\n")))
      socket.destroy()
    })
    socket.write(`${command}\r\n`)
  })

/**
 * Starts a private Redis.
 *
 * Without `appendOnly` it keeps its data in memory only, so that a restart loses them.
 */
export const redis = ({
  appendOnly = false
}: {
  readonly appendOnly?: boolean
} = {}): Effect.Effect<PrivateServer, never, Scope.Scope> =>
  Effect.suspend(() => {
    const { redisServer } = installedServers()
    return serve({
      name: "redis",
      url: (port) => `redis://${host}:${port}`,
      prepare: () => Promise.resolve(),
      command: (port, folder) => [
        redisServer,
        ...["--port", String(port), "--bind", host, "--dir", folder, "--daemonize", "no", "--save", ""],
        ...["--appendonly", appendOnly ? "yes" : "no"]
      ],
      isReady: async (port) => (await redisCommand(port, "PING").catch(String)) === "+PONG",
      flush: (port) => redisCommand(port, "FLUSHALL"),
      stopSignal: "SIGTERM"
    })
  })

/** Runs SQL with `psql`, and returns its rows. Rejects on an error of SQL, and after a limit of milliseconds. */
export const psql = (port: number, sql: string, limit = 10_000): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(
      join(installedServers().postgresBin, "psql"),
      ["-XqAt", "-v", "ON_ERROR_STOP=1", "-h", host, "-p", String(port), "-U", "postgres", "-c", sql],
      { timeout: limit, killSignal: "SIGKILL", env: { ...process.env, PGCLIENTENCODING: "UTF8" } },
      (error, stdout) => (error === null ? resolve(stdout.trim()) : reject(error))
    )
  })

/** The user of PostgreSQL, which does not run as root. */
const postgresUser = (): User | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout)
  return { uid: id("-u"), gid: id("-g") }
}

/** Starts a private PostgreSQL, whose user and database are `postgres`. It needs no password. */
export const postgres: Effect.Effect<PrivateServer, never, Scope.Scope> = Effect.suspend(() => {
  const { postgresBin } = installedServers()
  const user = postgresUser()
  return serve({
    name: "postgres",
    url: (port) => `postgres://postgres@${host}:${port}/postgres`,
    user,
    prepare: async (folder) => {
      const child = spawnChild(
        [
          join(postgresBin, "initdb"),
          ...["-D", join(folder, "data"), "-U", "postgres", "--auth=trust", "--encoding=UTF8"],
          ...["--locale=C", "--no-sync"]
        ],
        { cwd: folder, stdio: ["ignore", "pipe", "pipe"] },
        user
      )
      if ((await child.ended) !== 0) throw new Error(`initdb failed: ${child.output()}`)
    },
    command: (port, folder) => [
      join(postgresBin, "postgres"),
      ...["-D", join(folder, "data"), "-p", String(port), "-h", host, "-k", ""],
      // The data need to survive a process, not the machine.
      ...["-c", "fsync=off", "-c", "shared_buffers=32MB"]
    ],
    isReady: (port) =>
      psql(port, "SELECT 1").then(
        (rows) => rows === "1",
        () => false
      ),
    flush: (port) => psql(port, "DROP SCHEMA public CASCADE; CREATE SCHEMA public"),
    stopSignal: "SIGINT"
  })
})
