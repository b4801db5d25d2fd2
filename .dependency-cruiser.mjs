/*
 * The import rules of the sources. `tsPreCompilationDeps` makes imports of types count too.
 */

/** Each folder with the folders that its files may import. */
const allowed = {
  core: ["core"],
  errors: ["core", "errors"],
  schema: ["core", "schema"],
  runtime: ["core", "errors", "schema", "runtime"],
  services: ["core", "errors", "schema", "runtime", "services"],
  "http-api": ["core", "errors", "schema", "runtime", "services", "http-api"],
  testing: ["core", "errors", "schema", "runtime", "services", "testing"]
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
      to: { path: "node_modules/", pathNot: "node_modules/(?:jose|undici)/" }
    },
    {
      name: "undici-types-only",
      comment: "Only the types of undici may be imported in src/core.",
      severity: "error",
      from: { path: "^src/core/" },
      to: { path: "node_modules/undici/", dependencyTypesNot: ["type-only"] }
    },
    ...arrows
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] }
  }
}
