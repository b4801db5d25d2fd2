// The links of Markdown and HTML: their targets, the anchors they may lead to, and the broken ones. External URLs are not
// fetched.
import { existsSync, readFileSync, statSync } from "node:fs"
import { dirname, join, normalize } from "node:path"

export const isElsewhere = (target) => /^(https?:|mailto:|data:|javascript:)/.test(target)

/** The anchors of headings, as repositories make them: letters, digits, hyphens. */
const anchorOf = (heading) =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll("`", "")
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-")

const withoutBlocks = (markdown) => markdown.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, "")

/** Code, which has no links, or a link: `](target`, `[name]: target`, or an attribute of HTML. */
const codeOrLink =
  /(?<code>^(?<margin> *)```[\s\S]*?^\k<margin>```$|`[^`\n]*`)|(?<before>\]\(|^\[[^\]\n]+\]: +|\s(?:href|src|srcset)=")(?<target>[^)\s"]+)/gm

/** Replaces the target of each link in a Markdown text. */
export const mapLinks = (markdown, map) =>
  markdown.replaceAll(codeOrLink, (...matched) => {
    const { before, code, target } = matched.at(-1)
    return code ?? `${before}${map(target)}`
  })

const linksIn = {
  md: (text) =>
    [...text.matchAll(codeOrLink)].flatMap(({ groups: { target } }) =>
      target === undefined ? [] : [target]
    ),
  html: (text) =>
    Array.from(text.matchAll(/\s(?:href|src)="([^"]*)"/g), ([, target]) =>
      target.replaceAll("&amp;", "&").replaceAll("&#x2F;", "/")
    )
}

const anchorsIn = {
  md: (text) => {
    const seen = new Map()
    const headings = withoutBlocks(text).matchAll(/^#{1,6} (.+)$/gm)
    const made = Array.from(headings, ([, heading]) => {
      const anchor = anchorOf(heading)
      const count = seen.get(anchor) ?? 0
      seen.set(anchor, count + 1)
      return count === 0 ? anchor : `${anchor}-${count}`
    })
    return [...made, ...anchorsIn.html(withoutBlocks(text))]
  },
  html: (text) => Array.from(text.matchAll(/\s(?:id|name)="([^"]*)"/g), ([, id]) => id)
}

/** `llms.txt` is Markdown. */
const kindOf = (file) => (/\.(?:md|txt)$/.test(file) ? "md" : file.endsWith(".html") ? "html" : undefined)

const anchors = new Map()

const hasAnchor = (file, anchor) => {
  const kind = kindOf(file)
  if (kind === undefined) return true
  if (!anchors.has(file)) anchors.set(file, new Set(anchorsIn[kind](readFileSync(file, "utf8"))))
  return anchors.get(file).has(anchor)
}

const flawOf = (file, link) => {
  const [path, anchor] = link.split("#", 2).map((part) => decodeURIComponent(part))
  const named = path === "" ? file : normalize(join(dirname(file), path))
  const isFolder = existsSync(named) && statSync(named).isDirectory()
  // A server responds with a folder's index.
  const target = isFolder && kindOf(file) === "html" ? join(named, "index.html") : named
  if (!existsSync(target)) return "there is no such file"
  return anchor === undefined || anchor === "" || hasAnchor(target, anchor)
    ? undefined
    : "there is no such place in it"
}

/** The number of relative links in these files, and the broken ones. */
export const checkLinksOf = (files) => {
  const broken = new Set()
  let count = 0
  for (const file of files) {
    for (const link of linksIn[kindOf(file)](readFileSync(file, "utf8"))) {
      if (isElsewhere(link)) continue
      count += 1
      const flaw = flawOf(file, link)
      if (flaw !== undefined) broken.add(`${file}: ${link}: ${flaw}`)
    }
  }
  return { count, broken: [...broken] }
}

/** The relative links of a Markdown text. */
export const relativeLinksIn = (markdown) => linksIn.md(markdown).filter((target) => !isElsewhere(target))
