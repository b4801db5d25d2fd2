/**
 * Runs every snippet of the documentation and of the docstrings: imports it, which runs its program, and runs the tests
 * that it defines. A local server with the ids of the snippets stands for Clerk.
 */
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import { ClerkEmulator, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import { HttpServer } from "#test/httpServer.js"
import { major } from "#test/major.js"
import { NodeHttpServer } from "#test/node.js"
import { afterAll, assert, describe, it } from "#test/vitest.js"

const root = fileURLToPath(new URL("../..", import.meta.url))

// A snippet imports packages, so its file has to be inside the project. Test files share a process, so each has a folder.
const snippets = join(root, `.snippets-run-${process.pid}`)
execFileSync(process.execPath, [join(root, "scripts/snippets.mjs"), snippets], { cwd: root })

const runtime = ManagedRuntime.make(
  ClerkEmulator.layerServer.pipe(
    Layer.provideMerge(
      ClerkEmulator.layer({
        seed: { users: [{ id: "user_123" }], sessions: [{ id: "sess_123", userId: "user_123" }] }
      })
    ),
    Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 }))
  )
)
afterAll(async () => {
  await runtime.dispose()
  rmSync(snippets, { recursive: true, force: true })
})

process.env["CLERK_SECRET_KEY"] = Redacted.value(DEFAULT_SECRET_KEY)
process.env["CLERK_WEBHOOK_SIGNING_SECRET"] = `whsec_${Buffer.alloc(24).toString("base64")}`
process.env["CLERK_API_URL"] = await runtime.runPromise(HttpServer.addressFormattedWith(Effect.succeed))

// The argument and the file of the programs that sign users out. This user has no sessions.
process.argv[2] = "user_none"
process.env["USERS"] = join(snippets, "users.txt")
writeFileSync(process.env["USERS"], "user_none\n")

const folder = join(snippets, major)

describe("the snippets of the documentation", () => {
  for (const name of readdirSync(folder)) {
    const run = (): Promise<unknown> => import(join(folder, name))
    // The number of a snippet differs between the majors if one has more snippets.
    const title = name.replace(/^\d+-/, "").replace(/\.ts$/, "")
    if (/^it\b/m.test(readFileSync(join(folder, name), "utf8")))
      describe(title, async () => void (await run()))
    else it(`${title}: the program runs`, async () => assert.isDefined(await run()))
  }
})
