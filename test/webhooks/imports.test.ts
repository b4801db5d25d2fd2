import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { major } from "#test/major.js"
import { isServerModule } from "#test/serverModules.js"
import { describe, expect, it } from "#test/vitest.js"

const root = fileURLToPath(new URL("../../", import.meta.url))

/** The modules that a bundle of a program contains. Types are removed by then. */
const bundled = async (program: string) => {
  const { metafile } = await build({
    absWorkingDir: root,
    stdin: { contents: program, resolveDir: root, loader: "ts" },
    bundle: true,
    packages: "external",
    conditions: [major],
    format: "esm",
    metafile: true,
    write: false
  })
  const [output] = Object.values(metafile.outputs)
  const inputs = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  return {
    own: inputs.map(([file]) => file.replace(/^src\//, "")),
    others: (output?.imports ?? []).map(({ path }) => path)
  }
}

describe("a program that verifies webhooks", () => {
  it("loads neither a client nor a server", async () => {
    const { others, own } = await bundled(
      'import { Webhooks } from "./src/webhooks/index.ts"; console.log(Webhooks.verify, Webhooks.toHandler)'
    )
    const unwanted =
      /^(?:services|http-api|testing|revocations|fleet|bulk)\/|client\.ts$|call\.ts$|keys\/|token\//
    expect(own.filter((file) => unwanted.test(file))).toEqual([])
    expect(others.filter((name) => isServerModule(name) || /^(?:jose|undici|node:)/.test(name))).toEqual([])
    // The check is void if it found no module.
    expect(own).toContain("core/webhooks/message.ts")
    expect(own.length).toBeLessThan(30)
  })

  it("loads no client with a route of a router", async () => {
    const { others, own } = await bundled(
      'import { WebhookRouter } from "./src/webhooks/index.ts"; console.log(WebhookRouter.route)'
    )
    expect(own.filter((file) => /^services\/|client\.ts$/.test(file))).toEqual([])
    expect(others.some(isServerModule)).toBe(true)
  })
})
