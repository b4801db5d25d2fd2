/**
 * The Clerk of the benchmarks. It runs in a separate process, so that its CPU time is not the client's, and responds from
 * prepared buffers. It prints its port and ends with its standard input.
 */
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { oneSession, pageEnvelope, pageSize, streamedSessions, streamedUserId } from "./wire.js"

const prepared = (text: string) => {
  const body = Buffer.from(text)
  return {
    body,
    headers: ["content-type", "application/json", "content-length", String(body.length)]
  }
}

const session = prepared(oneSession)
const page = prepared(pageEnvelope(0, pageSize, pageSize))

/** The one response that is not prepared, because the pages of a long list would fill the memory. */
const streamedPage = (query: URLSearchParams) => {
  const offset = Number(query.get("offset") ?? 0)
  const length = Math.max(0, Math.min(Number(query.get("limit") ?? 10), streamedSessions - offset))
  return prepared(pageEnvelope(offset, length, streamedSessions))
}

const responseOf = (url: string) => {
  if (url.startsWith("/v1/sessions/")) return session
  if (url.includes(streamedUserId)) return streamedPage(new URLSearchParams(url.slice(url.indexOf("?"))))
  return page
}

const respond = (response: ServerResponse, { body, headers }: ReturnType<typeof prepared>) => {
  response.writeHead(200, headers)
  response.end(body)
}

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) =>
  respond(response, responseOf(request.url ?? ""))
)

server.listen(0, "127.0.0.1", () => {
  // A server on a TCP port has an address of this form.
  const { port } = server.address() as AddressInfo
  process.stdout.write(`${port}\n`)
})

process.stdin.resume().on("end", () => process.exit(0))
