// The index of the documentation for language models, `llms.txt`: the site has one, and so has each package.
import { readFileSync } from "node:fs"

/** A page's title, and the first sentence below it. */
export const summaryOf = (path, text = readFileSync(path, "utf8")) => {
  const title = /^# (.+)$/m.exec(text)?.[1]
  const paragraph = text
    .split(/\n\s*\n/)
    .map((block) => block.trim())
    .find((block) => /^(?!```|\[!\[|\[?!\[)[^#|!<>-]/.test(block))
  const sentence = /^.*?[.:](?=\s|$)/s.exec(paragraph ?? "")?.[0]
  if (title === undefined || sentence === undefined)
    throw new Error(`${path} has no title or no first sentence`)
  const plain = sentence.replaceAll("\n", " ").replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
  return { path, title, text, summary: plain.replace(/:$/, ".") }
}

/** The text of `llms.txt`. `linkOf` returns the place of a page. */
export const llmsText = ({ description, guides, linkOf, name, optional = [] }) => {
  const listed = (pages) =>
    pages.map(({ path, summary, title }) => `- [${title}](${linkOf(path)}): ${summary}`).join("\n")
  return [
    `# ${name}`,
    `> ${description}.`,
    ...["## Guides", listed(guides)],
    ...(optional.length === 0 ? [] : ["## Optional", listed(optional)]),
    ""
  ].join("\n\n")
}
