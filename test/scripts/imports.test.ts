import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import manifest from "../../package.json" with { type: "json" }
import { root } from "../support/compiler.js"

const command = join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs")

/** Runs the import rules of the project on sources that are given, and returns the report. */
const reportOn = (
  files: Readonly<Record<string, string>>,
  major: "effect3" | "effect4" = "effect3"
): string => {
  const folder = mkdtempSync(join(tmpdir(), "imports-"))
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const compilerOptions = { module: "NodeNext", strict: true, noEmit: true }
    for (const config of ["tsconfig.json", "tsconfig.effect3.json"]) {
      writeFileSync(join(folder, config), JSON.stringify({ compilerOptions, include: ["src"] }))
    }
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", imports: manifest.imports }))
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
    const { stderr, stdout } = spawnSync(
      process.execPath,
      [command, "--config", join(root, ".dependency-cruiser.mjs"), "src"],
      { cwd: folder, encoding: "utf8", env: { ...process.env, EFFECT_MAJOR: major } }
    )
    return stdout + stderr
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe("the import rules", () => {
  it("accept imports that go down", () => {
    const report = reportOn({
      "src/core/model.ts": 'export type Kind = "read"\n',
      "src/runtime/call.ts":
        'import type { Kind } from "../core/model.js"\nexport const kind: Kind = "read"\n',
      "src/services/Sessions.ts": 'export { kind } from "../runtime/call.js"\n'
    })
    expect(report).toContain("no dependency violations found")
  })

  it("reject a cycle of which every import is a type", () => {
    const report = reportOn({
      "src/core/one.ts": 'import type { Two } from "./two.js"\nexport interface One { readonly two: Two }\n',
      "src/core/two.ts": 'import type { One } from "./one.js"\nexport interface Two { readonly one: One }\n'
    })
    expect(report).toContain("error no-cycle: src/core/one.ts")
  })

  it("reject an import that goes up, even of a type", () => {
    const report = reportOn({
      "src/core/one.ts": 'import type { Get } from "../services/Sessions.js"\nexport type One = Get\n',
      "src/services/Sessions.ts": "export type Get = string\n"
    })
    expect(report).toContain("error imports-of-core: src/core/one.ts → src/services/Sessions.ts")
  })

  it("reject a package in the core", () => {
    const report = reportOn({
      "src/core/one.ts":
        'import type * as Effect from "effect/Effect"\nexport type One = Effect.Effect<void>\n',
      "src/core/two.ts": 'import { Agent } from "undici"\nexport const agent = new Agent()\n',
      "src/core/three.ts": 'import { base64url } from "jose"\nexport const encode = base64url.encode\n'
    })
    expect(report).toContain("error core-is-plain: src/core/one.ts")
    expect(report).toContain("error undici-types-only: src/core/two.ts")
    expect(report).not.toContain("src/core/three.ts")
  })

  const both = {
    "src/effect3/time.ts": 'export const unit = "effect3"\n',
    "src/effect4/time.ts": 'export const unit = "effect4"\n'
  }

  it("accept the files of each major under their alias", () => {
    const files = {
      ...both,
      "src/runtime/time.ts": 'export { unit } from "#major/time.js"\n',
      "src/errors/time.ts": 'export { unit } from "#major/time.js"\n'
    }
    expect(reportOn(files, "effect3")).toContain("no dependency violations found")
    expect(reportOn(files, "effect4")).toContain("no dependency violations found")
  })

  it("reject a file of a major that is imported by its path, or that the other major does not have", () => {
    const report = reportOn({
      ...both,
      "src/runtime/time.ts": 'export { unit } from "../effect3/time.js"\n',
      "src/runtime/fiber.ts": 'export { fiber } from "#major/fiber.js"\n'
    })
    expect(report).toContain("error major-by-its-alias: src/runtime/time.ts → src/effect3/time.ts")
    expect(report).toContain("error resolved: src/runtime/fiber.ts → #major/fiber.js")
  })

  it("let the files of a major import the core, and nothing above it", () => {
    const report = reportOn(
      {
        "src/core/model.ts": 'export type Kind = "read"\n',
        "src/core/other.ts": 'export { kind } from "#major/time.js"\n',
        "src/effect4/time.ts":
          'import type { Kind } from "../core/model.js"\nexport const kind: Kind = "read"\n',
        "src/effect4/call.ts": 'export { call } from "../runtime/call.js"\n',
        "src/runtime/call.ts": "export const call = 1\n"
      },
      "effect4"
    )
    expect(report).toContain("error imports-of-effect4: src/effect4/call.ts → src/runtime/call.ts")
    expect(report).toContain("error imports-of-core: src/core/other.ts → src/effect4/time.ts")
    expect(report).not.toContain("src/effect4/time.ts → ")
  })
})
