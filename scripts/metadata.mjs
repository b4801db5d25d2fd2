// Sets the addresses of the project: of its repository, of its documentation site, and of its issues. It changes
// `packages/metadata.json`, both published manifests, and every file of the repository that contains an address.
//
//     node scripts/metadata.mjs https://github.com/acme/effect-clerk https://acme.github.io/effect-clerk/
import { placeholders, replaceAddresses, writeAddresses } from "./support/metadata.mjs"

const [repository = "", homepage = "", ...rest] = process.argv.slice(2)

const problems = [
  ...(/^https:\/\/github\.com\/[\w.-]+\/[\w.-]*[\w-]$/.test(repository) && !repository.endsWith(".git")
    ? []
    : [`the repository is "${repository}", expected https://github.com/<owner>/<name>`]),
  ...(/^https:\/\/[\w.-]+(?:\/[\w./-]*)?$/.test(homepage)
    ? []
    : [`the homepage is "${homepage}", expected an address with https`]),
  ...rest.map((argument) => `unknown argument ${argument}`)
]
if (problems.length > 0) {
  for (const problem of problems) console.error(problem)
  console.error("usage: node scripts/metadata.mjs <repository-url> <homepage-url>")
  process.exit(2)
}

const changed = replaceAddresses({
  repository,
  homepage: homepage.replace(/\/?$/, "/"),
  bugs: `${repository}/issues`
})
for (const major of ["effect3", "effect4"]) writeAddresses(major)
for (const path of changed) console.log(`changed ${path}`)
const left = placeholders()
for (const line of left) console.error(`placeholder ${line}`)
if (left.length > 0) process.exit(1)
