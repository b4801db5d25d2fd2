/**
 * Frames of HTTP/2 (RFC 9113), so that a server of the tests can send invalid ones. They can be sent in
 * between those of Node's own HTTP/2, as none of them changes the table of headers.
 */

/** The codes with which a stream or a connection can be closed. */
export const codes = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  CONNECT_ERROR: 10,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
  HTTP_1_1_REQUIRED: 13
} as const

export type Code = keyof typeof codes

const types = { data: 0, headers: 1, reset: 3, goAway: 7 } as const
const endStream = 1
const endHeaders = 4

const frame = (type: keyof typeof types, flags: number, stream: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = types[type]
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const numbers = (...all: ReadonlyArray<number>): Buffer => {
  const bytes = Buffer.alloc(4 * all.length)
  for (const [index, number] of all.entries()) bytes.writeUInt32BE(number, 4 * index)
  return bytes
}

/** A header with the index of its name in the static table of HPACK, and its value. */
const literal = (place: number, value: string) =>
  Buffer.concat([Buffer.from([0x0f, place - 15, value.length]), Buffer.from(value)])

const head = (length: number) =>
  Buffer.concat([
    Buffer.from([0x88]), // :status 200
    literal(31, "application/json"),
    literal(28, String(length))
  ])

/** The head of a response that announces a body of `length` bytes. */
export const headers = (stream: number, length: number): Buffer =>
  frame("headers", endHeaders, stream, head(length))

/** Such a head without its end, which another frame would carry. */
export const unfinishedHeaders = (stream: number, length: number): Buffer =>
  frame("headers", 0, stream, head(length))

/** A part of a body. */
export const data = (stream: number, text: string): Buffer => frame("data", 0, stream, Buffer.from(text))

/** The last part of a body. */
export const lastData = (stream: number, text: string): Buffer =>
  frame("data", endStream, stream, Buffer.from(text))

/** RST_STREAM. */
export const resetStream = (stream: number, code: Code): Buffer =>
  frame("reset", 0, stream, numbers(codes[code]))

/** GOAWAY: the server has processed no stream after `last`. */
export const goAway = (last: number, code: Code): Buffer => frame("goAway", 0, 0, numbers(last, codes[code]))
