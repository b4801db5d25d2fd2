import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import { errorsIn } from "#major/cause.js"
import { callback, interruptFrom } from "#major/fiber.js"
import { limits } from "../../core/emulator/limits.js"
import type { EmulatorRequest, EmulatorResponse } from "../../core/emulator/model.js"
import type { EmulatedDisconnect } from "../emulator/service.js"
import { pathOf } from "./control.js"

export interface ListenOptions {
  readonly port: number
  readonly host: string
}

export type Respond = (
  request: EmulatorRequest,
  /** The address the server listens on. */
  address: string
) => Effect.Effect<EmulatorResponse, EmulatedDisconnect>

/** Logs one line. */
export type Log = (line: string) => void

/** One byte above the limit of the emulator, which then responds with 413. */
const maxBodyBytes = limits.bodyBytes + 1

/** Reads the body of a request up to `maxBodyBytes`. Returns `undefined` for an incomplete body. */
const readBody = (request: IncomingMessage): Effect.Effect<Uint8Array | undefined> =>
  callback((resume) => {
    const chunks: Array<Buffer> = []
    let length = 0
    request.on("data", (chunk: Buffer) => {
      // The server discards the rest. A client reads no response before it has sent all.
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

/** The address of a server that listens on a port. */
const addressOf = (server: Server): AddressInfo => server.address() as AddressInfo // no pipe, and not closed

const handle = (respond: Respond, address: string, incoming: IncomingMessage, outgoing: ServerResponse) =>
  Effect.gen(function* () {
    const body = yield* readBody(incoming)
    // An incomplete request must not be executed.
    if (body === undefined) return void incoming.destroy()
    const { method = "GET", url = "/" } = incoming
    yield* Effect.match(respond({ method, url, headers: headersOf(incoming), body }, address), {
      onFailure: () => void incoming.socket.destroy(),
      onSuccess: ({ body, cookies = [], headers, status }) => {
        outgoing.writeHead(status, {
          ...headers,
          ...(cookies.length > 0 ? { "set-cookie": [...cookies] } : {})
        })
        outgoing.end(method === "HEAD" ? undefined : body)
      }
    })
  })

/** An error in the form of the control API and in Clerk's form, because a defect can occur in both. */
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

/** Responds with 500 to a request on which the emulator failed, and logs one line. */
const fail = (log: Log, defect: unknown, incoming: IncomingMessage, outgoing: ServerResponse) => {
  log(
    `500 ${incoming.method} ${pathOf(incoming.url ?? "")}: ${defect instanceof Error ? defect.message : String(defect)}`
  )
  if (outgoing.headersSent) return void incoming.socket.destroy()
  outgoing.writeHead(500, { "content-type": "application/json" })
  outgoing.end(incoming.method === "HEAD" ? undefined : internalError)
}

/** The status of a request that Node cannot parse. */
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
  callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

/** Serves until the scope closes. Returns the URL of the server, or fails with the error code of Node. */
export const serve = (
  { host, port }: ListenOptions,
  respond: Respond,
  log: Log
): Effect.Effect<string, string, Scope.Scope> =>
  Effect.gen(function* () {
    const fork = yield* FiberSet.makeRuntime<never, void, never>()
    const server = createServer((incoming, outgoing) => {
      const fiber = fork(handle(respond, addressOf(server).address, incoming, outgoing))
      outgoing.on("close", () => interruptFrom(fiber, fiber))
      fiber.addObserver((exit) => {
        // An interrupted request has no defect.
        for (const defect of exit._tag === "Failure" ? errorsIn(exit.cause) : []) {
          return fail(log, defect, incoming, outgoing)
        }
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
      // Node no longer handles errors of this socket. Without a listener, a reset connection ends the process.
      socket.on("error", () => socket.destroy())
      rejectRaw(log, 405, "the method CONNECT is not allowed: the emulator is not a proxy", socket)
    })
    yield* Effect.acquireRelease(
      callback<void, string>((resume) => {
        server.once("error", (error: NodeJS.ErrnoException) => resume(Effect.fail(error.code ?? "unknown")))
        server.listen({ host, port }, () => resume(Effect.void))
      }),
      () => close(server)
    )
    const { address, family, port: taken } = addressOf(server)
    return `http://${family === "IPv6" ? `[${address}]` : address}:${taken}`
  })
