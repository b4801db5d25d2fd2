// The configuration of TypeDoc for this package. It has the names of the entries, the places of module comments, the
// titles of the guides, and the documentation of Effect's own types.
import { basename, resolve, sep } from "node:path"
import { Application, Comment, Converter, ReflectionKind, RendererEvent } from "typedoc"
import ts from "typescript"
import { textFor } from "./support/majorText.mjs"
import { readMetadata } from "./support/metadata.mjs"

const major = process.env.EFFECT_MAJOR

const modules = {
  index: ["effect-clerk", "Sessions, tokens, errors and policies: what most programs import."],
  "http-api": ["effect-clerk/http-api", "Middlewares that protect an Effect server."],
  webhooks: ["effect-clerk/webhooks", "Webhooks of Clerk, verified and typed."],
  revocations: ["effect-clerk/revocations", "Session tokens rejected before they expire, in all processes."],
  fleet: ["effect-clerk/fleet", "One rate limit for all processes."],
  bulk: ["effect-clerk/bulk", "Durable jobs over many users, such as signing everybody out."],
  testing: ["effect-clerk/testing", "An in-memory Clerk, and a transport that records what is sent."],
  "services/Undici": ["effect-clerk/Undici", undefined]
}

const sources = resolve("src") + sep

// As in Effect's own sources, a comment at the top without a declaration is about the module. TypeDoc requires
// a tag for it.
const moduleComment = /^\/\*\*\n(?=(?: \*.*\n)+\n*(?:import|export (?:type )?[{*]|\/\*\*))/
const readFile = ts.sys.readFile
ts.sys.readFile = (path, encoding) => {
  const text = readFile(path, encoding)
  if (text === undefined || !resolve(path).startsWith(sources)) return text
  return textFor(major, text, path).replace(moduleComment, "/**\n * @packageDocumentation\n")
}

/** The page of a module of Effect, such as `src/http/HttpClient.ts`. */
const apiReference = {
  effect3: (packageName, packagePath) => {
    const [, module] = /([^/]+?)(?:\.d)?\.ts$/.exec(packagePath) ?? []
    const name = packageName.replace("@effect/", "")
    return module === undefined || /^[a-z]/.test(module)
      ? undefined
      : `https://effect.website/docs/v3/api/${name}/${module}`
  },
  effect4: (_, packagePath) => {
    const [, module] = /^src\/((?:[a-z-]+\/)?[A-Z]\w*)\.ts$/.exec(packagePath) ?? []
    return module === undefined ? undefined : `https://effect.website/docs/v4/api/effect/${module}`
  }
}[major]

/** What an export lacks: a docstring, or the tag with its first version. A function has them at its signatures. */
const missing = (reflection) => {
  const parts = reflection.signatures ?? [reflection]
  if (!parts.every((part) => part.hasComment())) return "docstring"
  // The comments of modules and namespaces are not those of their files here.
  const isFolder = reflection.kindOf(ReflectionKind.Module | ReflectionKind.Namespace)
  const hasSince = ({ comment }) => comment.getTag("@since") !== undefined
  return isFolder || parts.some(hasSince) ? undefined : "@since tag"
}

/** @param {Application} app */
export const load = (app) => {
  app.on(Application.EVENT_BOOTSTRAP_END, () => {
    const { homepage, repository } = readMetadata()
    // For the canonical address of each page, and the site map.
    app.options.setValue("hostedBaseUrl", major === "effect3" ? `${homepage}effect3/` : homepage)
    app.options.setValue("navigationLinks", {
      GitHub: repository,
      ...(major === "effect3" ? { "Effect 4": homepage } : { "Effect 3": `${homepage}effect3/` })
    })
  })
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children ?? []) {
      const [name, summary] = modules[module.name] ?? []
      if (name === undefined) throw new Error(`${module.name} has no entry in scripts/docs-plugin.mjs`)
      module.name = name
      if (summary !== undefined) module.comment = new Comment([{ kind: "text", text: summary }])
    }
    // URLs come from the file names, which stay the same when a title changes.
    for (const document of project.documents ?? []) {
      document.name = basename(document.name).toLowerCase()
    }
  })
  app.renderer.on(RendererEvent.BEGIN, ({ project }) => {
    for (const document of project.documents ?? []) {
      const [, title] = /^# (.+)$/m.exec(document.content.map(({ text }) => text).join("")) ?? []
      if (title === undefined) throw new Error(`${document.name} has no title`)
      document.name = title
    }
  })
  app.on(Application.EVENT_VALIDATE_PROJECT, (project) => {
    for (const owner of project.getReflectionsByKind(ReflectionKind.Module | ReflectionKind.Namespace)) {
      for (const reflection of [owner, ...owner.children]) {
        const lacking = reflection.isReference() ? undefined : missing(reflection)
        if (lacking !== undefined) app.logger.warn(`${reflection.getFullName()} has no ${lacking}`)
      }
    }
  })
  app.converter.addUnknownSymbolResolver((_reference, _reflection, _part, symbolId) =>
    symbolId?.packageName === "effect" || symbolId?.packageName === "@effect/platform"
      ? apiReference(symbolId.packageName, symbolId.packagePath)
      : undefined
  )
}
