import type { RequestPolicy } from "effect-clerk"
import * as wire from "../../support/wire.js"
import { bodyFor, end, flood, jsonHead, reset, trickle, whole, write } from "./responses.js"
import type { Act } from "./scripted.js"

/** Which kinds of operation are retried. A `once` is retried only where Clerk has certainly not acted. */
export type Again = "never" | "unless once" | "always"

export interface Fault {
  readonly name: string
  readonly act: Act
  readonly outcome: Readonly<Record<string, unknown>>
  readonly again: Again
  /** The server waits for the client to close the connection. */
  readonly closes?: boolean
}

const lost = (reason: string) => ({ _tag: "ClerkTransportError", reason, sent: "maybe" })
const unreadable = (reason: string) => ({ _tag: "ClerkDecodeError", reason })
const status = (_tag: string, code: number) => ({ _tag, status: code })
const outOfTime = { _tag: "ClerkTimeout", phase: "attempt", sent: "maybe" }

const body = bodyFor("/")
const half = body.slice(0, body.length / 2)
const sized = `${jsonHead}content-length: ${body.length}\r\n\r\n`
const chunked = `${jsonHead}transfer-encoding: chunked\r\n\r\n`
const gzip = (bytes: Buffer) =>
  whole(200, bytes, "content-type: application/json\r\ncontent-encoding: gzip\r\n")

const broken: ReadonlyArray<Fault> = [
  { name: "a close before the response", act: end(), outcome: lost("closed"), again: "unless once" },
  { name: "a reset before the response", act: reset(), outcome: lost("reset"), again: "unless once" },
  { name: "a close within the head", act: end(jsonHead), outcome: lost("closed"), again: "unless once" },
  { name: "a reset within the head", act: reset(jsonHead), outcome: lost("reset"), again: "unless once" },
  {
    name: "a close within the body",
    act: end(sized, half),
    outcome: lost("incomplete-body"),
    again: "unless once"
  },
  { name: "a reset within the body", act: reset(sized, half), outcome: lost("reset"), again: "unless once" },
  {
    name: "a body without its last chunk",
    act: end(chunked, `${body.length.toString(16)}\r\n${body}\r\n`),
    outcome: lost("incomplete-body"),
    again: "unless once"
  },
  {
    name: "an unexpected 100 Continue",
    act: write("HTTP/1.1 100 Continue\r\n\r\n"),
    outcome: lost("closed"),
    again: "unless once",
    closes: true
  },
  {
    name: "an unexpected upgrade",
    act: write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
    outcome: lost("closed"),
    again: "unless once",
    closes: true
  }
]

const ungrammatical: ReadonlyArray<Fault> = [
  ["a chunk without size", `${chunked}zz\r\n{}\r\n0\r\n\r\n`],
  ["two lengths", `${jsonHead}content-length: 2\r\ncontent-length: 3\r\n\r\n{} `],
  ["a length and chunks", `${jsonHead}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}`],
  ["a length that is not a number", `${jsonHead}content-length: many\r\n\r\n{}`],
  ["a greeting of another protocol", "220 smtp.example.com ESMTP\r\n"],
  ["a page without a head", "<html></html>"],
  ["a head without end", `${jsonHead}x: ${"x".repeat(70_000)}`],
  ["a NUL in a header", `${jsonHead}x: a\0b\r\ncontent-length: 2\r\n\r\n{}`],
  ["an unknown HTTP version", `HTTP/9.7 200 OK\r\ncontent-length: 2\r\n\r\n{}`]
].map(([name = "", bytes = ""]) => ({
  name,
  act: write(bytes),
  outcome: lost("protocol"),
  again: "never",
  closes: true
}))

const unreadableBodies: ReadonlyArray<Fault> = [
  { name: "an empty success", act: write(whole(200, "")), outcome: unreadable("empty"), again: "never" },
  { name: "half the JSON", act: write(whole(200, half)), outcome: unreadable("json"), again: "never" },
  {
    name: "a number for a session",
    act: write(whole(200, "1e400")),
    outcome: unreadable("schema"),
    again: "never"
  },
  {
    name: "a list for a session",
    act: write(whole(200, "[]")),
    outcome: unreadable("schema"),
    again: "never"
  },
  {
    name: "brackets without end",
    act: write(whole(200, `${"[".repeat(200_000)}${"]".repeat(200_000)}`)),
    outcome: unreadable("schema"),
    again: "never"
  },
  {
    name: "an invalid time",
    act: write(whole(200, JSON.stringify({ ...wire.sessionWith({ created_at: -1.5 }), jwt: 1 }))),
    outcome: unreadable("schema"),
    again: "never"
  },
  {
    name: "a page of a captive portal",
    act: write(whole(200, "<html>", "content-type: text/html\r\n")),
    outcome: unreadable("content-type"),
    again: "never"
  },
  {
    name: "bytes that are not text",
    act: write(whole(200, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]))),
    outcome: unreadable("utf8"),
    again: "never"
  },
  {
    name: "an encoding that was not requested",
    act: write(whole(200, "x", "content-type: application/json\r\ncontent-encoding: compress\r\n")),
    outcome: unreadable("encoding"),
    again: "never"
  },
  {
    name: "invalid gzip",
    act: write(gzip(Buffer.from("not gzip at all"))),
    outcome: unreadable("encoding"),
    again: "never"
  },
  {
    name: "a body announced too large",
    act: write(`${jsonHead}content-length: 9000000\r\n\r\n{`),
    outcome: unreadable("oversize"),
    again: "never",
    closes: true
  },
  {
    name: "a body that does not end",
    act: flood(chunked, Buffer.from(`10000\r\n${" ".repeat(0x10000)}\r\n`)),
    outcome: unreadable("oversize"),
    again: "never",
    closes: true
  },
  {
    name: "more bytes than announced",
    act: write(`${jsonHead}content-length: 10\r\n\r\n${body}`),
    outcome: unreadable("json"),
    again: "never",
    closes: true
  }
]

const page = "<html>bad gateway</html>"
const html = "content-type: text/html\r\n"

const passing = [408, 500, 502, 503, 504, 520, 521, 522, 523, 524]
const lasting = [501, 505, 525, 526]

const refusals: ReadonlyArray<Fault> = [
  ...passing.map((code) => ({
    name: `a ${code}`,
    act: write(whole(code, page, html)),
    outcome: status(code < 500 ? "ClerkUnexpectedStatus" : "ClerkServerError", code),
    again: "unless once" as const
  })),
  ...lasting.map((code) => ({
    name: `a ${code}`,
    act: write(whole(code, page, html)),
    outcome: status("ClerkServerError", code),
    again: "never" as const
  })),
  {
    name: "a 429",
    act: write(whole(429, `{"errors":[]}`)),
    outcome: status("ClerkRateLimited", 429),
    again: "always"
  },
  {
    name: "a 400",
    act: write(whole(400, page, html)),
    outcome: status("ClerkBadRequest", 400),
    again: "never"
  },
  {
    name: "an empty 401",
    act: write(whole(401, "", "")),
    outcome: status("ClerkUnauthorized", 401),
    again: "never"
  },
  {
    name: "a challenge",
    act: write(whole(403, page, html)),
    outcome: status("ClerkForbidden", 403),
    again: "never"
  },
  {
    name: "a 404",
    act: write(whole(404, page, html)),
    outcome: status("ClerkNotFound", 404),
    again: "never"
  },
  ...[302, 304, 600, 999].map((code) => ({
    name: `a ${code}`,
    act: write(
      code === 304
        ? "HTTP/1.1 304 X\r\n\r\n"
        : whole(code, "", code === 302 ? "location: /v1/elsewhere\r\n" : "")
    ),
    outcome: status("ClerkUnexpectedStatus", code),
    again: "never" as const
  })),
  {
    name: "a 204",
    act: write("HTTP/1.1 204 X\r\n\r\n"),
    outcome: status("ClerkUnexpectedStatus", 204),
    again: "never"
  },
  {
    name: "a 205",
    act: write("HTTP/1.1 205 X\r\ncontent-length: 0\r\n\r\n"),
    outcome: status("ClerkUnexpectedStatus", 205),
    again: "never"
  }
]

const slow: ReadonlyArray<Fault> = [
  { name: "silence", act: () => {}, outcome: outOfTime, again: "unless once", closes: true },
  {
    name: "a head without its body",
    act: write(sized),
    outcome: outOfTime,
    again: "unless once",
    closes: true
  },
  { name: "half a body", act: write(sized, half), outcome: outOfTime, again: "unless once", closes: true },
  {
    name: "a head that arrives slowly",
    act: trickle(`${jsonHead}x: `, "x"),
    outcome: outOfTime,
    again: "unless once",
    closes: true
  },
  {
    name: "a body that arrives slowly",
    act: trickle(chunked, "1\r\n \r\n"),
    outcome: outOfTime,
    again: "unless once",
    closes: true
  }
]

export const faults = { broken, ungrammatical, unreadableBodies, refusals, slow }

const quick: RequestPolicy.Settings = { maxAttempts: 3, timeout: "5 seconds" }
const impatient: RequestPolicy.Settings = { maxAttempts: 2, timeout: "300 millis" }

/** The groups by name, each with a policy that makes its faults visible. */
export const groups: ReadonlyArray<readonly [name: string, ReadonlyArray<Fault>, RequestPolicy.Settings]> = [
  ["a broken connection", broken, quick],
  ["a response that violates the protocol", ungrammatical, quick],
  ["a body that cannot be read", unreadableBodies, quick],
  ["a refusal", refusals, quick],
  ["a response that does not arrive", slow, impatient]
]
