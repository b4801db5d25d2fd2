/**
 * A Clerk with faults on a loopback port, in a separate process. The fault comes from the id in the path, or from the
 * user in the body. It is on the first attempt or on every one.
 */
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { gzipSync } from "node:zlib"

/** The counts of the server. */
export interface Counts {
  readonly requests: number
  readonly faults: number
  /** Started responses whose connection or message has not ended. */
  readonly unfinished: number
  readonly sockets: number
}

const session = (id: string, status = "active") =>
  JSON.stringify({
    object: "session",
    id,
    user_id: "user_1",
    client_id: "client_1",
    actor: null,
    status,
    last_active_organization_id: null,
    last_active_at: 1_716_883_200_000,
    expire_at: 1_716_969_600_000,
    abandon_at: 1_719_475_200_000,
    updated_at: 1_716_883_200_001,
    created_at: 1_716_883_200_002
  })

const json = (response: ServerResponse, status: number, body: string, headers: object = {}) => {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...headers
  })
  response.end(body)
}

type Fault = (response: ServerResponse) => void

/** Writes directly to the socket, and closes. */
const raw =
  (bytes: string): Fault =>
  ({ socket }) => {
    socket?.end(bytes)
  }

const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"

const faults: Readonly<Record<string, Fault>> = {
  closed: raw(""),
  reset: ({ socket }) => socket?.resetAndDestroy(),
  truncated: raw(`${head}content-length: 900\r\n\r\n{"object":`),
  unterminated: raw(`${head}transfer-encoding: chunked\r\n\r\n5\r\n{"obj\r\n`),
  protocol: raw(`${head}content-length: 1\r\ncontent-length: 2\r\n\r\n{}`),
  hang: () => {},
  stall: (response) => {
    response.writeHead(200, { "content-type": "application/json" })
    response.write("{")
  },
  throttled: (response) => json(response, 429, `{"errors":[]}`, { "retry-after": "0" }),
  unavailable: (response) => json(response, 503, "<html>"),
  failing: (response) => json(response, 500, `{"errors":[{"code":"internal_clerk_error","message":"x"}]}`),
  missing: (response) => json(response, 404, `{"errors":[{"code":"resource_not_found","message":"x"}]}`),
  garbage: (response) => json(response, 200, "not json"),
  encoded: (response) => json(response, 200, "x", { "content-encoding": "gzip" }),
  large: (response) => {
    response.writeHead(200, { "content-type": "application/json" })
    response.write(" ".repeat(200_000))
  }
}

const counts = { requests: 0, faults: 0, unfinished: 0, sockets: 0 }

/** Calls that have had their fault. */
const seen = new Set<string>()

const server = createServer((request, response) => {
  counts.requests++
  counts.unfinished++
  response.on("close", () => counts.unfinished--)
  let body = ""
  request.on("data", (chunk: Buffer) => {
    body += chunk.toString("utf8")
  })
  request.on("end", () => {
    const path = request.url ?? ""
    const [, name = "", place = "", number = ""] =
      /(?:sess|user)_(\w+)-(first|every)-(\d+)/.exec(`${path} ${body}`) ?? []
    const fault = faults[name]
    if (fault !== undefined && !(place === "first" && seen.delete(number))) {
      counts.faults++
      if (place === "first") seen.add(number)
      return fault(response)
    }
    const id = /\/sessions\/([\w-]+)/.exec(path)?.[1]
    if (path.endsWith("/tokens")) return json(response, 200, `{"object":"token","jwt":"a.b.c"}`)
    if (path.endsWith("/revoke")) return json(response, 200, session(id ?? "", "revoked"))
    if (id !== undefined) return json(response, 200, session(id))
    if (request.method === "POST") return json(response, 200, session("sess_new"))
    const page = `{"data":[${Array.from({ length: 10 }, (_, index) => session(`sess_${index}`)).join()}],"total_count":10}`
    const bytes = gzipSync(page, { level: 1 })
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" })
    response.end(bytes)
  })
})

server.on("connection", (socket) => {
  counts.sockets++
  socket.on("close", () => counts.sockets--)
})
server.on("clientError", (_, socket) => socket.destroy())

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo // a server that listens on TCP has no other kind
  process.send?.({ port })
})
process.on("message", () => process.send?.({ counts }))
process.on("disconnect", () => process.exit(0))
