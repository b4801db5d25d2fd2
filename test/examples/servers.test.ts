/** Serves the programs of docs/servers.md, and sends them requests with and without a session. */
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ClerkEmulator } from "effect-clerk/testing"
import { layerConfigProvider, variables } from "#test/config.js"
import { HttpRouter, layerServices } from "#test/httpServer.js"
import { major } from "#test/major.js"
import { afterAll, describe, expect, it } from "#test/vitest.js"
import { root } from "../support/compiler.js"
import { bearer, inProcess } from "../support/protectedServers.js"

// A snippet imports packages, so its file has to be inside the project.
const snippets = join(root, `.snippets-servers-${process.pid}`)
execFileSync(process.execPath, [join(root, "scripts/snippets.mjs"), snippets], { cwd: root })
afterAll(() => rmSync(snippets, { recursive: true, force: true }))

const folder = join(snippets, major)

type Routes = Parameters<typeof HttpRouter.toWebHandler>[0]

/** The routes that a program of the page exports under a name. */
const routesNamed = async (name: string): Promise<Routes> => {
  const file = readdirSync(folder).find(
    (each) =>
      each.includes("docs-servers") &&
      readFileSync(join(folder, each), "utf8").includes(`export const ${name} =`)
  )
  const module: Readonly<Record<string, unknown>> = await import(join(folder, String(file)))
  // The compiler checks the snippets. This file knows only their names.
  return module[name] as Routes
}

describe("the servers of the page on Effect servers", () => {
  it.live.each([
    ["ApiRoutes", (userId: string) => JSON.stringify({ userId })] as const,
    ["Routes", (userId: string) => userId] as const
  ])("admit a signed-in user and reject other requests (%s)", ([name, body]) =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make()
      const { id } = yield* clerk.createUser()
      const { session } = yield* clerk.signIn(id)
      const token = yield* clerk.mintSessionToken(session.id, { origin: "https://app.example.com" })
      const foreign = yield* clerk.mintSessionToken(session.id, { origin: "https://evil.example.com" })
      const routes = yield* Effect.promise(() => routesNamed(name))
      const send = yield* inProcess(() =>
        HttpRouter.toWebHandler(
          routes.pipe(
            Layer.provide(layerConfigProvider(variables({ CLERK_JWT_KEY: clerk.publicKeyPem }))),
            Layer.provide(layerServices)
          ),
          { disableLogger: true }
        )
      )
      expect(yield* send("GET /me", bearer(token))).toMatchObject({ status: 200, body: body(id) })
      const rejected = yield* send("GET /me")
      expect(rejected.status).toBe(401)
      expect(rejected.headers["www-authenticate"]).toBe('Bearer realm="clerk"')
      expect(yield* send("GET /me", bearer(foreign))).toMatchObject({ status: 401 })
    })
  )
})
