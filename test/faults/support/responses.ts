import type { Socket } from "node:net"
import { gzipSync } from "node:zlib"
import * as wire from "../../support/wire.js"
import type { Act } from "./scripted.js"

export const jsonHead = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"

/** The bytes of a complete response. */
export const whole = (
  status: number,
  body: string | Buffer,
  headers = "content-type: application/json\r\n"
): Buffer => {
  const bytes = Buffer.from(body)
  const head = `HTTP/1.1 ${status} X\r\n${headers}content-length: ${bytes.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), bytes])
}

/** Complete JSON responses to the operations of the tests. */
export const bodyFor = (path: string): string =>
  JSON.stringify(
    path.endsWith("/tokens")
      ? wire.token
      : path.endsWith("/revoke")
        ? wire.sessionWith({ status: "revoked" })
        : wire.session
  )

/** The response of a healthy Clerk. */
export const good: Act = (socket, { path }) => {
  socket.write(whole(200, bodyFor(path)))
}

/** Writes and leaves the connection open. */
export const write =
  (...parts: ReadonlyArray<string | Buffer>): Act =>
  (socket) => {
    for (const part of parts) socket.write(part)
  }

/** Writes and closes. */
export const end =
  (...parts: ReadonlyArray<string | Buffer>): Act =>
  (socket) => {
    for (const part of parts) socket.write(part)
    socket.end()
  }

/**
 * Writes the parts, waits until the client has read them, and resets. When a busy client finds the data and the reset
 * in one poll, libuv reports the end of the stream instead of the reset.
 */
export const reset =
  (...parts: ReadonlyArray<string | Buffer>): Act =>
  (socket) => {
    if (parts.length === 0) return void socket.resetAndDestroy()
    for (const part of parts) socket.write(part)
    setTimeout(() => socket.resetAndDestroy(), 150)
  }

/** Writes `start`, and then `drop` every 20 milliseconds forever. */
export const trickle =
  (start: string, drop: string): Act =>
  (socket) => {
    socket.write(start)
    const timer = setInterval(() => socket.write(drop), 20)
    socket.on("close", () => clearInterval(timer))
  }

/** Writes the parts one after the other, the first after `millis[0]` milliseconds, the others `millis[1]` apart. */
export const inTurn = (
  socket: Socket,
  parts: ReadonlyArray<string | Buffer>,
  [first, gap]: readonly [number, number]
): void => {
  const [part, ...rest] = parts
  if (part === undefined) return
  setTimeout(() => {
    socket.write(part)
    inTurn(socket, rest, [gap, gap])
  }, first)
}

/** Writes without end, as fast as the client reads. */
export const flood =
  (start: string, chunk: Buffer): Act =>
  (socket) => {
    socket.write(start)
    const more = () => {
      while (!socket.destroyed && socket.write(chunk));
    }
    socket.on("drain", more)
    more()
  }

export const gzipped = (body: string): Buffer => gzipSync(body)
