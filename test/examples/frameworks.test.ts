/**
 * Runs the program of each framework as its page shows it, in a process of its own over a socket. A browser signs in at an
 * in-memory Clerk. A signal ends the program.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { readFile } from "node:fs/promises"
import { createServer } from "node:http"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { ClerkEmulator, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import { frameworksFolder } from "#test/examples.js"
import { NodeHttpServer } from "#test/node.js"
import { afterAll, assert, beforeAll, describe, expect, it } from "#test/vitest.js"
import { makeApp } from "../../examples/frameworks/workers/app.js"
import { majorEnvironment, typescriptFlags } from "../../scripts/support/major.js"
import { makeBrowser } from "../support/browser.js"
import { freePort } from "../support/loopback.js"

const root = fileURLToPath(new URL("../..", import.meta.url))

const userId = "user_ada"

const loopbackPort = async () => Number(new URL(await Effect.runPromise(freePort)).port)

/** An in-memory Clerk on a socket. Cookies ignore ports, so the programs have another host: `localhost`. */
const openClerk = async () => {
  const port = await loopbackPort()
  const url = `http://127.0.0.1:${port}`
  const runtime = ManagedRuntime.make(
    ClerkEmulator.layerServer.pipe(
      Layer.provideMerge(ClerkEmulator.layer({ issuer: url, seed: { users: [{ id: userId }] } })),
      Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port }))
    )
  )
  const clerk = await runtime.runPromise(ClerkEmulator)
  return { clerk, url, run: runtime.runPromise, close: () => runtime.dispose() }
}

type Clerk = Awaited<ReturnType<typeof openClerk>>

const start = (file: string, args: ReadonlyArray<string>, env: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, [...typescriptFlags, file, ...args], {
    cwd: root,
    env: { PATH: process.env["PATH"], ...majorEnvironment, ...env }
  })
  let output = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8")
    stream.on("data", (text: string) => {
      output += text
    })
  }
  const ended = once(child, "close").then(() => ({ code: child.exitCode, output }))
  return { child, ended, output: () => output }
}

const settingsOf = ({ clerk, url }: Clerk, port: number) => ({
  CLERK_SECRET_KEY: Redacted.value(DEFAULT_SECRET_KEY),
  CLERK_PUBLISHABLE_KEY: clerk.publishableKey,
  CLERK_API_URL: url,
  CLERK_SIGN_IN_URL: `${url}/sign-in`,
  PORT: String(port)
})

/** Starts a server, and waits until it listens. */
const serve = async (file: string, clerk: Clerk) => {
  const port = await loopbackPort()
  const program = start(file, [], settingsOf(clerk, port))
  await new Promise<void>((resolve, reject) => {
    program.child.stdout.on("data", () => {
      if (/Listening on/.test(program.output())) resolve()
    })
    void program.ended.then(({ output }) => reject(new Error(output)))
  })
  return { ...program, origin: `http://localhost:${port}` }
}

type Send = (request: Request) => Promise<Response>

const over: Send = (request) => fetch(request, { redirect: "manual" })

/** An application, as its browsers see it. */
interface Application {
  readonly origin: string
  readonly send: Send
  /** Whether `/api/me` refreshes an expired session. */
  readonly refreshesApi: boolean
  /** Whether a failed `/api/me` responds with JSON. */
  readonly hasJsonErrors: boolean
}

const loader =
  ({ origin, send }: Application) =>
  (path: string, headers: Record<string, string> = {}) =>
    send(new Request(new URL(path, origin), { headers }))

/** The cookies of a browser that signed in on an origin. */
const signedIn = async (
  { clerk, run }: Clerk,
  origin: string,
  age = "0 seconds" as "0 seconds" | "2 minutes"
) => {
  const cookies = await run(clerk.signInBrowser(userId, { age, origin }))
  return Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join("; ")
}

const servers: ReadonlyArray<
  readonly [name: string, file: string, refreshesApi: boolean, hasJsonErrors: boolean]
> = [
  ["Hono", "examples/frameworks/hono.ts", true, true],
  ["Express", "examples/frameworks/express.ts", true, true],
  ["node:http", "examples/frameworks/node.ts", true, true],
  ["the router of Effect", `examples/${frameworksFolder}/effect-router.ts`, true, false],
  ["an HttpApi", `examples/${frameworksFolder}/effect-http-api.ts`, false, false]
]

const document = { "sec-fetch-dest": "document" }

const signOutForm = `<form method="post" action="/sign-out">`

const stop = (child: ChildProcess) => {
  if (child.exitCode === null) child.kill("SIGKILL")
}

let clerk: Clerk
beforeAll(async () => {
  clerk = await openClerk()
})
afterAll(() => clerk.close())

const sessions = () => clerk.run(clerk.clerk.sessions)

const respondNext = (operation: "Sessions.list" | "Sessions.revoke" | "SigningKeys.jwks", status: number) =>
  clerk.run(clerk.clerk.respondNext({ operation, status }))

/** The tests of an application, on any server. */
const testBrowsers = (open: () => Application) => {
  it("responds with 503 without the keys, and serves users when they are back", async () => {
    const get = loader(open())
    const { hasJsonErrors, origin } = open()
    const cookie = await signedIn(clerk, origin)
    await respondNext("SigningKeys.jwks", 401)
    const unavailable = await get("/api/me", { cookie })
    expect(unavailable.status).toBe(503)
    if (hasJsonErrors) {
      expect(await unavailable.json()).toEqual({ error: "Please try again in a minute" })
      expect(unavailable.headers.get("retry-after")).toBe("1")
    }
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    const response = await get("/api/me", { cookie })
    expect(await response.json()).toMatchObject({ userId })
  })

  it("sends a stranger to the sign-in page, knows the user afterwards, and signs the user out", async () => {
    const { origin, send } = open()
    const browser = makeBrowser({ [origin]: send, [clerk.url]: over })
    const load = (path: string, init?: RequestInit) => browser.load(new URL(path, origin), init)
    const script = { headers: { "sec-fetch-dest": "empty", accept: "application/json" } }

    expect((await load("/")).body).toContain("Sign in")
    expect((await load("/api/me", script)).status).toBe(401)
    const signIn = await load("/account")
    expect(signIn.url.origin + signIn.url.pathname).toBe(`${clerk.url}/sign-in`)

    const account = await browser.load(signIn.url, {
      method: "POST",
      body: new URLSearchParams({ user_id: userId }),
      headers: { origin: clerk.url }
    })
    expect(account.url.href).toBe(`${origin}/account`)
    expect(account.body).toContain(`You are ${userId}. Signed-in devices: `)
    expect((await load("/")).body).toContain(`Hello ${userId}`)
    const me: unknown = JSON.parse((await load("/api/me", script)).body)
    assert(typeof me === "object" && me !== null && "sessionId" in me)
    expect(me).toMatchObject({ userId })
    const statusNow = async () => (await sessions()).find(({ id }) => id === me.sessionId)?.status

    const elsewhere = { method: "POST", headers: { origin: "https://evil.test" } }
    const offered = await load("/sign-out", elsewhere)
    expect([offered.status, offered.url.pathname]).toEqual([200, "/sign-out"])
    expect(offered.body).toContain(signOutForm)
    expect(await statusNow()).toBe("active")
    expect((await load("/api/me", script)).status).toBe(200)

    await respondNext("Sessions.revoke", 401)
    const here = { method: "POST", headers: { origin } }
    const failed = await load("/sign-out", here)
    expect([failed.status, failed.body]).toEqual([503, "Please try again in a minute"])
    expect((await load("/api/me", script)).status).toBe(200)

    const home = await load("/sign-out", here)
    expect([home.url.pathname, home.redirects.length]).toEqual(["/", 1])
    expect(home.body).toContain("Hello stranger")
    expect(await statusNow()).toBe("revoked")
    expect((await load("/api/me", script)).status).toBe(401)
    expect((await load("/sign-out", here)).body).toContain("Hello stranger")
  })

  it("keeps a session whose token has expired at the POST, and signs out after the page load that follows", async () => {
    const { origin, send } = open()
    const earlier = new Set((await sessions()).map(({ id }) => id))
    let cookie = await signedIn(clerk, origin, "2 minutes")
    const statusNow = async () => (await sessions()).find(({ id }) => !earlier.has(id))?.status
    const post = () =>
      send(new Request(new URL("/sign-out", origin), { method: "POST", headers: { cookie, origin } }))

    const early = await post()
    expect([early.status, early.headers.get("location")]).toEqual([303, "/sign-out"])
    expect(early.headers.getSetCookie()).toEqual([])
    expect(await statusNow()).toBe("active")

    const page = await loader(open())("/sign-out", { cookie, ...document })
    expect(page.status).toBe(200)
    expect(await page.text()).toContain(signOutForm)
    const set = page.headers.getSetCookie().map((each) => each.split(";", 1)[0] ?? "")
    const named = [...cookie.split("; "), ...set].map((pair) => [pair.split("=", 1)[0], pair] as const)
    cookie = [...new Map(named).values()].join("; ")

    const signedOut = await post()
    expect([signedOut.status, signedOut.headers.get("location")]).toEqual([303, "/"])
    const removed = signedOut.headers.getSetCookie().filter((each) => /max-age=0/i.test(each))
    expect(removed.map((each) => each.split("=")[0])).toContain(`__session_${clerk.clerk.cookieSuffix}`)
    expect(await statusNow()).toBe("revoked")
  })

  it("refreshes an expired session, and sets its cookies also on the page of an error", async () => {
    const { origin, refreshesApi } = open()
    const get = loader(open())
    const pages = [
      ["/account", 200],
      ...(refreshesApi ? [["/api/me", 200] as const] : []),
      ["/account", 503]
    ] as const
    for (const [path, status] of pages) {
      const cookie = await signedIn(clerk, origin, "2 minutes")
      if (status === 503) await respondNext("Sessions.list", 401)
      const response = await get(path, { cookie, ...document })
      expect(response.status).toBe(status)
      expect(response.headers.get("cache-control")).toBe("no-store")
      const names = response.headers.getSetCookie().map((each) => each.split("=")[0])
      expect(names).toContain(`__session_${clerk.clerk.cookieSuffix}`)
      expect(names).toContain(`__refresh_${clerk.clerk.cookieSuffix}`)
    }
  })

  it("sends a page load through the handshake, and responds to a script with 401", async () => {
    const { origin } = open()
    const get = loader(open())
    const cookie = (await signedIn(clerk, origin, "2 minutes")).replace(/; __refresh_[^;]*/, "")
    const page = await get("/account?tab=1", { cookie, ...document })
    expect(page.status).toBe(307)
    expect(page.headers.get("cache-control")).toBe("no-store")
    const location = new URL(page.headers.get("location") ?? "")
    expect(location.origin + location.pathname).toBe(`${clerk.url}/v1/client/handshake`)
    expect(location.searchParams.get("redirect_url")).toBe(`${origin}/account?tab=1`)
    expect(page.headers.getSetCookie()[0]).toContain("__clerk_redirect_count=1")
    expect((await get("/api/me", { cookie })).status).toBe(401)
  })

  it("responds with 404 to an unknown path", async () => {
    expect((await loader(open())("/nowhere")).status).toBe(404)
  })
}

describe.each(servers)("the program for %s", (_, file, refreshesApi, hasJsonErrors) => {
  let server: Awaited<ReturnType<typeof serve>>
  beforeAll(async () => {
    server = await serve(file, clerk)
  }, 120_000)
  afterAll(() => stop(server.child))

  testBrowsers(() => ({ origin: server.origin, send: over, refreshesApi, hasJsonErrors }))

  it("finishes the open requests on SIGTERM, and ends", async () => {
    const cookie = await signedIn(clerk, server.origin)
    await clerk.run(clerk.clerk.setLatency("500 millis", "Sessions.list"))
    try {
      const page = fetch(`${server.origin}/account`, { headers: { cookie } })
      await new Promise((resolve) => setTimeout(resolve, 250))
      server.child.kill("SIGTERM")
      expect((await page).status).toBe(200)
      expect([0, 130, 143]).toContain((await server.ended).code)
    } finally {
      await clerk.run(clerk.clerk.setLatency("0 millis", "Sessions.list"))
    }
  })

  it("names the variable that is missing, and ends", async () => {
    const all = settingsOf(clerk, await loopbackPort())
    const { CLERK_PUBLISHABLE_KEY: _key, ...withoutPublishableKey } = all
    const runs: ReadonlyArray<readonly [env: Readonly<Record<string, string>>, message: string]> = [
      [withoutPublishableKey, "CLERK_PUBLISHABLE_KEY is missing"],
      [{ ...all, CLERK_SECRET_KEY: "" }, "CLERK_SECRET_KEY (secretKey) is missing or empty"]
    ]
    await Promise.all(
      runs.map(async ([env, message]) => {
        const { code, output } = await start(file, [], env).ended
        expect(output).toContain(message)
        expect(code).not.toBe(0)
      })
    )
  }, 120_000)
})

describe("the program for Cloudflare Workers", () => {
  const origin = "http://localhost:8787"
  const settings = () => {
    const { PORT: _port, ...all } = settingsOf(clerk, 8787)
    return { ...all, APP_ORIGIN: origin }
  }
  let send: Send
  beforeAll(async () => {
    send = await makeApp(settings())
  })

  testBrowsers(() => ({ origin, send, refreshesApi: true, hasJsonErrors: true }))

  it.each([
    ["CLERK_PUBLISHABLE_KEY", "", "CLERK_PUBLISHABLE_KEY is missing"],
    ["CLERK_PUBLISHABLE_KEY", "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k", "must be of one instance"],
    ["APP_ORIGIN", "https://app.example.com/", "APP_ORIGIN must be an origin"]
  ])("rejects %s=%s with a message", async (name, value, message) => {
    await expect(makeApp({ ...settings(), [name]: value })).rejects.toThrow(message)
  })

  it("accepts a path as the sign-in page", async () => {
    const app = await makeApp({ ...settings(), CLERK_SIGN_IN_URL: "/sign-in" })
    const { headers } = await app(new Request(`${origin}/account`))
    expect(headers.get("location")).toBe(
      `${origin}/sign-in?redirect_url=${encodeURIComponent(`${origin}/account`)}`
    )
  })
})

describe("the program for Next.js", () => {
  const origin = "http://localhost:3000"
  let send: Send
  beforeAll(async () => {
    const before = { ...process.env }
    Object.assign(process.env, settingsOf(clerk, 3000), { APP_ORIGIN: origin })
    try {
      // The module reads the environment when it is loaded.
      const [{ currentSession, failed, makeProxy }, { GET }, signOut, { countDevices, signInUrl }] =
        await Promise.all([
          import("../../examples/frameworks/nextjs/session.js"),
          import("../../examples/frameworks/nextjs/me.js"),
          import("../../examples/frameworks/nextjs/sign-out.js"),
          import("../../examples/frameworks/clerk.js")
        ])
      /** Renders `app/page.tsx` and `app/account/page.tsx`. */
      const render = async (path: string, headers: Headers) => {
        const session = await currentSession(headers)
        if (path === "/") return new Response(`Hello ${session?.userId ?? "stranger: Sign in"}`)
        if (path !== "/account") return new Response("Not found", { status: 404 })
        if (session === undefined) {
          return new Response(null, { status: 307, headers: { location: signInUrl("/account") } })
        }
        return new Response(`You are ${session.userId}. Signed-in devices: ${await countDevices(session)}`)
      }
      /** Serves a request as Next.js does: the page sees the headers that the proxy passes on. */
      send = async (request) => {
        let passed = request.headers
        const proxied = await makeProxy((init) => {
          passed = init.request.headers
          return new Response(null, { headers: { "x-middleware-next": "1" } })
        })(request)
        if (!proxied.headers.has("x-middleware-next")) return proxied
        const path = new URL(request.url).pathname
        const { method } = request
        const response =
          path === "/api/me"
            ? await GET(new Request(request.url, { headers: passed }))
            : path === "/sign-out"
              ? await signOut[method === "POST" ? "POST" : "GET"](
                  new Request(request.url, { method, headers: passed })
                )
              : await render(path, passed).catch((thrown) => failed(request, thrown))
        for (const cookie of proxied.headers.getSetCookie()) response.headers.append("set-cookie", cookie)
        const control = proxied.headers.get("cache-control")
        if (control !== null) response.headers.set("cache-control", control)
        return response
      }
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
      Object.assign(process.env, before)
    }
  })

  testBrowsers(() => ({ origin, send, refreshesApi: true, hasJsonErrors: true }))
})

describe("the HttpApi", () => {
  let server: Awaited<ReturnType<typeof serve>>
  beforeAll(async () => {
    server = await serve(`examples/${frameworksFolder}/effect-http-api.ts`, clerk)
  }, 120_000)
  afterAll(() => stop(server.child))

  const remove = (path: string, token: string) =>
    fetch(new URL(path, server.origin), { method: "DELETE", headers: { authorization: `Bearer ${token}` } })

  it("signs out a device of the user, and no device of another one", async () => {
    const { origin } = server
    const { sessionToken } = await clerk.run(clerk.clerk.signIn(userId, { origin }))
    const phone = await clerk.run(clerk.clerk.signIn(userId, { origin }))
    const other = await clerk.run(clerk.clerk.createUser())
    const foreign = await clerk.run(clerk.clerk.signIn(other.id, { origin }))
    expect((await remove(`/api/devices/${phone.session.id}`, sessionToken)).status).toBe(204)
    for (const id of [foreign.session.id, "sess_unknown"]) {
      expect((await remove(`/api/devices/${id}`, sessionToken)).status).toBe(404)
    }
    const statusOf = async (id: string) => (await sessions()).find((each) => each.id === id)?.status
    expect(await statusOf(phone.session.id)).toBe("revoked")
    expect(await statusOf(foreign.session.id)).toBe("active")
  })

  it.each(["a%20b", "a%2Fb", "%2e%2e", "%F0%9F%92%A9"])("responds with 404 to an id like %s", async (id) => {
    const { sessionToken } = await clerk.run(clerk.clerk.signIn(userId, { origin: server.origin }))
    expect((await remove(`/api/devices/${id}`, sessionToken)).status).toBe(404)
  })

  it("tells a mistake of the server from an outage of Clerk, and logs the cause of both", async () => {
    const { session, sessionToken } = await clerk.run(clerk.clerk.signIn(userId, { origin: server.origin }))
    const responses = [
      { status: 401, tag: "Broken", response: 500, retryAfter: null },
      { status: 429, headers: { "retry-after": "30" }, tag: "ClerkDown", response: 503, retryAfter: "30" }
    ]
    for (const { headers = {}, response, retryAfter, status, tag } of responses) {
      await clerk.run(clerk.clerk.respondNext({ operation: "Sessions.revoke", status, headers }))
      const failed = await remove(`/api/devices/${session.id}`, sessionToken)
      expect([failed.status, await failed.json()]).toEqual([response, { _tag: tag }])
      expect(failed.headers.get("retry-after")).toBe(retryAfter)
      expect(server.output()).toContain(`Sessions.revoke: ${status}`)
    }
  })

  it("deletes a team for a user with the permission, and for no other user", async () => {
    const { origin } = server
    const organization = await clerk.run(
      clerk.clerk.createOrganization({
        features: ["teams"],
        members: [{ userId, role: "org:admin", permissions: ["org:teams:delete"] }]
      })
    )
    const may = await clerk.run(clerk.clerk.signIn(userId, { origin, organizationId: organization.id }))
    const mayNot = await clerk.run(clerk.clerk.signIn(userId, { origin }))
    expect((await remove("/api/teams/1", may.sessionToken)).status).toBe(204)
    const denied = await remove("/api/teams/1", mayNot.sessionToken)
    expect([denied.status, await denied.json()]).toEqual([
      403,
      { _tag: "ClerkAccessDenied", missing: ["permission"] }
    ])
    expect((await remove("/api/teams/1", "x")).status).toBe(401)
  })

  it("has the statuses of the middlewares in its OpenAPI document", async () => {
    const document: unknown = await (await fetch(`${server.origin}/openapi.json`)).json()
    expect(document).toMatchObject({
      paths: { "/api/teams/{id}": { delete: { responses: { 204: {}, 401: {}, 403: {}, 503: {} } } } }
    })
  })
})

describe("a port that another program uses", () => {
  it.each(servers)(
    "ends the program of %s with an error",
    async (_name, file) => {
      const { port } = new URL(clerk.url)
      const { code, output } = await start(file, [], settingsOf(clerk, Number(port))).ended
      expect(output).toContain("EADDRINUSE")
      expect(code).toBe(1)
    },
    60_000
  )
})

describe("the settings of a program", () => {
  const all = () => settingsOf(clerk, 3000)

  it.each([
    ["CLERK_PUBLISHABLE_KEY", "", /^CLERK_PUBLISHABLE_KEY is missing.*\n$/],
    ["CLERK_PUBLISHABLE_KEY", "pk_test_x", /^publishableKey must .*\n$/],
    ["CLERK_SECRET_KEY", "", /^CLERK_SECRET_KEY \(secretKey\) is missing or empty.*\n$/],
    [
      "CLERK_PUBLISHABLE_KEY",
      "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k",
      /^CLERK_SECRET_KEY and CLERK_PUBLISHABLE_KEY must be of one instance.*\n$/
    ],
    ["PORT", "abc", /^PORT must be a number.*\n$/],
    ["APP_ORIGIN", "https://app.example.com/", /^APP_ORIGIN must be an origin.*\n$/],
    ["APP_ORIGIN", "app.example.com", /^APP_ORIGIN must be an origin.*\n$/],
    ["CLERK_SIGN_IN_URL", "https://", /^CLERK_SIGN_IN_URL must be a URL.*\n$/],
    ["CLERK_SIGN_IN_URL", "accounts.example.com/sign-in", /^CLERK_SIGN_IN_URL must be a URL.*\n$/],
    ["CLERK_SIGN_IN_URL", "javascript:alert(1)", /^CLERK_SIGN_IN_URL must be a URL.*\n$/]
  ])(
    "end it with one line for %s=%s",
    async (name, value, message) => {
      const { code, output } = await start("examples/frameworks/clerk.ts", [], { ...all(), [name]: value })
        .ended
      expect(output).toMatch(message)
      expect(code).toBe(1)
    },
    60_000
  )

  it("ends it with one line where a production instance has no https address", async () => {
    const { code, output } = await start("examples/frameworks/clerk.ts", [], {
      ...all(),
      CLERK_SECRET_KEY: "sk_live_0123456789",
      CLERK_PUBLISHABLE_KEY: "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k"
    }).ended
    expect(output).toMatch(/^APP_ORIGIN must be the https address.*\n$/)
    expect(code).toBe(1)
  }, 60_000)
})

describe("the script", () => {
  const script = "examples/frameworks/script.ts"

  it("signs a user out everywhere", async () => {
    const { id } = await clerk.run(clerk.clerk.createUser())
    await clerk.run(clerk.clerk.signIn(id))
    await clerk.run(clerk.clerk.signIn(id))
    const { code, output } = await start(script, [id], settingsOf(clerk, 0)).ended
    expect([code, output]).toEqual([0, `Signed out ${id}. Sessions: 2\n`])
    const own = (await sessions()).filter(({ userId }) => userId === id)
    expect(own.map(({ status }) => status)).toEqual(["revoked", "revoked"])
  })

  it("ends with one line and code 1 after a mistake", async () => {
    const settings = settingsOf(clerk, 0)
    const runs = [
      [[], settings, "Give the id of a user: user_…\n"],
      [
        ["user_ada"],
        { ...settings, CLERK_SECRET_KEY: "" },
        "CLERK_SECRET_KEY (secretKey) is missing or empty"
      ],
      [
        ["user_ada"],
        { ...settings, CLERK_SECRET_KEY: "sk_test_other" },
        "Sessions.list: 401 clerk_key_invalid"
      ]
    ] as const
    for (const [args, env, message] of runs) {
      const { code, output } = await start(script, args, env).ended
      expect(code).toBe(1)
      expect(output).toContain(message)
      expect(output.trimEnd()).not.toContain("\n")
    }
  })
})

describe("the pages on frameworks", () => {
  const text = (path: string) => readFile(join(root, path), "utf8")

  /** What a project of Next.js imports in place of the files here. */
  const asInNextjs = (code: string) =>
    code
      .replace('from "../clerk.js"', 'from "@/lib/clerk"')
      .replace('from "./session.js"', 'from "@/lib/session"')

  it.each([
    ["hono", ["clerk", "hono"]],
    ["express", ["clerk", "express"]],
    ["node", ["clerk", "node", "script"]],
    ["nextjs", ["clerk", "nextjs/session", "nextjs/me", "nextjs/sign-out"]],
    ["workers", ["workers/app", "workers/worker"]]
  ] as const)("show the program for %s as it runs here", async (page, files) => {
    const document = await text(`docs/frameworks/${page}.md`)
    for (const file of files) {
      const code = await text(`examples/frameworks/${file}.ts`)
      expect(document).toContain(`\`\`\`typescript\n${page === "nextjs" ? asInNextjs(code) : code}\`\`\`\n`)
    }
  })

  it.each(["effect-http-api", "effect-router"])(
    "show the program %s as it runs here, for each Effect major",
    async (name) => {
      const document = await text(`docs/frameworks/${name}.md`)
      for (const [major, folder] of [
        ["effect4", "frameworks"],
        ["effect3", "effect3/frameworks"]
      ]) {
        const code = await text(`examples/${folder}/${name}.ts`)
        expect(document).toContain(`\`\`\`typescript ${major}\n${code}\`\`\`\n`)
      }
    }
  )
})
