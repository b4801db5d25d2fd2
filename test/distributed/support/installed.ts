import { spawnSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { dirname, join } from "node:path"

export interface InstalledServers {
  /** The path of `redis-server`. */
  readonly redisServer: string
  /** The folder of `initdb`, `postgres` and `psql`. */
  readonly postgresBin: string
}

export const onPath = (name: string): string | undefined => {
  const { status, stdout } = spawnSync("which", [name], { encoding: "utf8" })
  return status === 0 ? stdout.trim() : undefined
}

const debianFolder = "/usr/lib/postgresql"

/** The newest PostgreSQL of Debian, which is in none of the folders of `PATH`, or another one. */
const findPostgres = (): string | undefined => {
  const versions = existsSync(debianFolder) ? readdirSync(debianFolder) : []
  const ofDebian = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(debianFolder, version, "bin"))
  const initdb = onPath("initdb")
  return [...ofDebian, ...(initdb === undefined ? [] : [dirname(initdb)])].find((folder) =>
    ["initdb", "postgres", "psql"].every((name) => existsSync(join(folder, name)))
  )
}

const find = (): InstalledServers | undefined => {
  const redisServer = onPath("redis-server")
  const postgresBin = findPostgres()
  return redisServer === undefined || postgresBin === undefined ? undefined : { redisServer, postgresBin }
}

const wanted = "Install them (on Debian: apt-get install redis-server postgresql)."

/** The servers of this machine. */
export const installedServers = (): InstalledServers => {
  const found = find()
  if (found === undefined) throw new Error(`These tests need Redis and PostgreSQL. ${wanted}`)
  return found
}

const aptGet = (...args: ReadonlyArray<string>) => {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  const { status, stderr } = spawnSync("apt-get", args, { encoding: "utf8", env })
  if (status !== 0) throw new Error(`apt-get ${args.join(" ")} failed: ${stderr.trim()}. ${wanted}`)
}

/**
 * Installs the servers, unless they are installed. Without servers there is nothing to test, so their absence is a failure
 * and not a skip. The services that Debian may start use other ports and other data than the tests.
 */
export const installServers = (): void => {
  if (find() !== undefined) return
  if (process.getuid?.() !== 0 || onPath("apt-get") === undefined) {
    throw new Error(`These tests need Redis and PostgreSQL, which are not installed. ${wanted}`)
  }
  process.stdout.write("The tests of a fleet need Redis and PostgreSQL. Installing them with apt-get.\n")
  aptGet("update")
  aptGet("install", "-y", "--no-install-recommends", "redis-server", "postgresql")
  installedServers()
}
