import { execFileSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkHttp } from "effect-clerk"
import { ClerkEmulator, DEFAULT_SECRET_KEY, type SeedSession } from "effect-clerk/testing"
import { HttpServer } from "#test/httpServer.js"
import { major } from "#test/major.js"
import { NodeHttpServer } from "#test/node.js"
import { afterAll, assert, describe, it } from "#test/vitest.js"
import { runFile } from "../support/examples.js"

const root = fileURLToPath(new URL("../..", import.meta.url))
const extractor = join(root, "scripts/snippets.mjs")

// A snippet imports packages, so its file has to be inside the project.
const snippets = join(root, `.snippets-sign-out-${process.pid}`)
execFileSync(process.execPath, [extractor, snippets], { cwd: root })
afterAll(() => rmSync(snippets, { recursive: true, force: true }))

const folder = join(snippets, major)

const published = readdirSync(folder).map((name) => ({
  name,
  code: readFileSync(join(folder, name), "utf8")
}))
const signOuts = published.filter(
  ({ code }) => /\b[Ss]essions\.(list|stream)\(/.test(code) && /\b[Ss]essions\.revoke\(/.test(code)
)
const named = (pattern: RegExp) => signOuts.filter(({ code }) => pattern.test(code))

const sizes = [14, 501, 1_200]

const statuses = ["active", "active", "pending", "ended", "active", "revoked", "pending", "expired"] as const

/** Active and pending sessions among ended ones, and one session of another user. */
const seedOf = (size: number) => ({
  users: [{ id: "user_123" }, { id: "user_456" }],
  sessions: [
    ...Array.from(
      { length: size },
      (_, index): SeedSession => ({
        id: `sess_${index}`,
        userId: "user_123",
        status: statuses[index % statuses.length] ?? "active"
      })
    ),
    { id: "sess_of_another_user", userId: "user_456" }
  ]
})

const openSessions = Effect.gen(function* () {
  const clerk = yield* ClerkEmulator
  return (yield* clerk.sessions)
    .filter(({ status }) => status === "active" || status === "pending")
    .map(({ id }) => id)
})

const inProcess = (size: number) =>
  ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY }).pipe(
    Layer.provide(ClerkEmulator.layerHttpClient),
    Layer.provideMerge(ClerkEmulator.layer({ seed: seedOf(size) }))
  )

const onSocket = (size: number) =>
  ClerkEmulator.layerServer.pipe(
    Layer.provideMerge(ClerkEmulator.layer({ seed: seedOf(size) })),
    Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 }))
  )

type SignOut = (...ids: ReadonlyArray<string>) => Effect.Effect<unknown, unknown, ClerkHttp>

/** The class of the page for programs without Effect. */
type DevicesClass = new (
  clerk: Layer.Layer<ClerkHttp>
) => {
  signOutEverywhere(userId: string): Promise<number>
}

/** The export of a snippet under the name, or the method of the class that it exports. */
const exported = (file: string, name: string): Effect.Effect<SignOut> =>
  Effect.map(
    Effect.promise((): Promise<Readonly<Record<string, unknown>>> => import(join(folder, file))),
    // The compiler checks the snippets. This file knows only their names.
    (module) => {
      if (module["Devices"] === undefined) return module[name] as SignOut
      const Devices = module["Devices"] as DevicesClass
      return (userId = "") =>
        Effect.flatMap(ClerkHttp, (clerk) =>
          Effect.promise(() => new Devices(Layer.succeed(ClerkHttp, clerk)).signOutEverywhere(userId))
        )
    }
  )

describe("the published programs that sign a user out", () => {
  it("are the ones of the README, the guides and the docstrings", () => {
    assert.deepStrictEqual(
      signOuts.map(({ name }) => name.replace(/^\d+-/, "")).sort(),
      [
        "README.md.ts",
        "docs-getting-started.md.ts", // revokes one session of the user, the one it is given
        "docs-incident.md.ts", // a program that takes the user as its argument
        "docs-policies.md.ts",
        "docs-recipes.md.ts",
        "docs-recipes.md.ts", // revokes idle sessions
        "docs-testing.md.ts", // the same
        "docs-without-effect.md.ts",
        "src-services-Sessions.ts.ts",
        "src-testing-ClerkTest.ts.ts" // revokes the newest session, and says so
      ].sort()
    )
    assert.lengthOf(named(/\bsignOutEverywhere\b/), 4)
    assert.lengthOf(named(/\bsignOutOthers\b/), 1)
  })

  for (const { code, name } of named(/\bsignOutEverywhere\b/)) {
    const runsItself = /^await signOutEverywhere\(/m.test(code)
    it.live.each(sizes)(`leave nothing active or pending of %i sessions (${name})`, (size) =>
      runsItself
        ? Effect.gen(function* () {
            const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
            const { code, output } = yield* runFile(join(folder, name), [], {
              CLERK_SECRET_KEY: Redacted.value(DEFAULT_SECRET_KEY),
              CLERK_API_URL: url
            })
            assert.strictEqual(code, 0, output)
            assert.deepStrictEqual(yield* openSessions, ["sess_of_another_user"])
          }).pipe(Effect.provide(onSocket(size)))
        : Effect.gen(function* () {
            const signOutEverywhere = yield* exported(name, "signOutEverywhere")
            yield* signOutEverywhere("user_123")
            assert.deepStrictEqual(yield* openSessions, ["sess_of_another_user"])
          }).pipe(Effect.provide(inProcess(size)))
    )
  }

  for (const { name } of named(/\bsignOutOthers\b/)) {
    it.live.each(sizes)(`leave only the current session of %i sessions (${name})`, (size) =>
      Effect.gen(function* () {
        const signOutOthers = yield* exported(name, "signOutOthers")
        const openBefore = yield* openSessions
        assert.strictEqual(yield* signOutOthers("user_123", "sess_9"), openBefore.length - 2)
        assert.deepStrictEqual((yield* openSessions).sort(), ["sess_9", "sess_of_another_user"])
      }).pipe(Effect.provide(inProcess(size)))
    )
  }

  for (const { name } of named(/\bexport const signOut(Everywhere|Others)\b/)) {
    it.live(`go on when a session disappears after it was listed (${name})`, () =>
      Effect.gen(function* () {
        const clerk = yield* ClerkEmulator
        const program = name.includes("recipes") ? "signOutOthers" : "signOutEverywhere"
        yield* clerk.respondNext({
          operation: "Sessions.revoke",
          status: 404,
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ errors: [{ code: "resource_not_found" }] })
        })
        const signOut = yield* exported(name, program)
        yield* signOut("user_123", "sess_none")
        // The session of the prepared 404, which the emulator itself still holds.
        assert.lengthOf(yield* openSessions, 2)
      }).pipe(Effect.provide(inProcess(14)))
    )
  }
})

const planted = (files: Readonly<Record<string, string>>) => {
  const project = join(tmpdir(), `effect-clerk-planted-${process.pid}`)
  rmSync(project, { recursive: true, force: true })
  for (const [name, text] of Object.entries({ "README.md": "```ts\nexport {}\n```\n", ...files })) {
    mkdirSync(join(project, dirname(name)), { recursive: true })
    writeFileSync(join(project, name), text)
  }
  try {
    execFileSync(process.execPath, [extractor], { cwd: project, stdio: "pipe" })
    return ""
  } catch (error) {
    return String(Object(error).stderr)
  } finally {
    rmSync(project, { recursive: true, force: true })
  }
}

const fenced = (code: string) => `# A page\n\n\`\`\`ts\n${code}\n\`\`\`\n`

const ofMajor = (major: string) =>
  `Effect ${major}:\n\n\`\`\`ts effect${major}\nexport const effect = ${major}\n\`\`\`\n`

describe("the check of the documentation", () => {
  it("accepts a program for each Effect major, the one for Effect 4 first", () => {
    assert.strictEqual(planted({ "docs/page.md": `${ofMajor("4")}\n${ofMajor("3")}` }), "")
  })

  it.each([
    ["without its counterpart", ofMajor("4"), "```ts effect4"],
    ["in the wrong order", `${ofMajor("3")}\n${ofMajor("4")}`, "```ts effect3"],
    ["apart from its counterpart", `${ofMajor("4")}\nText.\n\n${ofMajor("3")}`, "```ts effect4"],
    ["without a line that names it", `\`\`\`ts effect4\n\`\`\`\n\n${ofMajor("3")}`, "```ts effect4"]
  ])("rejects a program for one Effect major %s", (_, text, named) => {
    assert.include(planted({ "docs/page.md": text }), `docs/page.md: ${named} is not in a pair`)
  })

  it.each([
    ["in a guide", "docs/page.md", fenced('Sessions.list({ userId, status: "active" })'), 4],
    ["on several lines", "docs/page.md", fenced("Sessions\n  .list({\n    userId,\n  })"), 4],
    ["with options nobody can see", "docs/page.md", fenced("Sessions.list({ ...options })"), 4],
    ["with a variable", "docs/page.md", fenced("Sessions.list(options)"), 4],
    ["handed on as a function", "docs/page.md", fenced("Effect.flatMap(options, Sessions.list)"), 4],
    ["of a client under another name", "docs/page.md", fenced("sessions.list({ clientId })"), 4],
    ["in a sentence", "docs/page.md", 'Call `Sessions.list({ userId: "user_1" })`.\n', 1],
    ["in the README", "README.md", fenced("Sessions.list({ userId })"), 4],
    ["in a docstring", "src/services/A.ts", "/**\n * ```ts\n * Sessions.list({ userId })\n * ```\n */\n", 3],
    [
      "in an indented docstring",
      "src/A.ts",
      "class A {\n  /**\n   * ```ts\n   * Sessions.list({ userId })\n   * ```\n   */\n}\n",
      4
    ],
    ["in an example", "examples/a/b.ts", "\n\nSessions.list({ userId })\n", 3]
  ])("rejects a list of sessions without a limit %s", (_, file, text, line) => {
    assert.match(planted({ [file]: text }), new RegExp(`^${file}:${line}: lists sessions without limit`))
  })

  it.each([
    ["with a limit", "docs/page.md", fenced("Sessions.list({ userId, limit: 100 })")],
    ["with a limit from a variable", "docs/page.md", fenced("Sessions.list({ limit, userId })")],
    ["named as a signature", "docs/page.md", "`Sessions.list(params)` returns a page.\n"],
    ["named as an operation", "docs/page.md", fenced('ClerkTest.expectRequests(["Sessions.list"])')],
    ["of something else", "docs/page.md", fenced("devices.list(userId)")],
    ["in a type", "docs/page.md", fenced("type Page = ReturnType<typeof Sessions.list>")]
  ])("accepts a list %s", (_, file, text) => {
    assert.strictEqual(planted({ [file]: text }), "")
  })
})
