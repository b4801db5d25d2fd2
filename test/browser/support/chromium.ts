import { execFileSync, spawnSync } from "node:child_process"
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

const install = () => {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  for (const args of [["update"], ["install", "-y", "chromium"]]) {
    execFileSync("apt-get", ["-q", ...args], { env, stdio: ["ignore", "ignore", "inherit"] })
  }
}

const wanted =
  "Install it (on Debian: apt-get install chromium), or set CHROMIUM_PATH to a Chromium or Chrome."

/** The browser to drive. Without one there is nothing to test, so its absence fails instead of skipping. */
export const findChromium = (): string => {
  const chosen = process.env["CHROMIUM_PATH"]
  if (chosen !== undefined && chosen !== "") {
    if (isExecutable(chosen)) return chosen
    throw new Error(`CHROMIUM_PATH is ${chosen}, which cannot be executed.`)
  }
  const found = installed()
  if (found !== undefined) return found
  if (process.getuid?.() !== 0 || onPath("apt-get") === undefined) {
    throw new Error(`The browser test needs Chromium, and there is none. ${wanted}`)
  }
  install()
  const fresh = installed()
  if (fresh === undefined) throw new Error(`apt-get installed no chromium that can be found. ${wanted}`)
  return fresh
}
