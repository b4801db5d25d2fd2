// Follows every link of the documentation, in the Markdown of the repository and in the built pages. Checks that the file
// exists and has the linked anchor. External URLs are not fetched.
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { checkLinksOf } from "./support/links.mjs"

const filesIn = (folder, ending) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))

/** Checks all pages, and returns the number of links and the broken ones. */
export const checkLinks = (site) =>
  checkLinksOf([
    ...readdirSync(".").filter((name) => name.endsWith(".md")),
    ...filesIn("docs", ".md"),
    ...filesIn(site, ".html"),
    join(site, "llms.txt")
  ])
