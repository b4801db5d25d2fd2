import { fileURLToPath } from "node:url"
import type { ViteUserConfig } from "vitest/config"

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The Effect major to test: `node scripts/major.mjs effect3 vitest run`. */
export const major = process.env["EFFECT_MAJOR"] === "effect3" ? "effect3" : "effect4"

/** Resolves packages from the folder of the major. The root has neither Effect nor vitest. */
export const packagesOfMajor = {
  name: "packages-of-major",
  enforce: "pre" as const,
  async resolveId(
    this: {
      resolve: (
        id: string,
        importer: string,
        options: { skipSelf: boolean }
      ) => Promise<{ readonly id: string } | null>
    },
    id: string,
    importer: string | undefined
  ) {
    if (importer?.includes("/node_modules/") || !/^(?:@[\w.-]+\/)?[a-z][\w.-]*(?:\/|$)/i.test(id)) return null
    return this.resolve(id, at(`majors/${major}/package.json`), { skipSelf: true })
  }
}

/** Run under scripts of their own. */
const otherSuites = [
  "test/browser/**",
  "test/distributed/**",
  "test/faults/**",
  `test/${major === "effect3" ? "effect4" : "effect3"}/**`
]

/** These read or change what a whole process shares: metrics, the environment, timers, the native tracer. */
const isolated = [
  "test/examples/frameworks.test.ts",
  "test/examples/observability.test.ts",
  "test/examples/snippets.test.ts",
  "test/runtime/keyCache.isolated.test.ts",
  "test/services/ClerkHttp.environment.test.ts",
  "test/services/SessionTokens.secrets.test.ts",
  "test/services/SessionTokens.telemetry.test.ts",
  "test/runtime/telemetry.test.ts",
  "test/runtime/telemetry.metrics.test.ts"
]

/** These verify signatures. They run again as on a runtime without `node:crypto`. */
const verifying = [
  "test/core/keys/keySet.test.ts",
  "test/services/SessionTokens.*.test.ts",
  "test/services/SigningKeys.{config,emulator,instances,pem,public}.test.ts"
]

export const resolve = {
  alias: [
    { find: /^effect-clerk$/, replacement: at("src/index.ts") },
    {
      find: /^effect-clerk\/(bulk|fleet|http-api|revocations|testing|webhooks)$/,
      replacement: at("src/$1/index.ts")
    },
    { find: /^effect-clerk\/Undici$/, replacement: at("src/services/Undici.ts") },
    { find: /^#major\/(.*)\.js$/, replacement: at(`src/${major}/$1.ts`) },
    { find: /^#test\/(.*)\.js$/, replacement: at(`test/${major}/$1.ts`) }
  ]
}

/** The settings that vitest 3, which runs the tests of Effect 3, names in another way than vitest 5. */
export const older = {
  poolOptions: { threads: { isolate: false } },
  // By default vitest leaves one core idle, which is one of two.
  minWorkers: 1
}

const config: ViteUserConfig = {
  plugins: [packagesOfMajor],
  resolve,
  test: {
    // For a busy machine: on a quiet one no test takes more than five seconds.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    ...(major === "effect3" ? older : undefined),
    maxWorkers: "100%",
    // Longer than the values in titles, which the comparison of both majors needs whole.
    chaiConfig: { truncateThreshold: 300 },
    projects: [
      {
        extends: true,
        test: {
          name: "shared",
          pool: "threads",
          // The files of a worker thread share its modules, which are loaded once.
          isolate: false,
          include: ["test/**/*.test.ts"],
          exclude: [...otherSuites, ...isolated]
        }
      },
      { extends: true, test: { name: "isolated", pool: "forks", include: isolated } },
      {
        extends: true,
        test: {
          name: "webcrypto",
          pool: "threads",
          isolate: false,
          include: verifying,
          exclude: [...isolated, "test/services/SessionTokens.synchronous.test.ts"],
          setupFiles: at("test/support/webCrypto.ts")
        }
      }
    ]
  }
}

export default config
