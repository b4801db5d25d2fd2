import type { TestProject } from "vitest/node"
import { findChromium } from "./chromium.js"

declare module "vitest" {
  interface ProvidedContext {
    readonly chromium: string
  }
}

export default (project: TestProject) => {
  project.provide("chromium", findChromium())
}
