import type { ViteUserConfig } from "vitest/config"
import { major, older, packagesOfMajor, resolve } from "./vitest.config.js"

/** The faults on real sockets, which take longer than the other tests: `npm run test:faults`. */
const config: ViteUserConfig = {
  plugins: [packagesOfMajor],
  resolve,
  test: {
    include: ["test/faults/**/*.test.ts"],
    testTimeout: 60_000,
    maxWorkers: 2,
    ...(major === "effect3" ? older : undefined)
  }
}

export default config
