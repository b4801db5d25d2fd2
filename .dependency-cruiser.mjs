/*
 * The import rules of the sources. `tsPreCompilationDeps` makes imports of types count too. EFFECT_MAJOR names the Effect
 * major whose files `#major/` stands for.
 */

const major = process.env.EFFECT_MAJOR === "effect4" ? "effect4" : "effect3"
const majors = ["effect3", "effect4"]

/** Each folder with the folders that its files may import. */
const allowed = {
  core: ["core"],
  effect3: ["core", "effect3"],
  effect4: ["core", "effect4"],
  errors: ["core", "errors", ...majors],
  schema: ["core", "schema", ...majors],
  runtime: ["core", "errors", "schema", "runtime", ...majors],
  services: ["core", "errors", "schema", "runtime", "services", ...majors],
  "http-api": ["core", "errors", "schema", "runtime", "services", "http-api", ...majors],
  bulk: ["core", "errors", "schema", "runtime", "services", "bulk", ...majors],
  fleet: ["core", "errors", "schema", "runtime", "services", "fleet", ...majors],
  revocations: ["core", "errors", "schema", "runtime", "services", "revocations", ...majors],
  webhooks: ["core", "errors", "schema", "runtime", "services", "webhooks", ...majors],
  testing: ["core", "errors", "schema", "runtime", "services", "testing", ...majors]
}

const arrows = Object.entries(allowed).map(([folder, targets]) => ({
  name: `imports-of-${folder}`,
  comment: `Files in src/${folder} import from ${targets.map((each) => `src/${each}`).join(", ")} only.`,
  severity: "error",
  from: { path: `^src/${folder}/` },
  to: { path: "^src/", pathNot: `^src/(?:${targets.join("|")})/` }
}))

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "no-cycle",
      comment: "No file imports itself through others, not even for a type: move the shared part down.",
      severity: "error",
      from: { path: "^src/" },
      to: { circular: true }
    },
    {
      name: "core-is-plain",
      comment: "Files in src/core import no package but jose, and the types of undici.",
      severity: "error",
      from: { path: "^src/core/" },
      to: { pathNot: "^src/|node_modules/(?:jose|undici)/", dependencyTypesNot: ["core"] }
    },
    {
      name: "undici-types-only",
      comment: "Only the types of undici may be imported in src/core.",
      severity: "error",
      from: { path: "^src/core/" },
      to: { path: "node_modules/undici/", dependencyTypesNot: ["type-only"] }
    },
    {
      name: "major-by-its-alias",
      comment:
        "Other files import the files of a major as `#major/name.js`, so that each build gets its own.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/effect[34]/" },
      to: { path: "^src/effect[34]/", dependencyTypesNot: ["aliased-subpath-import"] }
    },
    {
      name: "resolved",
      comment: "Every import leads to a file. `#major/name.js` leads to one in each major.",
      severity: "error",
      from: { path: "^src/" },
      to: { couldNotResolve: true }
    },
    ...arrows
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: major === "effect3" ? "tsconfig.effect3.json" : "tsconfig.json" },
    exclude: { path: `^src/${majors.find((each) => each !== major)}/` },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: [...(major === "effect4" ? ["effect4"] : []), "import", "types", "default"]
    }
  }
}
