import type { ViteUserConfig } from "vitest/config"
import { major, older, packagesOfMajor, resolve } from "./vitest.config.js"

/** `npm run test:quick`: the rules of calls, tokens, schemas, errors and policies, without sockets and slow properties. */
const config: ViteUserConfig = {
  plugins: [packagesOfMajor],
  resolve,
  test: {
    name: "quick",
    testTimeout: 30_000,
    pool: "threads",
    isolate: false,
    ...(major === "effect3" ? older : undefined),
    maxWorkers: "100%",
    chaiConfig: { truncateThreshold: 300 },
    include: [
      "test/{core,errors,runtime,schema}/**/*.test.ts",
      "test/services/{Authorization,Operation,RequestPolicy,Sessions,SessionTokens}.*test.ts",
      "test/types/boundary.test.ts"
    ],
    exclude: [
      // Many values or many signatures, which take seconds.
      "test/core/{server/cookies,session/reader}.test.ts",
      "test/schema/Session.fields.test.ts",
      "test/services/SessionTokens.{mutations,official,properties,signature}.test.ts",
      // These read or change the state of a process.
      "test/runtime/{keyCache.isolated,telemetry,telemetry.metrics}.test.ts",
      "test/services/SessionTokens.{secrets,telemetry}.test.ts"
    ]
  }
}

export default config
