import type { TransportFault } from "./faults.js"

/*
 * Deno and workerd give no codes, and of HTTP/2 neither do Node and undici: what happened stands in the text of their
 * errors alone. These are the texts they were seen to give (`npm run test:runtimes`). A text that is not here says
 * nothing.
 */

type Texts = ReadonlyArray<readonly [RegExp, TransportFault]>

const verdict = (texts: Texts, text: string): TransportFault | undefined =>
  texts.find(([pattern]) => pattern.test(text))?.[1]

const connectTexts: ReadonlyArray<RegExp> = [
  // Bun gives the code of a connection that could not be made without the system call.
  /^(?:[A-Z\d]+: )?(?:Unable to connect\. Is the computer able to access the url\?|Was there a typo in the url or port\?)$/,
  // Node gives such a close the code of a reset.
  /^Client network socket disconnected before secure TLS connection was established$/
]

/** Whether a failure with a code says by its text that it happened before there was a connection. */
export const isConnectText = (text: string): boolean => connectTexts.some((pattern) => pattern.test(text))

/** Deno, whatever became of a request: the address it was for, how far it got, and why no further. */
const denoRequest =
  /^error sending request (?:from \S+ )?for \S+(?: \S+)?: client error \((Connect|SendRequest)\): (?:(?:connection|http2) error: )?(.*)$/

const denoConnecting: Texts = [
  [/^dns error: /, { reason: "dns", sent: "no" }],
  [/^tcp connect error: Connection refused/, { reason: "refused", sent: "no" }],
  [/^tcp connect error: Connection reset by peer/, { reason: "reset", sent: "no" }],
  [
    /^tcp connect error: (?:Connection timed out|deadline has elapsed)/,
    { reason: "connect-timeout", sent: "no" }
  ],
  // No route, or this machine does not allow it: "tcp open error: Too many open files (os error 24)".
  [/^tcp [\w ]+: /, { reason: "unreachable", sent: "no" }],
  [/^proxy authentication required$/, { reason: "proxy-rejected", sent: "no", proxyStatus: 407 }],
  // Deno does not say which status the proxy gave.
  [/^(?:unsuccessful tunnel|unexpected eof while tunneling)$/, { reason: "proxy", sent: "no" }],
  [/^tls handshake eof$/, { reason: "closed", sent: "no" }],
  [/^Connection reset by peer \(os error \d+\)$/, { reason: "reset", sent: "no" }],
  [
    /^(?:invalid peer certificate|received corrupt message|received fatal alert)/,
    { reason: "tls", sent: "no" }
  ]
]

/** Deno's words for INTERNAL_ERROR, CANCEL and ENHANCE_YOUR_CALM: the other side gave up, and nobody broke a rule. */
const givenUp = "unexpected internal error|stream no longer needed|detected excessive load"

/** What broke once there was a connection. Deno has it in its text, as above, or as the cause of "fetch failed". */
const texts: Texts = [
  [/^connection closed before message completed/, { reason: "closed", sent: "maybe" }],
  [/^stream closed because of a broken pipe$/, { reason: "closed", sent: "maybe" }],
  [/^peer closed connection without sending TLS close_notify: /, { reason: "closed", sent: "maybe" }],
  [
    /^(?:(?:Connection reset by peer|Broken pipe|Software caused connection abort) \(os error \d+\)|connection reset)$/,
    { reason: "reset", sent: "maybe" }
  ],
  // The route is gone, or rejects or drops packets. Clerk may have received the request before.
  [
    /^(?:No route to host|Network is (?:unreachable|down)|Host is down|Cannot assign requested address|Permission denied|Operation not permitted|Invalid argument) \(os error \d+\)$/,
    { reason: "unreachable", sent: "maybe" }
  ],
  [/^Connection refused \(os error \d+\)$/, { reason: "refused", sent: "maybe" }],
  [/^Connection timed out \(os error \d+\)$/, { reason: "response-timeout", sent: "maybe" }],
  [
    /^(?:received (?:corrupt message|fatal alert)|cannot decrypt peer's message$)/,
    { reason: "tls", sent: "maybe" }
  ],
  [/^invalid [\w -]+ parsed$/i, { reason: "protocol", sent: "maybe" }],
  // REFUSED_STREAM: "prior to any processing having occurred", says RFC 9113, 8.7.
  [
    /^stream error received: refused stream before processing any application logic$/,
    { reason: "reset", sent: "no" }
  ],
  // GOAWAY, which Deno tells only those streams of that it refuses. In an orderly farewell that can be relied on.
  [/^connection error received: not a result of an error(?: \(.*\))?$/, { reason: "closed", sent: "no" }],
  [new RegExp(`^stream error received: (?:not a result|${givenUp})`), { reason: "reset", sent: "maybe" }],
  [new RegExp(`^connection error received: (?:${givenUp})`), { reason: "closed", sent: "maybe" }],
  [/^(?:stream|connection) error (?:received|detected): /, { reason: "protocol", sent: "maybe" }],
  // Deno, whichever way a body broke off.
  [/^error reading a body from connection$/, { reason: "incomplete-body", sent: "maybe" }],
  // A port that the rules of fetch forbid: Node, and Deno.
  [/^bad port$/, { reason: "invalid-request", sent: "no" }],
  [/^Fetch failed: Requests to port \d+ are blocked$/, { reason: "invalid-request", sent: "no" }],
  // Deno without the permission.
  [/^Requires net access to "[^"]*"/, { reason: "unreachable", sent: "no" }],
  // workerd, of connections that were refused, reset, closed, or spoke no HTTP alike.
  [/^Network connection lost\.$/, { reason: "closed", sent: "maybe" }],
  // Node's HTTP/2, which undici speaks when it is told to.
  [/^Stream closed with error code NGHTTP2_REFUSED_STREAM$/, { reason: "reset", sent: "no" }],
  [
    /^Stream closed with error code NGHTTP2_(?:INTERNAL_ERROR|ENHANCE_YOUR_CALM)$/,
    { reason: "reset", sent: "maybe" }
  ],
  [/^Stream closed with error code /, { reason: "protocol", sent: "maybe" }],
  // undici, of a stream that was cancelled before it was answered, and of a farewell.
  [
    /^HTTP\/2: stream (?:closed before the response was complete|half-closed \(remote\))$/,
    { reason: "reset", sent: "maybe" }
  ],
  [/^HTTP\/2: "GOAWAY" frame received with code 0$/, { reason: "closed", sent: "maybe" }]
]

/** What the text of a failure says of it, if it is one of those known. */
export const faultOfText = (text: unknown): TransportFault | undefined => {
  if (typeof text !== "string") return undefined
  const [, stage, detail = ""] = denoRequest.exec(text) ?? []
  if (stage === "SendRequest") return verdict(texts, detail)
  // Whatever went wrong while connecting, nothing has been sent.
  if (stage === "Connect") return verdict(denoConnecting, detail) ?? { reason: "unknown", sent: "no" }
  return verdict(texts, text)
}

const decompression = new RegExp(
  `^(?:${[
    // Deno
    "Invalid gzip header",
    "CRC computed does not match",
    "unexpected end of file",
    "brotli error",
    "reached unexpected EOF",
    // workerd
    "(?:Gzip|Brotli) decompression failed\\.",
    "(?:Gzip|Brotli) compressed stream ended prematurely\\."
  ].join("|")})$`
)

/** Whether a failure to read a body says that it could not be decompressed. */
export const isDecompressionText = (text: unknown): boolean =>
  typeof text === "string" && decompression.test(text)
