// What a release consists of, and what stops it. Functions from data to data, for `scripts/release.mjs`.

export const majors = ["effect4", "effect3"]

/** A plain `npm install` gets the package for the newest Effect. */
export const distTags = { effect4: "latest", effect3: "effect3" }

/** The arguments of npm that publish the package of a major. */
export const publishArguments = (major) => [
  "publish",
  `./packages/${major}`,
  ...["--access", "public", "--tag", distTags[major], "--provenance"]
]

/** The heading of a release in the changelog. */
export const changelogHeading = ({ effect3, effect4 }) =>
  `## ${effect4} for Effect 4, ${effect3} for Effect 3`

/** The section of a release in the changelog, without its heading. */
export const changelogSection = (changelog, heading) => {
  const [, section] = changelog.split(`\n${heading}\n`)
  return section?.split(/^## /m)[0].trim() ?? ""
}

/** The version that changesets of these levels make. A prerelease becomes the version that it precedes. */
export const nextVersion = (version, levels) => {
  const [base, prerelease] = version.split("-", 2)
  const [first, minor, patch] = base.split(".").map(Number)
  if (levels.length === 0 || prerelease !== undefined) return base
  return levels.includes("minor") ? `${first}.${minor + 1}.0` : `${first}.${minor}.${patch + 1}`
}

/** The level that a changeset has for the package. */
export const levelOf = (changeset) => /^"effect-clerk": (\w+)$/m.exec(changeset)?.[1]

export const versionFlaws = (versions, levels) => [
  ...majors.flatMap((major) => {
    const digit = major.at(-1)
    const version = versions[major]
    if (!version.startsWith(`${digit}.`)) {
      return [
        `packages/${major} has version ${version}, expected ${digit}.x.y: the first number is Effect's major`
      ]
    }
    return version.includes("-")
      ? [`packages/${major} has version ${version}, a prerelease: merge the pull request "Version" first`]
      : []
  }),
  ...(versions.effect3.slice(1) === versions.effect4.slice(1)
    ? []
    : [`the versions ${versions.effect4} and ${versions.effect3} differ in more than the first number`]),
  ...(levels.includes("major")
    ? ["a changeset is major, but the first number is Effect's major: use minor"]
    : []),
  ...(levels.length === 0 ? [] : ['changesets are left: merge the pull request "Version" first'])
]

export const changelogFlaws = (changelog, versions) => {
  const heading = changelogHeading(versions)
  return changelogSection(changelog, heading) === ""
    ? [`CHANGELOG.md has no section "${heading}": npm run release:version writes it`]
    : []
}

/** The text of each job of a workflow, by its name. */
const jobsOf = (workflow) => {
  const [, jobs = ""] = workflow.split(/^jobs:\n/m)
  return Object.fromEntries(
    jobs.split(/^ {2}(?=[\w-]+:\n)/m).flatMap((job) => {
      const [, name, body] = /^([\w-]+):\n([\s\S]*)$/.exec(job) ?? []
      return name === undefined ? [] : [[name, body]]
    })
  )
}

/** npm signs a provenance statement with the identity of the workflow, if the job may request one. */
export const workflowFlaws = (workflow) => {
  const releasing = Object.entries(jobsOf(workflow)).filter(([, body]) => /run: npm run release$/m.test(body))
  return [
    ...(releasing.length === 1
      ? []
      : [`release.yml runs "npm run release" in ${releasing.length} jobs, expected 1`]),
    ...releasing.flatMap(([name, body]) =>
      /^ +id-token: write$/m.test(body)
        ? []
        : [`the job ${name} of release.yml needs the permission "id-token: write" for provenance`]
    ),
    ...(/(?:NPM|NODE_AUTH)_TOKEN/.test(workflow) ? ["release.yml uses a token of npm, expected none"] : [])
  ]
}

const required = [
  ...["CHANGELOG.md", "LICENSE", "README.md", "llms.txt", "package.json", "docs/getting-started.md"],
  ...["dist/index.js", "dist/index.d.ts", "dist/testing/cli/main.js", "src/index.ts"]
]

const allowed = /^(?:dist|src|docs)\/|^(?:CHANGELOG\.md|LICENSE|README\.md|llms\.txt|package\.json)$/

const forbidden = /(?:^|\/)(?:node_modules|test)\/|\.test\.|\.tsbuildinfo$|(?:^|\/)\.|^docs\/images\//

/** What is wrong with the files of a tarball, beside the targets of the manifest's exports. */
export const contentFlaws = (major, files, targets) => {
  const names = new Set(files)
  const other = major === "effect4" ? "effect3" : "effect4"
  return [
    ...[...new Set([...required, ...targets])]
      .filter((name) => !names.has(name))
      .map((name) => `the tarball for ${major} lacks ${name}`),
    ...files
      .filter((name) => !allowed.test(name) || forbidden.test(name) || name.startsWith(`src/${other}/`))
      .map((name) => `the tarball for ${major} has ${name}, which does not belong there`)
  ]
}

/**
 * The files that the exports and programs of a manifest name.
 *
 * @param {{ bin?: unknown, exports?: unknown, types?: unknown }} manifest
 * @returns {string[]}
 */
export const targetsOf = ({ bin, exports, types }) => {
  const strings = (value) =>
    typeof value === "string"
      ? [value]
      : value === null || value === undefined
        ? []
        : Object.values(value).flatMap(strings)
  return [bin, exports, types].flatMap(strings).map((path) => path.replace(/^\.\//, ""))
}

/** A flaw for all lines with a placeholder. */
export const placeholderFlaws = (lines) =>
  lines.length === 0
    ? []
    : [
        [
          "the addresses of the project are placeholders: run node scripts/metadata.mjs <repository-url> <homepage-url>",
          ...lines
        ].join("\n")
      ]
