import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import type { EmulatorRequest, EmulatorResponse } from "../emulator/model.js"
import type { EmulatedDisconnect } from "../emulator/traffic.js"

export interface ListenOptions {
  readonly port: number
  readonly host: string
}

export type Respond = (request: EmulatorRequest) => Effect.Effect<EmulatorResponse, EmulatedDisconnect>

/** One byte more than the emulator accepts, which then says what is wrong. */
const maxBodyBytes = 1024 * 1024 + 1

/** The text of a request; `undefined` if it does not come to its end. */
const readText = (request: IncomingMessage): Effect.Effect<string | undefined> =>
  Effect.async((resume) => {
    const chunks: Array<Buffer> = []
    let length = 0
    request.on("data", (chunk: Buffer) => {
      if (length >= maxBodyBytes) return
      chunks.push(chunk)
      length += chunk.length
    })
    request.on("end", () => resume(Effect.succeed(Buffer.concat(chunks).toString("utf8"))))
    request.on("error", () => resume(Effect.succeed(undefined)))
  })

const headersOf = ({ headers }: IncomingMessage): EmulatorRequest["headers"] =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value])
  )

const exchange = (respond: Respond, incoming: IncomingMessage, outgoing: ServerResponse) =>
  Effect.gen(function* () {
    const body = yield* readText(incoming)
    // Half a request must not be done as if it were a whole one.
    if (body === undefined) return void incoming.destroy()
    const { method = "GET", url = "/" } = incoming
    const answer = yield* Effect.either(respond({ method, url, headers: headersOf(incoming), body }))
    if (Either.isLeft(answer)) return void incoming.socket.destroy()
    const { body: text, headers, status } = answer.right
    outgoing.writeHead(status, headers)
    outgoing.end(method === "HEAD" ? undefined : text)
  })

const close = (server: Server) =>
  Effect.async<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

const addressOf = (server: Server): string => {
  const address = server.address()
  if (address === null || typeof address === "string") return "nowhere"
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}

/** Serves until the scope closes, and gives the address it listens on; fails with the code of what went wrong. */
export const serve = (
  { host, port }: ListenOptions,
  respond: Respond
): Effect.Effect<string, string, Scope.Scope> =>
  Effect.gen(function* () {
    const fork = Runtime.runFork(yield* Effect.runtime<never>())
    const server = createServer((incoming, outgoing) => {
      const fiber = fork(exchange(respond, incoming, outgoing))
      outgoing.on("close", () => fiber.unsafeInterruptAsFork(fiber.id()))
      fiber.addObserver((exit) => {
        // A defect of ours: the caller should not wait for an answer.
        if (exit._tag === "Failure") incoming.socket.destroy()
      })
    })
    yield* Effect.acquireRelease(
      Effect.async<void, string>((resume) => {
        server.once("error", (error: NodeJS.ErrnoException) => resume(Effect.fail(error.code ?? "unknown")))
        server.listen({ host, port }, () => resume(Effect.void))
      }),
      () => close(server)
    )
    return addressOf(server)
  })
