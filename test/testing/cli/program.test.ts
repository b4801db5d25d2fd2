import { type ChildProcess, execFile, spawn } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { connect, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { createClerkClient, verifyToken } from "@clerk/backend"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { ClerkHttp, RequestPolicy, Sessions, SessionTokens, SigningKeys } from "effect-clerk"
import { decodeJwt } from "jose"
import { Webhook } from "standardwebhooks"
import { callback, fork } from "#test/fiber.js"
import { describe, expect, it } from "#test/vitest.js"
import { majorEnvironment, typescriptFlags } from "../../../scripts/support/major.js"
import { json, loopback } from "../../support/loopback.js"

const root = fileURLToPath(new URL("../../..", import.meta.url))

interface Running {
  readonly child: ChildProcess
  readonly output: () => string
  readonly errors: () => string
  /** Resolves to the exit code, or to the name of the signal that killed it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

const start = (args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync((): Running => {
      const child = spawn(process.execPath, [...typescriptFlags, "src/testing/cli/main.ts", ...args], {
        cwd: root,
        env: { PATH: process.env["PATH"], ...majorEnvironment }
      })
      let output = ""
      let errors = ""
      child.stdout.on("data", (chunk) => {
        output += chunk
      })
      child.stderr.on("data", (chunk) => {
        errors += chunk
      })
      const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
        child.on("close", (code, signal) => resolve(code ?? signal))
      })
      return { child, output: () => output, errors: () => errors, ended }
    }),
    ({ child, ended }) =>
      Effect.promise(async () => {
        child.kill("SIGKILL")
        await ended
      })
  )

/** Starts a server program, and waits until it prints its address. */
const serving = (args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const running = yield* start(["--port", "0", ...args])
    const address = yield* Effect.suspend(() => {
      const found = /listens on (http:\/\/\S+)/.exec(running.output())?.[1]
      return found === undefined ? Effect.fail(running.errors()) : Effect.succeed(found)
    }).pipe(Effect.retry({ times: 500, schedule: Schedule.spaced("50 millis") }))
    const post = (name: string, input: unknown) =>
      Effect.promise(async () => {
        const response = await fetch(`${address}/__emulator/${name}`, {
          method: "POST",
          body: JSON.stringify(input)
        })
        return response.json()
      })
    return { ...running, address, post }
  })

const temporaryFile = (content: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const folder = await mkdtemp(join(tmpdir(), "effect-clerk-"))
      const path = join(folder, "users.json")
      await writeFile(path, content)
      return { folder, path }
    }),
    ({ folder }) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
  )

const seed = JSON.stringify({
  users: [{ id: "user_ada" }],
  sessions: [{ id: "sess_laptop", userId: "user_ada", createdAgo: "2 days" }]
})

const ends = (args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const running = yield* start(args)
    const code = yield* Effect.promise(() => running.ended)
    return { code, output: running.output(), errors: running.errors() }
  })

const limit = 60_000

describe("effect-clerk-emulator", () => {
  it.live(
    "limits the rate of requests, and sends signed webhooks",
    () =>
      Effect.gen(function* () {
        const { asked, received, url } = yield* loopback((response) => response.writeHead(404).end())
        const secret = `whsec_${btoa("a secret of the test")}`
        const { address, errors, output, post } = yield* serving([
          ...["--rate-limit", "2/10s", "--webhook-url", `${url}/webhooks`, "--webhook-secret", secret]
        ])
        expect(output()).toContain(`Webhooks go to ${url}/webhooks\n`)
        expect(output()).toContain("CLERK_WEBHOOK_SIGNING_SECRET=<the secret of --webhook-secret>\n")
        const { session } = yield* post("sign-in", { userId: "user_ada" })
        yield* asked
        const [{ body = "", headers = {} } = {}] = received
        const standard = Object.fromEntries(
          ["id", "timestamp", "signature"].map((name) => [`webhook-${name}`, headers[`svix-${name}`] ?? ""])
        )
        expect(new Webhook(secret).verify(body, standard)).toMatchObject({
          type: "session.created",
          data: { id: session.id }
        })
        const send = Effect.promise(() =>
          fetch(`${address}/v1/sessions/${session.id}`, {
            headers: { authorization: "Bearer sk_test_emulator" }
          })
        )
        expect((yield* Effect.replicateEffect(send, 3)).map(({ status }) => status)).toEqual([200, 200, 429])
        const state = yield* Effect.promise(async () => (await fetch(`${address}/__emulator/state`)).json())
        expect(state.rateLimit).toEqual({
          limit: 2,
          window: 10_000,
          requests: 3,
          rejected: 1,
          mostInWindow: 3
        })
        expect(errors()).toContain(
          `Webhook session.created to ${url}/webhooks: status 404. The next attempt is in 5 s\n`
        )
        expect(output() + errors()).not.toContain(secret)
      }),
    limit
  )

  it.live(
    "prints its address and its usage, responds to fetch, @clerk/backend and this library, and ends on a signal",
    () =>
      Effect.gen(function* () {
        const { path } = yield* temporaryFile(seed)
        const { address, child, ended, errors, output, post } = yield* serving(["--seed", path])
        expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
        expect(output()).toBe(`effect-clerk-emulator listens on ${address}

Set these environment variables for your application:

  CLERK_API_URL=${address}
  CLERK_SECRET_KEY=sk_test_emulator
  CLERK_PUBLISHABLE_KEY=pk_test_${btoa(`${new URL(address).host}$`)}

Sign in on this page, which returns to your application:

  ${address}/sign-in?redirect_url=http://localhost:3000/

Or sign in from a terminal. The control API is at ${address}/__emulator and lists its commands there:

  curl ${address}/__emulator/sign-in -d '{"userId":"user_1","origin":"http://localhost:3000"}'
  curl ${address}/__emulator/state

Press Ctrl+C to stop. All data is lost then.
`)

        const secretKey = "sk_test_emulator"
        const unauthorized = yield* Effect.promise(() => fetch(`${address}/v1/sessions/sess_laptop`))
        expect(unauthorized.status).toBe(401)
        const response = yield* Effect.promise(() =>
          fetch(`${address}/v1/sessions/sess_laptop`, { headers: { authorization: `Bearer ${secretKey}` } })
        )
        expect(yield* Effect.promise(() => response.json())).toMatchObject({
          id: "sess_laptop",
          user_id: "user_ada",
          status: "active"
        })

        const { session, sessionToken } = yield* post("sign-in", { userId: "user_ada" })
        const clerk = createClerkClient({ secretKey, apiUrl: address })
        const list = yield* Effect.promise(() => clerk.sessions.getSessionList({ userId: "user_ada" }))
        expect(list.data.map(({ id }) => id)).toEqual([session.id, "sess_laptop"])
        const claims = yield* Effect.promise(() => verifyToken(sessionToken, { secretKey, apiUrl: address }))
        expect(claims.sid).toBe(session.id)

        const ours = yield* SessionTokens.verify(sessionToken).pipe(
          Effect.andThen(Sessions.revoke(session.id)),
          Effect.provide(
            SigningKeys.layerJwks.pipe(
              Layer.provideMerge(
                ClerkHttp.layerFetch({ secretKey: Redacted.make(secretKey), apiUrl: address })
              )
            )
          )
        )
        expect(ours.status).toBe("revoked")

        child.kill("SIGTERM")
        expect(yield* Effect.promise(() => ended)).toBe(0)
        expect(errors()).toBe("")
      }),
    limit
  )

  it.live(
    "signs a browser in on its page, and hands the session over to the application",
    () =>
      Effect.gen(function* () {
        const { path } = yield* temporaryFile(seed)
        const { address, errors, output } = yield* serving([
          ...["--seed", path, "--allow-origin", "https://app.test"]
        ])
        const [, key = ""] = /CLERK_PUBLISHABLE_KEY=pk_test_(\S+)/.exec(output()) ?? []
        expect(`http://${atob(key)}`).toBe(`${address}$`)

        const app = "http://localhost:3000/account"
        const load = (path: string, to: string, init: RequestInit = {}) =>
          Effect.promise(async () => {
            const url = new URL(path, address)
            url.searchParams.set("redirect_url", to)
            const response = await fetch(url, { redirect: "manual", ...init })
            return { response, location: new URL(response.headers.get("location") ?? "none:") }
          })
        const page = yield* load("/sign-in", app)
        expect(yield* Effect.promise(() => page.response.text())).toContain('value="user_ada"')
        const submit = (origin: string, to = app) =>
          load("/sign-in", to, {
            method: "POST",
            headers: { origin },
            body: new URLSearchParams({ user_id: "user_ada" })
          })
        // Pages of this machine may use the control API, but not this form.
        expect((yield* submit("http://localhost:3000")).response.status).toBe(403)
        expect((yield* submit(address, "https://evil.example/")).response.status).toBe(400)
        expect((yield* submit(address, "https://app.test/")).response.status).toBe(303)
        const signedIn = yield* submit(address)
        expect(signedIn.response.status).toBe(303)
        expect(signedIn.location.origin + signedIn.location.pathname).toBe(app)

        const browser = signedIn.location.searchParams.get("__clerk_db_jwt") ?? ""
        const result = yield* load(`/v1/client/handshake?__clerk_db_jwt=${browser}`, app, {
          headers: { "sec-fetch-site": "cross-site", "sec-fetch-dest": "document" }
        })
        expect(result.response.status).toBe(307)
        expect(result.response.headers.get("cache-control")).toBe("no-store")
        const payload = decodeJwt(result.location.searchParams.get("__clerk_handshake") ?? "")
        const token = /__session=([^;"]+)/.exec(JSON.stringify(payload))?.[1] ?? ""
        expect(decodeJwt(token)).toMatchObject({
          iss: address,
          azp: "http://localhost:3000",
          sub: "user_ada"
        })
        expect(errors()).toBe("")
      }),
    limit
  )

  it.live(
    "breaks connections, moves its clock, and resets, by commands on its control path",
    () =>
      Effect.gen(function* () {
        const { path } = yield* temporaryFile(seed)
        const { address, child, ended, post } = yield* serving([
          "--seed",
          path,
          "--secret-key",
          "sk_test_of_mine"
        ])
        const client = ClerkHttp.layerFetch({ secretKey: Redacted.make("sk_test_of_mine"), apiUrl: address })
        yield* post("fail-next", { fault: "reset", operation: "Sessions.get" })
        const get = Sessions.get("sess_laptop").pipe(Effect.provide(client))
        expect(yield* Effect.flip(RequestPolicy.noRetry(get))).toMatchObject({
          _tag: "ClerkTransportError",
          sent: "maybe"
        })
        yield* post("fail-next", { fault: "no-response" })
        const silent = get.pipe(RequestPolicy.retry({ maxAttempts: 1 }), RequestPolicy.timeout("200 millis"))
        expect(yield* Effect.flip(silent)).toMatchObject({ _tag: "ClerkTimeout" })
        yield* post("advance", { by: "6 days" })
        expect((yield* get).status).toBe("expired")
        yield* post("reset", {})
        expect((yield* get).status).toBe("active")

        const tooLong = yield* Effect.promise(() =>
          fetch(`${address}/v1/sessions`, {
            method: "POST",
            headers: { authorization: "Bearer sk_test_of_mine", "content-type": "application/json" },
            body: JSON.stringify({ user_id: "u".repeat(3 * 1024 * 1024) })
          })
        )
        expect(tooLong.status).toBe(413)

        // A pending request does not prevent its end.
        yield* post("fail-next", { fault: "no-response" })
        const left = Effect.promise(() => fetch(`${address}/v1/jwks`).catch(() => "broken off"))
        const fiber = yield* fork(left)
        yield* Effect.sleep("200 millis")
        child.kill("SIGINT")
        expect(yield* Effect.promise(() => ended)).toBe(0)
        expect(yield* Fiber.join(fiber)).toBe("broken off")
      }),
    limit
  )

  it.live(
    "serves a container's name and a page's origin as its flags allow, and logs each rejection in one line",
    () =>
      Effect.gen(function* () {
        // An empty flag is a missing one: it serves with the default key.
        const { address, errors, output } = yield* serving([
          ...["--host", "0.0.0.0", "--secret-key", "", "--allow-host", "clerk"],
          ...["--allow-origin", "https://app.test"]
        ])
        const url = address.replace("0.0.0.0", "127.0.0.1")
        // The variables are for this machine, where 0.0.0.0 is no address to call.
        expect(output()).toContain(`CLERK_API_URL=${url}\n`)
        expect(output()).toContain(
          "Other machines on your network can reach this address and use /__emulator."
        )
        // The publishable key leads to this machine, because the key of another host leads to https.
        expect(output()).toContain(btoa(`${new URL(url).host}$`))
        const state = (headers: Readonly<Record<string, string>>) =>
          Effect.promise(async () => {
            const response = await fetch(`${url}/__emulator/state`, { headers })
            return [response.status, response.headers.get("access-control-allow-origin")]
          })
        expect(yield* state({ origin: "https://app.test" })).toEqual([200, "https://app.test"])
        expect(yield* state({ origin: "https://evil.example" })).toEqual([403, null])
        const health = yield* Effect.promise(() => fetch(`${url}/health`))
        expect(health.status).toBe(200)
        const deep = yield* Effect.promise(() =>
          fetch(`${url}/__emulator/seed`, { method: "POST", body: "[".repeat(5_000) })
        )
        expect(deep.status).toBe(400)
        expect(errors().trimEnd().split("\n")).toEqual([
          expect.stringMatching(
            /^403 GET \/__emulator\/state: .*the origin https:\/\/evil\.example is not allowed/
          ),
          '400 POST /__emulator/seed: {"error":"the body is nested deeper than 100 levels"}'
        ])
      }),
    limit
  )

  it.live(
    "survives a connection that is reset after CONNECT, and does not wait for one that stays open",
    () =>
      Effect.gen(function* () {
        const { address, child, ended } = yield* serving([])
        const port = Number(new URL(address).port)
        const open = (thenReset: boolean) =>
          callback<Socket>((resume) => {
            const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
            socket.on("error", () => {})
            socket.once("data", () => resume(Effect.succeed(socket)))
            socket.once("close", () => resume(Effect.succeed(socket)))
            socket.write("CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n", () => {
              if (thenReset) socket.resetAndDestroy()
            })
          })
        yield* Effect.repeat(open(true), { times: 20 })
        const left = yield* open(false)
        expect((yield* Effect.promise(() => fetch(`${address}/health`))).status).toBe(200)
        child.kill("SIGTERM")
        expect(yield* Effect.promise(() => ended)).toBe(0)
        left.destroy()
      }),
    limit
  )

  it.live(
    "issues session tokens with the lifetime of --token-lifetime",
    () =>
      Effect.gen(function* () {
        const { post } = yield* serving(["--token-lifetime", "5s"])
        const { sessionToken } = yield* post("sign-in", { userId: "user_ada" })
        const { exp = 0, iat = 0 } = decodeJwt(sessionToken)
        expect(exp - iat).toBe(5)
      }),
    limit
  )

  it.live(
    "prints and executes what its documentation shows",
    () =>
      Effect.gen(function* () {
        const page = yield* Effect.promise(() => readFile(join(root, "docs/emulator.md"), "utf8"))
        const blocks = (language: string) =>
          [...page.matchAll(/^```(\w+)\n(.*?)^```/gms)].flatMap(([, name, text = ""]) =>
            name === language ? [text] : []
          )
        const { path } = yield* temporaryFile(blocks("json")[0] ?? "")
        const { address, output } = yield* serving(["--seed", path])
        const local = (text: string) => text.replaceAll("http://127.0.0.1:4999", address)
        const key = `CLERK_PUBLISHABLE_KEY=pk_test_${btoa(`${new URL(address).host}$`)}`
        const banner = local(blocks("text")[0] ?? "").replace(/CLERK_PUBLISHABLE_KEY=\S+/, key)
        expect(output().startsWith(banner)).toBe(true)

        const commands = blocks("sh")
          .flatMap((text) => local(text).match(/^curl .*$/gm) ?? [])
          .filter((line) => line.includes(address)) // Others are for the server of the reader.
        expect(commands.length).toBeGreaterThan(8)
        for (const command of commands) {
          const { stdout } = yield* Effect.promise(() =>
            promisify(execFile)("sh", ["-c", `${command} --silent --show-error --fail`])
          )
          expect([command, typeof JSON.parse(stdout)]).toEqual([command, "object"])
        }
        const [assignment = ""] = blocks("sh").flatMap((text) => local(text).match(/^TOKEN=.*$/gm) ?? [])
        const { stdout } = yield* Effect.promise(() =>
          promisify(execFile)("sh", ["-c", `${assignment}\necho "$TOKEN"`])
        )
        expect(decodeJwt(stdout.trim())).toMatchObject({ sub: "user_ada", azp: "http://localhost:3000" })
      }),
    limit
  )

  it.live(
    "does not print a given key",
    () =>
      Effect.gen(function* () {
        const key = "sk_test_of.mine!0123456789"
        const { address, errors, output } = yield* serving(["--secret-key", key, "--host", "localhost"])
        yield* Effect.promise(() => fetch(`${address}/__emulator/${key}`))
        expect(errors()).toMatch(/^404 GET \/__emulator\/\*\*\*: /)
        expect(output() + errors()).not.toMatch(/sk_test_of|mine|0123456789/)
        expect(output()).toContain("CLERK_SECRET_KEY=<the key of --secret-key>\n")
      }),
    limit
  )

  it.live(
    "ends with 2 and a sentence for a wrong option or seed",
    () =>
      Effect.gen(function* () {
        const { path } = yield* temporaryFile('{"users":[{"id":"user_1","plans":[]}]}')
        const { path: notJson } = yield* temporaryFile("users:")
        const outcomes = yield* Effect.all(
          [ends(["--prot", "1"]), ends(["--seed", path]), ends(["--seed", notJson])],
          { concurrency: 2 }
        )
        expect(outcomes).toEqual([
          {
            code: 2,
            output: "",
            errors:
              "Unknown option --prot. Did you mean --port? Run effect-clerk-emulator --help for all options.\n"
          },
          {
            code: 2,
            output: "",
            errors: `Cannot load --seed ${path}. In it, users.0.plans is not a field; the fields are id, features, plan.\n`
          },
          { code: 2, output: "", errors: `Cannot load --seed ${notJson}. The file is not JSON.\n` }
        ])
      }),
    limit
  )

  it.live(
    "ends with 2 when its seed cannot be read, and with 1 when it cannot listen",
    () =>
      Effect.gen(function* () {
        const { path: deep } = yield* temporaryFile("[".repeat(5_000))
        const taken = yield* loopback(json({}))
        const port = new URL(taken.url).port
        const outcomes = yield* Effect.all(
          [ends(["--seed", deep]), ends(["--seed", "nowhere.json"]), ends(["--port", port])],
          { concurrency: 2 }
        )
        expect(outcomes).toEqual([
          {
            code: 2,
            output: "",
            errors: `Cannot load --seed ${deep}. The file is nested deeper than 100 levels.\n`
          },
          {
            code: 2,
            output: "",
            errors:
              "Cannot load --seed nowhere.json. The file does not exist, or this user may not read it.\n"
          },
          {
            code: 1,
            output: "",
            errors: `Cannot listen on port ${port} of 127.0.0.1, because another program uses it. Stop that program, or use another port with --port. --port 0 takes any free port.\n`
          }
        ])
      }),
    limit
  )

  it.live(
    "prints its flags, and its version",
    () =>
      Effect.gen(function* () {
        const [help, version] = yield* Effect.all([ends(["--help"]), ends(["--version"])], { concurrency: 2 })
        expect([help.code, version.code]).toEqual([0, 0])
        for (const flag of [
          "--port",
          "--host",
          "--seed",
          "--secret-key",
          "--token-lifetime",
          "--rate-limit",
          "--webhook-url",
          "--webhook-secret",
          "--allow-host",
          "--allow-origin",
          "--help",
          "--version"
        ]) {
          expect(help.output).toContain(flag)
        }
        expect(version.output).toMatch(/^\d+\.\d+\.\d+\n$/)
      }),
    limit
  )
})
