import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import { limits } from "../../core/emulator/limits.js"
import type { EmulatorRequest, EmulatorResponse } from "../../core/emulator/model.js"
import type { EmulatedDisconnect } from "../emulator/service.js"

export interface ListenOptions {
  readonly port: number
  readonly host: string
}

export type Respond = (
  request: EmulatorRequest,
  /** The address the server listens on. */
  address: string
) => Effect.Effect<EmulatorResponse, EmulatedDisconnect>

/** Takes one line for the operator of the server. */
export type Log = (line: string) => void

/** One byte more than the emulator accepts, which then says what is wrong. */
const maxBodyBytes = limits.bodyBytes + 1

/** The body of a request, no longer than `maxBodyBytes`; `undefined` if it does not come to its end. */
const readBody = (request: IncomingMessage): Effect.Effect<Uint8Array | undefined> =>
  Effect.async((resume) => {
    const chunks: Array<Buffer> = []
    let length = 0
    request.on("data", (chunk: Buffer) => {
      // The rest is read and thrown away: a client that is still sending would not read a response.
      if (length >= maxBodyBytes) return
      chunks.push(chunk)
      length += chunk.length
    })
    request.on("end", () => resume(Effect.succeed(Buffer.concat(chunks))))
    request.on("error", () => resume(Effect.succeed(undefined)))
  })

const headersOf = ({ headers }: IncomingMessage): EmulatorRequest["headers"] =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value])
  )

const addressOf = (server: Server): string => {
  const address = server.address()
  return address === null || typeof address === "string" ? "nowhere" : address.address
}

const exchange = (respond: Respond, server: Server, incoming: IncomingMessage, outgoing: ServerResponse) =>
  Effect.gen(function* () {
    const body = yield* readBody(incoming)
    // Half a request must not be done as if it were a whole one.
    if (body === undefined) return void incoming.destroy()
    const { method = "GET", url = "/" } = incoming
    const answer = yield* Effect.either(
      respond({ method, url, headers: headersOf(incoming), body }, addressOf(server))
    )
    if (Either.isLeft(answer)) return void incoming.socket.destroy()
    const { body: text, headers, status } = answer.right
    outgoing.writeHead(status, headers)
    outgoing.end(method === "HEAD" ? undefined : text)
  })

/** In the form of the control API and in that of Clerk's errors, since a defect can meet either. */
const internalError = JSON.stringify({
  error: "the emulator failed: see its log",
  errors: [
    {
      code: "internal_clerk_error",
      message: "The emulator failed",
      long_message: "The emulator failed: see its log",
      meta: {}
    }
  ]
})

/** Answers a request that met a defect of the emulator, and says so in one line. */
const fail = (log: Log, cause: Cause.Cause<never>, incoming: IncomingMessage, outgoing: ServerResponse) => {
  const defect = Cause.squash(cause)
  log(`500 ${incoming.method} ${incoming.url}: ${defect instanceof Error ? defect.message : String(defect)}`)
  if (outgoing.headersSent) return void incoming.socket.destroy()
  outgoing.writeHead(500, { "content-type": "application/json" })
  outgoing.end(incoming.method === "HEAD" ? undefined : internalError)
}

/** What Node could not read as a request. */
const statusOf = (code: string | undefined): number =>
  code === "HPE_HEADER_OVERFLOW" ? 431 : code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400

const rejectRaw = (log: Log, status: number, reason: string, socket: Duplex) => {
  if (!socket.writable) return void socket.destroy()
  log(`${status} ${reason}`)
  const body = JSON.stringify({ error: reason })
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    () => socket.destroy()
  )
}

const close = (server: Server) =>
  Effect.async<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

const urlOf = (server: Server): string => {
  const address = server.address()
  if (address === null || typeof address === "string") return "nowhere"
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}

/** Serves until the scope closes, and gives the address it listens on; fails with the code of what went wrong. */
export const serve = (
  { host, port }: ListenOptions,
  respond: Respond,
  log: Log
): Effect.Effect<string, string, Scope.Scope> =>
  Effect.gen(function* () {
    const fork = Runtime.runFork(yield* Effect.runtime<never>())
    const server = createServer((incoming, outgoing) => {
      const fiber = fork(exchange(respond, server, incoming, outgoing))
      outgoing.on("close", () => fiber.unsafeInterruptAsFork(fiber.id()))
      fiber.addObserver((exit) => {
        if (exit._tag === "Success" || Cause.isInterruptedOnly(exit.cause)) return
        fail(log, exit.cause, incoming, outgoing)
      })
    })
    server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
      if (error.code === "ECONNRESET") return void socket.destroy()
      rejectRaw(
        log,
        statusOf(error.code),
        `the request is not valid HTTP (${error.code ?? "unknown"})`,
        socket
      )
    })
    server.on("connect", (_, socket) => {
      // Node has given the socket away: without a listener, a reset connection would end the process.
      socket.on("error", () => socket.destroy())
      rejectRaw(log, 405, "the method CONNECT is not allowed: the emulator is not a proxy", socket)
    })
    yield* Effect.acquireRelease(
      Effect.async<void, string>((resume) => {
        server.once("error", (error: NodeJS.ErrnoException) => resume(Effect.fail(error.code ?? "unknown")))
        server.listen({ host, port }, () => resume(Effect.void))
      }),
      () => close(server)
    )
    return urlOf(server)
  })
