import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { major } from "../support/major.js"

const otherMajor = major === "effect3" ? "Effect 4" : "Effect 3"

/** Texts that only the package of the other major may have. */
const foreign = [
  new RegExp(`# ${otherMajor}$`, "m"),
  new RegExp(`@since ${otherMajor.at(-1)}\\.`),
  /```\w+ effect[34]/
]

/** Checks the documents of the unpacked tarball: their links, and that they are about this Effect major. */
export const checkDocuments = (folder: string): Effect.Effect<void, Error> =>
  Effect.gen(function* () {
    const { checkLinksOf, relativeLinksIn } = yield* Effect.promise(() => import("../support/links.mjs"))
    const names = yield* Effect.promise(() => readdir(folder, { recursive: true }))
    const texts = yield* Effect.promise(() =>
      Promise.all(
        names
          .filter((name) => /\.(?:md|txt)$|^(?:src|dist)\/.*\.ts$/.test(name))
          .map(async (name) => ({ name, text: await readFile(join(folder, name), "utf8") }))
      )
    )
    const documents = texts.filter(({ name }) => /\.(?:md|txt)$/.test(name))
    const { broken, count } = checkLinksOf(documents.map(({ name }) => join(folder, name)))
    const readme = documents.find(({ name }) => name === "README.md")?.text ?? ""
    const problems = [
      ...["README.md", "CHANGELOG.md", "llms.txt"]
        .filter((name) => documents.every((document) => document.name !== name))
        .map((name) => `${name} is missing`),
      ...broken,
      // npm shows the README outside the package.
      ...relativeLinksIn(readme)
        .filter((link) => !link.startsWith("#"))
        .map((link) => `README.md: ${link}: is relative`),
      ...texts.flatMap(({ name, text }) =>
        foreign.flatMap((sign) => (sign.test(text) ? [`${name}: contains ${sign}, of the other major`] : []))
      )
    ]
    if (count === 0) problems.push("the documents have no relative link")
    if (problems.length > 0) yield* Effect.fail(new Error(problems.join("\n")))
  })
