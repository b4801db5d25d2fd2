import { spawnSync } from "node:child_process"
import { accessSync, constants } from "node:fs"

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const onPath = (name: string): string | undefined => {
  const { status, stdout } = spawnSync("which", [name], { encoding: "utf8" })
  return status === 0 ? stdout.trim() : undefined
}

const installed = () =>
  ["/usr/bin/chromium", ...names.map(onPath)].find((path) => path !== undefined && isExecutable(path))

const wanted =
  "Install it (on Debian: apt-get install chromium), or set CHROMIUM_PATH to a Chromium or Chrome."

const aptGet = (...args: ReadonlyArray<string>) => {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  const { status, stderr } = spawnSync("apt-get", args, { encoding: "utf8", env })
  if (status !== 0) throw new Error(`apt-get ${args.join(" ")} failed: ${stderr.trim()}. ${wanted}`)
}

const install = () => {
  process.stdout.write(
    "The browser test needs Chromium, which is not installed. Installing it with apt-get.\n"
  )
  aptGet("update")
  aptGet("install", "-y", "--no-install-recommends", "chromium")
}

/** The browser to drive. Without a browser there is nothing to test, so its absence is a failure and not a skip. */
export const findChromium = (): string => {
  const chosen = process.env["CHROMIUM_PATH"] ?? ""
  if (chosen !== "" && !isExecutable(chosen)) {
    throw new Error(`CHROMIUM_PATH is ${chosen}, which is not an executable file.`)
  }
  const found = chosen === "" ? installed() : chosen
  if (found !== undefined) return found
  if (process.getuid?.() !== 0 || onPath("apt-get") === undefined) {
    throw new Error(`The browser test needs Chromium, which is not installed. ${wanted}`)
  }
  install()
  const fresh = installed()
  if (fresh === undefined) throw new Error(`apt-get installed Chromium in an unknown place. ${wanted}`)
  return fresh
}
