import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Root from "effect-clerk"
import { entries, root } from "../support/compiler.js"

const guides = ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)]
  .filter((path) => path.endsWith(".md"))
  .map((path) => readFileSync(join(root, path), "utf8"))
  .join("\n")

const modules = await Promise.all(
  [...entries].map(
    async ([entry, path]): Promise<readonly [entry: string, values: object]> => [
      entry,
      await import(join(root, path))
    ]
  )
)

const isNamespace = (value: unknown): value is object =>
  Object.prototype.toString.call(value) === "[object Module]"

type Exported = readonly [name: string, within: string | undefined]

/** Every value an entry exports, with the name of the namespace it stands in. */
const valuesOf = (values: object, within?: string): ReadonlyArray<Exported> =>
  Object.entries(values).flatMap(
    ([name, value]): ReadonlyArray<Exported> =>
      isNamespace(value) ? valuesOf(value, name) : [[name, within]]
  )

/** As code: `Sessions.get`, or `get` beside `Sessions` where the name alone is a common word. */
const isInGuides = (name: string, within: string | undefined) =>
  new RegExp(`(?<![\\w$])${within === undefined ? name : `${within}\\.${name}`}(?![\\w$])`).test(guides)

describe("the exports of the package", () => {
  it("are all in a guide", () => {
    const missing = modules.flatMap(([entry, values]) => {
      const namespace = /\/([A-Z]\w+)$/.exec(entry)?.[1]
      // The module of a namespace: `Sessions.get` is `get` of `effect-clerk/Sessions`.
      const within =
        namespace !== undefined && isNamespace(Reflect.get(Root, namespace)) ? namespace : undefined
      return valuesOf(values, namespace === "Undici" ? namespace : within)
        .filter(([name, within]) => !isInGuides(name, within))
        .map(([name, within]) => `${entry}: ${within === undefined ? "" : `${within}.`}${name}`)
    })
    assert.deepStrictEqual([...new Set(missing)], [])
  })

  it("are reachable from the root, except those of undici and of the wire", () => {
    const apart =
      /^effect-clerk\/(?:Undici|SessionRequests|Ids: IdText|bulk|fleet|http-api|revocations|testing|webhooks)/
    const missing = modules
      .flatMap(([entry, values]) => {
        const namespace = Reflect.get(Root, entry.replace("effect-clerk/", ""))
        const reachable = isNamespace(namespace) ? namespace : Root
        return Object.keys(values)
          .filter((name) => !Object.hasOwn(reachable, name))
          .map((name) => `${entry}: ${name}`)
      })
      .filter((each) => !apart.test(each))
    assert.deepStrictEqual(missing, [])
  })

  it("include no helper", () => {
    const names = modules.flatMap(([, values]) => valuesOf(values).map(([name]) => name))
    for (const name of ["callFields", "filledIn", "withJson"]) assert.notInclude(names, name)
  })

  it("are in entries named after the module, with groups of modules in lower case", () => {
    for (const [entry, path] of entries) {
      if (entry === "effect-clerk") continue
      const name = entry.replace("effect-clerk/", "")
      const expected = path.endsWith("/index.ts") ? /^[a-z-]+$/ : /^[A-Z]\w+$/
      assert.match(name, expected)
      assert.strictEqual(
        path
          .replace(/\/index\.ts$|\.ts$/, "")
          .split("/")
          .pop(),
        name
      )
    }
  })
})
