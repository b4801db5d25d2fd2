import { assert, describe, it } from "@effect/vitest"
import { lintText } from "../../scripts/prose/lint.js"
import { entries, parseEntries } from "../../scripts/prose/words.js"

const forms = entries.flatMap((entry) => entry.forms)

/** The word is taken from the list, so that this file contains no word of it. */
const form = forms.find((word) => word.startsWith("amongst")) ?? ""

/** One sentence of as many words. */
const sentenceOf = (words: number) => `A${" word".repeat(words - 1)}.`

/** The findings as `line:column message`. */
const findings = async (file: string, ...lines: ReadonlyArray<string>) =>
  (await lintText(file, lines.join("\n"))).map(({ line, column, message }) => `${line}:${column} ${message}`)

const incorrect = (word: string, replacement: string) =>
  `Incorrect term: “${word}”, use “${replacement.replaceAll(", ", " / ")}” instead`

describe("the prose lint", () => {
  it.each(entries.flatMap(({ forms, replacement }) => forms.map((word) => ({ word, replacement }))))(
    "reports $word in a document, a comment, a title and a message",
    async ({ word, replacement }) => {
      const message = incorrect(word, replacement)
      assert.deepStrictEqual(await findings("docs/a.md", "# Title", "", `The client ${word} it.`), [
        `3:12 ${message}`
      ])
      assert.deepStrictEqual(
        await findings(
          "src/a.ts",
          "/**",
          ` * The client ${word} it.`,
          " */",
          `const a = 1 // The client ${word} it.`,
          `it("says ${word}", () => {})`,
          `fail("the client ${word} it all")`,
          `fail(\`the \${client} \${of} ${word} it all\`)`
        ),
        [`2:15 ${message}`, `4:27 ${message}`, `5:10 ${message}`, `6:18 ${message}`, `7:27 ${message}`]
      )
    }
  )

  it("names the file", async () => {
    const [finding] = await lintText("docs/a.md", `The client ${form} it.`)
    assert.strictEqual(finding?.file, "docs/a.md")
  })

  it("finds a phrase that continues on the next line", async () => {
    const phrase = forms.find((word) => word.includes(" ")) ?? ""
    const [first = "", ...rest] = phrase.split(" ")
    assert.lengthOf(await findings("docs/a.md", `The client ${first}`, `${rest.join(" ")} it.`), 1)
    assert.lengthOf(await findings("src/a.ts", "/**", ` * It ${first}`, ` * ${rest.join(" ")} it.`, " */"), 1)
    assert.lengthOf(await findings("src/a.ts", `// It ${first}`, `// ${rest.join(" ")} it.`), 1)
  })

  it.each([
    ["code in a line", [`The client \`${form}\` it.`]],
    ["a code block", ["```ts", `The client ${form} it.`, "```"]],
    ["a part of a name", [`See ${form}.ts, ${form}-file and non-${form}.`]],
    ["a quoted value", [`The reason is "${form}" there.`]],
    ["a value in parentheses", [`It failed (${form}): no reason.`]],
    ["the address of a link", [`See [this](https://example.com/${form}).`]]
  ])("does not report %s", async (_, lines) => {
    assert.deepStrictEqual(await findings("docs/a.md", ...lines), [])
  })

  it("does not report identifiers, imports or examples in code", async () => {
    assert.deepStrictEqual(
      await findings(
        "src/a.ts",
        `import { ${form} } from "./${form}.js"`,
        "/**",
        " * @example",
        " * ```ts",
        ` * the client ${form} it`,
        " * ```",
        ` * {@link ${form}}`,
        ` * @since ${form}`,
        " */",
        `export const a = ${form}.${form}("${form}")`
      ),
      []
    )
  })

  it("reports no phrase that an entry allows", async () => {
    for (const phrase of entries.flatMap((entry) => entry.exceptions)) {
      assert.deepStrictEqual(await findings("docs/a.md", `The ${phrase} is here.`), [], phrase)
    }
  })

  it.each([
    ["docs/a.md", (text: string) => [text], "1:1"],
    ["docs/a.md", (text: string) => ["| a |", "|---|", `| ${text} |`], "3:3"],
    ["src/a.ts", (text: string) => [`// ${text}`], "1:4"],
    ["src/a.ts", (text: string) => ["/**", ` * ${text}`, " */"], "2:4"],
    ["src/a.ts", (text: string) => [`/** @returns ${text} */`], "1:14"],
    ["src/a.ts", (text: string) => [`fail("${text}")`], "1:7"]
  ])("reports a sentence of more than 25 words in %s", async (file, within, place) => {
    assert.deepStrictEqual(await findings(file, ...within(`${sentenceOf(25)} ${sentenceOf(25)}`)), [])
    assert.deepStrictEqual(await findings(file, ...within(sentenceOf(26))), [
      `${place} Sentence of 26 words, use at most 25`
    ])
  })

  it("reports a sentence that chains colons or semicolons", async () => {
    assert.deepStrictEqual(await findings("docs/a.md", "One: two. Three; four."), [])
    assert.deepStrictEqual(await findings("docs/a.md", "One: two; three."), [
      "1:1 Sentence with 2 colons or semicolons, use at most one"
    ])
  })

  it("allows a word in the paragraph after an exception with a reason", async () => {
    const exception = `prose-ignore ${form}: it is a name`
    const text = `The client ${form} it.`
    assert.lengthOf(await findings("docs/a.md", `<!-- ${exception} -->`, text, "", text), 1)
    assert.lengthOf(await findings("src/a.ts", `// ${exception}`, `// ${text}`, "", `// ${text}`), 1)
    assert.lengthOf(await findings("src/a.ts", `// ${exception}`, `it("${text}", f)`, `it("${text}", f)`), 1)
    assert.lengthOf(await findings("src/a.ts", "f(1,", `// ${exception}`, `"it was ${form} the rest")`), 0)
    assert.lengthOf(await findings("docs/a.md", "<!-- prose-ignore other: a reason -->", text), 1)
  })

  it("allows a long sentence after an exception with a reason", async () => {
    const exception = "<!-- prose-ignore sentence: quotes the RFC -->"
    assert.deepStrictEqual(await findings("docs/a.md", exception, sentenceOf(26)), [])
  })

  it("rejects an exception without a reason", async () => {
    const text = `The client ${form} it.`
    assert.lengthOf(await findings("docs/a.md", `<!-- prose-ignore ${form} -->`, text), 1)
    assert.lengthOf(await findings("docs/a.md", `<!-- prose-ignore ${form}: -->`, text), 1)
  })

  it("rejects a word list with a line that is no entry", () => {
    assert.throws(() => parseEntries("# comment\n\nword"), 'words.txt:3: expected "word -> replacement"')
  })
})
