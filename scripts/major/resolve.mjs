// Resolves packages from the folder of one Effect major, for files outside node_modules. Node runs this in its loader thread.
import { existsSync } from "node:fs"

const root = new URL("../../", import.meta.url)
let toolchain
let sources

export const initialize = ({ major }) => {
  toolchain = new URL(`majors/${major}/package.json`, root).href
  sources = { "#major/": new URL(`src/${major}/`, root), "#test/": new URL(`test/${major}/`, root) }
}

const isBare = (specifier) =>
  /^(?:@[\w.-]+\/)?[a-z][\w.-]*(?:\/|$)/i.test(specifier) && !/^\w+:/.test(specifier)

const isOurs = (parent) =>
  parent?.startsWith(root.href) === true && !parent.slice(root.href.length).includes("node_modules/")

export const resolve = (specifier, context, next) => {
  if (!isOurs(context.parentURL)) return next(specifier, context)
  for (const [prefix, folder] of Object.entries(sources)) {
    if (specifier.startsWith(prefix)) {
      const file = new URL(specifier.slice(prefix.length).replace(/\.js$/, ".ts"), folder)
      if (existsSync(file)) return next(file.href, context)
    }
  }
  return isBare(specifier) && !specifier.startsWith("effect-clerk")
    ? next(specifier, { ...context, parentURL: toolchain })
    : next(specifier, context)
}
