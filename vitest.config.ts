import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const src = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url))

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
    include: ["test/**/*.test.ts"],
    exclude: ["test/browser/**", "test/faults/**"],
    // For a busy machine: on a quiet one no test takes more than five seconds.
    testTimeout: 30_000,
    hookTimeout: 30_000
  }
})
