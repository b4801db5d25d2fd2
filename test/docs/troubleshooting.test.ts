import { readFileSync } from "node:fs"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import {
  ClerkAccessDenied,
  ClerkConfigError,
  ClerkDecodeError,
  ClerkHttp,
  ClerkKeysUnavailable,
  ClerkRateLimited,
  ClerkServerError,
  ClerkTimeout,
  ClerkTokenError,
  ClerkTransportError,
  ClerkUnexpectedStatus,
  ClerkWebhookError
} from "effect-clerk"
import { dateTimeFromMillis } from "#major/time.js"
import { describe, expect, it } from "#test/vitest.js"
import {
  decodeReasons,
  keysUnavailableReasons,
  tokenReasons,
  transportReasons
} from "../../src/core/model.js"
import { webhookReasons } from "../../src/core/webhooks/message.js"
import { fixedParts, isSentence, type Literal, literals } from "./literals.js"

const page = readFileSync(new URL("../../docs/troubleshooting.md", import.meta.url), "utf8")

/** The section about what TypeScript, npm and Node.js print. */
const ofOthers = "### Messages of other programs"

/** An entry of the page: the code in the first cell of a row. */
const entriesIn = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/^\| (`+)(.+?)\1 \| .+ \|$/gm)].map(([, , code = ""]) => code.replaceAll("\\|", "|"))

const [own = "", others = ""] = page.split(ofOthers)
const entries = entriesIn(own)

/** Files with texts that are no messages of this library. */
const otherFiles: ReadonlyMap<string, string> = new Map([
  ["core/emulator/errorResponses.ts", "Clerk's own texts, of which the page has the frequent ones"],
  ["core/wire/errorPatterns.ts", "texts of runtimes, which the client recognizes"],
  ["runtime/telemetry.ts", "descriptions of metrics"]
])

/** Texts that nobody reads as a message, and why. */
const notMessages: ReadonlyMap<string, string> = new Map([
  ["No attempt ends with the event …", "a check of the library's own loop"],
  ["there is no such key", "caught in the emulator"],
  ["not an RSA key", "caught where keys are imported"],
  ["too complex", "a result of the search for secrets"],
  ["the connection to the proxy failed", "becomes the reason proxy"],
  ["the request was aborted", "never leaves the transport"],
  ["effect-clerk rate limit of …", "hashed, for the name of a bucket"],
  ["[object ArrayBuffer]", "a tag of JavaScript"],
  ["gzip, br", "a header"],
  ["GET, HEAD, POST, OPTIONS", "a header"],
  ["GET, HEAD, POST", "a header"],
  ["text/html; charset=utf-8", "a header"],
  ["default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'", "a header"],
  ['Bearer realm="clerk"', "a header"],
  ["…=; Path=/;… Max-Age=0; SameSite=Lax", "a header"],
  ['…, error="invalid_token", error_description="…"', "a header"],
  ["The emulator failed", "the heading of the message that follows"],
  ["The emulator failed: see its log", "as the message of the control API"],
  ["Sign in", "a heading of the sign-in page"],
  ["A session token of Clerk.", "a description for OpenAPI"],
  ["Clerk's session cookie, also by its name with the suffix of the instance.", "a description for OpenAPI"],
  ["no such field", "a placeholder of the readers of issues, which each caller replaces"]
])

/** Texts of the program that are help, not messages. */
const isHelp = ({ file, text }: Literal): boolean =>
  (file === "testing/cli/commands.ts" &&
    /^(?:returns|signs|sends|changes|responds|breaks|delays|moves|adds|removes) /.test(text)) ||
  ["the list of commands", "an empty object"].includes(text) ||
  /^Runs a Clerk in memory|^… listens on|Other machines on your network/.test(text.trimStart()) ||
  text.startsWith("-----BEGIN")

/** The texts that a user can read as a message. */
const messages = literals.filter(
  (literal) =>
    isSentence(literal.text) &&
    !otherFiles.has(literal.file) &&
    !notMessages.has(literal.text) &&
    !isHelp(literal)
)

const hasInOrder = (entry: string, parts: ReadonlyArray<string>): boolean => {
  let at = 0
  for (const part of parts) {
    const found = entry.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return true
}

/** The parts of all texts that are longer than a name. */
const known: ReadonlyArray<string> = [
  ...new Set(
    literals
      // Without the tags of a page, and with the names in angle brackets of a message.
      .flatMap(({ text }) => [text.replace(/<[^>]*>/g, ""), text].flatMap(fixedParts))
      .filter((part) => /\w/.test(part) && /\s/.test(part))
  )
].sort((a, b) => b.length - a.length)

/** Shorter parts, which count only beside longer ones. */
const short: ReadonlyArray<string> = [
  ...new Set(literals.flatMap(({ text }) => text.split("…")).map((part) => part.trim()))
].filter((part) => part.length >= 2 && !known.includes(part))

const names = new Set(short)

/**
 * Returns whether a text consists of texts in the code, with at most one name between two of them. So a message that
 * has changed in the code is not found.
 */
const isMadeOfLiterals = (piece: string): boolean => {
  const seen = new Set<string>()
  const from = (at: number, afterName: boolean): boolean => {
    const separators = /^[\s:;,.()[\]]*/.exec(piece.slice(at))?.[0].length ?? 0
    const start = at + separators
    if (start >= piece.length) return true
    const key = `${start} ${afterName}`
    if (seen.has(key)) return false
    seen.add(key)
    for (const literal of known) {
      if (piece.startsWith(literal, start) && from(start + literal.length, false)) return true
    }
    const name = /^[^\s:;,()]+/.exec(piece.slice(start))?.[0] ?? ""
    const isLiteral = names.has(name) || names.has(name.replace(/\.$/, ""))
    return name !== "" && (isLiteral || !afterName) && from(start + name.length, !isLiteral)
  }
  return from(0, false)
}

/** Messages of the programs in the documentation. */
const ofPrograms: ReadonlyArray<string> = ["CLERK_PUBLISHABLE_KEY is missing"]

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

const patterns = entries.map((entry) => new RegExp(entry.split("…").map(escaped).join(".*")))

/** The message is on the page, in one entry. */
const expectOnPage = (message: string): void => {
  expect(
    patterns.some((pattern) => pattern.test(message)),
    message
  ).toBe(true)
}

describe("the page about messages", () => {
  it("has every message of the code", () => {
    const missing = messages
      .filter(({ text }) => !entries.some((entry) => hasInOrder(entry, fixedParts(text))))
      .map(({ file, text }) => `${file}: ${text}`)
    expect([...new Set(missing)]).toEqual([])
  })

  it("has only messages that the code can make", () => {
    const invented = entries.filter(
      (entry) => !ofPrograms.includes(entry) && !entry.split("…").every(isMadeOfLiterals)
    )
    expect(invented).toEqual([])
  })

  it("has each message once", () => {
    expect(entries.filter((entry, at) => entries.indexOf(entry) !== at)).toEqual([])
  })

  it("has more than 170 messages, and the names of the folders that say what to install", () => {
    expect(entries.length).toBeGreaterThan(170)
    const build = readFileSync(new URL("../../scripts/build.mjs", import.meta.url), "utf8")
    const folders = entriesIn(others).filter((entry) => entry.startsWith("effect-clerk-"))
    expect(folders).toHaveLength(2)
    for (const folder of folders) expect(build).toContain(folder)
  })

  it("lists no exception that is gone from the code", () => {
    const texts = new Set(literals.map(({ text }) => text))
    const files = new Set(literals.map(({ file }) => file))
    expect([...notMessages.keys()].filter((text) => !texts.has(text))).toEqual([])
    expect([...otherFiles.keys()].filter((file) => !files.has(file))).toEqual([])
  })
})

describe("the message on the page", () => {
  const call = {
    operation: "Sessions.get",
    method: "GET",
    path: "/sessions/{id}",
    attempts: 1,
    retryable: true
  }

  it.each(transportReasons)("is that of a transport error for %s", (reason) => {
    expectOnPage(new ClerkTransportError({ ...call, reason, sent: "no" }).message)
    expectOnPage(new ClerkTransportError({ ...call, reason, sent: "maybe" }).message)
  })

  it.each(decodeReasons)("is that of a response that cannot be read for %s", (reason) => {
    const issues = [{ path: "user_id", expected: "a string" }]
    const fields = { issues, maxResponseBytes: 8, expectedId: "sess_1", receivedId: "sess_2", status: 200 }
    expectOnPage(new ClerkDecodeError({ ...call, reason, ...fields }).message)
  })

  it.each(tokenReasons)("is that of a rejected token for %s", (reason) => {
    const issues = [{ path: "plan", expected: "a string" }]
    const lists = { expected: ["https://app.example.com"], actual: ["https://other.example.com"] }
    expectOnPage(new ClerkTokenError({ reason, ...lists, issues: reason === "claims" ? issues : [] }).message)
  })

  it.each(keysUnavailableReasons)("is that of unavailable keys for %s", (reason) => {
    const retryAfter = Duration.seconds(7)
    expectOnPage(
      new ClerkKeysUnavailable({ reason, failure: "ClerkServerError", retryAfter, retryable: true }).message
    )
  })

  it.each(webhookReasons)("is that of a rejected webhook for %s", (reason) => {
    const sentAt = dateTimeFromMillis(1_795_780_800_000)
    const times = { sentAt, checkedAt: dateTimeFromMillis(1_795_784_400_000) }
    expectOnPage(new ClerkWebhookError({ reason, ...times }).message)
  })

  it.each(["attempt", "deadline", "admission"] as const)("is that of a timeout of the phase %s", (phase) => {
    expectOnPage(new ClerkTimeout({ ...call, phase, sent: "maybe", limit: Duration.seconds(3) }).message)
  })

  it("is that of a response with a wait, of a redirect, and of denied access", () => {
    const retryAfter = Duration.seconds(7)
    const errors = [{ code: "too_many_requests" }]
    expectOnPage(new ClerkRateLimited({ ...call, status: 429, errors, retryAfter }).message)
    expectOnPage(new ClerkServerError({ ...call, status: 503, errors, retryAfter }).message)
    expectOnPage(new ClerkUnexpectedStatus({ ...call, status: 302, errors }).message)
    expectOnPage(new ClerkAccessDenied({ missing: ["role", "active"] }).message)
    expectOnPage(new ClerkAccessDenied({ missing: [] }).message)
  })

  const secretKey = Redacted.make("sk_test_a2V5")
  const invalid: ReadonlyArray<object> = [
    {},
    { secretKey: Redacted.make("sk_test_ a2V5") },
    { secretKey: Redacted.make("pk_test_a2V5") },
    { secretKey: Redacted.make("Bearer sk_test_a2V5") },
    { secretKey: Redacted.make("other") },
    { secretKey, api_url: "https://api.clerk.com" },
    { secretKey, apiUrl: "http://clerk.example.com" },
    { secretKey, apiUrl: "https://api.clerk.com/v1" },
    { secretKey, apiUrl: "api.clerk.com" },
    { secretKey, apiVersion: "latest" },
    { secretKey, maxResponseBytes: 0 },
    { secretKey, policy: { maxAttempts: 0 } },
    { secretKey, policy: { timeout: 0 } },
    { secretKey, policy: { timeout: "10 seconds", deadline: 30 } }
  ]

  it.effect.each(invalid)("is that of a client with the options %j", (options) =>
    Effect.gen(function* () {
      // A caller without types can give any options.
      const layer = ClerkHttp.layerFetch(options as Parameters<typeof ClerkHttp.layerFetch>[0])
      const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
      expect(error).toBeInstanceOf(ClerkConfigError)
      expectOnPage(error.message)
    })
  )
})
