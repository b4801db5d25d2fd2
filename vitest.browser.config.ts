import { defineConfig } from "vitest/config"
import base from "./vitest.config.js"

/** The example application in a real Chromium: `npm run test:browser`. */
export default defineConfig({
  resolve: base.resolve ?? {},
  test: {
    include: ["test/browser/**/*.test.ts"],
    globalSetup: ["test/browser/support/setup.ts"],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    maxWorkers: 1,
    minWorkers: 1
  }
})
