// Follows every link of the documentation, in the Markdown of the repository and in the built pages. Checks that the file
// exists and has the linked anchor. External URLs are not fetched.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { dirname, join, normalize } from "node:path"

const isElsewhere = (target) => /^(https?:|mailto:|data:|javascript:)/.test(target)

/** The anchors of headings, as repositories make them: letters, digits, hyphens. */
const anchorOf = (heading) =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll("`", "")
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-")

const withoutCode = (markdown) => markdown.replaceAll(/^```[\s\S]*?^```$/gm, "").replaceAll(/`[^`\n]*`/g, "")

const anchorsIn = {
  md: (text) => {
    const seen = new Map()
    const headings = text.replaceAll(/^```[\s\S]*?^```$/gm, "").matchAll(/^#{1,6} (.+)$/gm)
    return Array.from(headings, ([, heading]) => {
      const anchor = anchorOf(heading)
      const count = seen.get(anchor) ?? 0
      seen.set(anchor, count + 1)
      return count === 0 ? anchor : `${anchor}-${count}`
    })
  },
  html: (text) => Array.from(text.matchAll(/\s(?:id|name)="([^"]*)"/g), ([, id]) => id)
}

const linksIn = {
  md: (text) => Array.from(withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target),
  html: (text) =>
    Array.from(text.matchAll(/\s(?:href|src)="([^"]*)"/g), ([, target]) =>
      target.replaceAll("&amp;", "&").replaceAll("&#x2F;", "/")
    )
}

const kindOf = (file) => (file.endsWith(".md") ? "md" : file.endsWith(".html") ? "html" : undefined)

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

const filesIn = (folder, ending) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))

/** Checks all pages, and returns the number of links and the broken ones. */
export const checkLinks = (site) => {
  const pages = [...readdirSync(".").filter((name) => name.endsWith(".md")), ...filesIn("docs", ".md")]
  const broken = []
  let count = 0
  for (const file of [...pages, ...filesIn(site, ".html")]) {
    for (const link of linksIn[kindOf(file)](readFileSync(file, "utf8"))) {
      if (isElsewhere(link)) continue
      count += 1
      const flaw = flawOf(file, link)
      if (flaw !== undefined) broken.push(`${file}: ${link}: ${flaw}`)
    }
  }
  return { count, broken: [...new Set(broken)] }
}
