import type { ViteUserConfig } from "vitest/config"
import { major, older, packagesOfMajor, resolve } from "./vitest.config.js"

/** The example application in a real Chromium: `npm run test:browser`. */
const config: ViteUserConfig = {
  plugins: [packagesOfMajor],
  resolve,
  test: {
    include: ["test/browser/**/*.test.ts"],
    globalSetup: ["test/browser/support/setup.ts"],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    maxWorkers: 1,
    ...(major === "effect3" ? older : undefined)
  }
}

export default config
