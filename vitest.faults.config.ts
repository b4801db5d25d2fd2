import { defineConfig } from "vitest/config"
import base from "./vitest.config.js"

/** The faults on real sockets, which take longer than the other tests: `npm run test:faults`. */
export default defineConfig({
  resolve: base.resolve ?? {},
  test: { include: ["test/faults/**/*.test.ts"], testTimeout: 60_000, minWorkers: 1, maxWorkers: 2 }
})
