import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { connect } from "node:net"
import { fileURLToPath } from "node:url"
import { assert, it, onTestFinished } from "vitest"
import { devicesProgram, interruptedCode } from "#test/examples.js"
import { majorEnvironment, typescriptFlags } from "../../scripts/support/major.js"
import { newPage, signInAs } from "./support/scenario.js"

const root = fileURLToPath(new URL("../..", import.meta.url))

const startExample = (): ChildProcess => {
  const example = spawn(process.execPath, [...typescriptFlags, `examples/${devicesProgram}`], {
    cwd: root,
    env: { PATH: process.env["PATH"], ...majorEnvironment, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"]
  })
  onTestFinished(() => void example.kill("SIGKILL"))
  return example
}

const addressOf = async ({ stdout }: ChildProcess): Promise<URL> => {
  for await (const line of stdout ?? []) {
    const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(String(line)) ?? []
    if (address !== undefined) return new URL(address)
  }
  return assert.fail("the example ended without an address")
}

it("the example prints its address, and ends on Ctrl-C while browsers are connected", async () => {
  const example = startExample()
  const address = await addressOf(example)
  const page = await newPage()
  await page.goto(address.href)
  await signInAs(page, "Chrome on Mac")
  assert.strictEqual(await page.getByRole("listitem").count(), 5)

  // Browsers open connections in advance.
  const spare = connect(Number(address.port), address.hostname)
  spare.on("error", () => {})
  await once(spare, "connect")

  const ended = once(example, "exit")
  example.kill("SIGINT")
  const [code] = await Promise.race([
    ended,
    new Promise<[string]>((resolve) => setTimeout(() => resolve(["still running"]), 5_000))
  ])
  assert.strictEqual(code, interruptedCode)
})
