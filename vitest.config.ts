import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const src = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url))

/** Run under scripts of their own. */
const otherSuites = ["test/browser/**", "test/faults/**"]

/** These read or change what a whole process shares: metrics, the environment, timers, the native tracer. */
const isolated = [
  "test/examples/observability.test.ts",
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

export default defineConfig({
  resolve: {
    alias: [
      { find: /^effect-clerk$/, replacement: src("index.ts") },
      { find: /^effect-clerk\/http-api$/, replacement: src("http-api/index.ts") },
      { find: /^effect-clerk\/testing$/, replacement: src("testing/index.ts") },
      { find: /^effect-clerk\/Undici$/, replacement: src("services/Undici.ts") }
    ]
  },
  test: {
    // For a busy machine: on a quiet one no test takes more than five seconds.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // The files of a worker thread share its modules, which are loaded once. vitest reads this here only.
    poolOptions: { threads: { isolate: false } },
    // By default vitest leaves one core idle, which is one of two.
    minWorkers: 1,
    maxWorkers: "100%",
    projects: [
      {
        extends: true,
        test: {
          name: "shared",
          pool: "threads",
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
          include: verifying,
          exclude: [...isolated, "test/services/SessionTokens.synchronous.test.ts"],
          setupFiles: src("../test/support/webCrypto.ts")
        }
      }
    ]
  }
})
