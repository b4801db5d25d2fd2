import type { ViteUserConfig } from "vitest/config"
import { major, older, packagesOfMajor, resolve } from "./vitest.config.js"

/** Several processes with a real Redis and a real PostgreSQL: `npm run test:fleet`. */
const config: ViteUserConfig = {
  plugins: [packagesOfMajor],
  resolve,
  test: {
    include: ["test/distributed/**/*.test.ts"],
    globalSetup: ["test/distributed/support/setup.ts"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // The children of a test end with its process.
    pool: "forks",
    maxWorkers: 1,
    ...(major === "effect3" ? older : undefined)
  }
}

export default config
