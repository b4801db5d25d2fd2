import type { Socket } from "node:net"

/** Reads only enough HTTP/1.1 to separate requests. */
export const onRequests = (socket: Socket, onRequest: (method: string, path: string) => void): void => {
  let pending = ""
  socket.on("data", (chunk: Buffer) => {
    pending += chunk.toString("latin1")
    for (;;) {
      const headEnd = pending.indexOf("\r\n\r\n")
      if (headEnd < 0) return
      const head = pending.slice(0, headEnd)
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
      if (pending.length < headEnd + 4 + length) return
      pending = pending.slice(headEnd + 4 + length)
      const [method = "", path = ""] = head.split(" ", 2)
      onRequest(method, path)
    }
  })
}
