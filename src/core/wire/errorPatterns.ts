import type { TransportFault } from "../model.js"

/*
 * Recognizes failures by the texts of errors. Deno and workerd give no codes, and for HTTP/2 Node and undici give none
 * either. `npm run test:runtimes` has seen each of these texts. An unknown text classifies nothing.
 */

type Texts = ReadonlyArray<readonly [RegExp, TransportFault]>

const faultIn = (texts: Texts, text: string): TransportFault | undefined =>
  texts.find(([pattern]) => pattern.test(text))?.[1]

const connectTexts: ReadonlyArray<RegExp> = [
  // Bun gives the code of a failed connection without the system call.
  /^(?:[A-Z\d]+: )?(?:Unable to connect\. Is the computer able to access the url\?|Was there a typo in the url or port\?)$/,
  // Node gives the code of a reset.
  /^Client network socket disconnected before secure TLS connection was established$/
]

/** Returns whether the text of a failure with a code says that there was no connection yet. */
export const isConnectText = (text: string): boolean => connectTexts.some((pattern) => pattern.test(text))

/** Deno's text for a failed request: its address, the stage it reached, and the cause. */
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
  // There is no route, or this machine forbids the connection, as in `tcp open error: Too many open files (os error 24)`.
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

/** Deno's texts for INTERNAL_ERROR, CANCEL and ENHANCE_YOUR_CALM: the peer gave up, and neither side broke a rule. */
const givenUp = "unexpected internal error|stream no longer needed|detected excessive load"

/** Failures of a connection. Deno has these texts within its text above, or as the cause of "fetch failed". */
const texts: Texts = [
  [/^connection closed before message completed/, { reason: "closed", sent: "maybe" }],
  [/^stream closed because of a broken pipe$/, { reason: "closed", sent: "maybe" }],
  [/^peer closed connection without sending TLS close_notify: /, { reason: "closed", sent: "maybe" }],
  [
    /^(?:(?:Connection reset by peer|Broken pipe|Software caused connection abort) \(os error \d+\)|connection reset)$/,
    { reason: "reset", sent: "maybe" }
  ],
  // There is no route any more, or it rejects or drops packets. Clerk may have received the request before.
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
  // GOAWAY without an error, which Deno reports only to the streams that the peer did not process.
  [/^connection error received: not a result of an error(?: \(.*\))?$/, { reason: "closed", sent: "no" }],
  [new RegExp(`^stream error received: (?:not a result|${givenUp})`), { reason: "reset", sent: "maybe" }],
  [new RegExp(`^connection error received: (?:${givenUp})`), { reason: "closed", sent: "maybe" }],
  [/^(?:stream|connection) error (?:received|detected): /, { reason: "protocol", sent: "maybe" }],
  // Deno, for every way in which a body breaks off.
  [/^error reading a body from connection$/, { reason: "incomplete-body", sent: "maybe" }],
  // A port that the rules of fetch forbid, in Node and in Deno.
  [/^bad port$/, { reason: "invalid-request", sent: "no" }],
  [/^Fetch failed: Requests to port \d+ are blocked$/, { reason: "invalid-request", sent: "no" }],
  // Deno without the permission.
  [/^Requires net access to "[^"]*"/, { reason: "unreachable", sent: "no" }],
  // workerd, for a connection that failed, was reset or was closed, and for a peer that does not speak HTTP.
  [/^Network connection lost\.$/, { reason: "closed", sent: "maybe" }],
  // Node's HTTP/2, which undici uses with `allowH2`.
  [/^Stream closed with error code NGHTTP2_REFUSED_STREAM$/, { reason: "reset", sent: "no" }],
  [
    /^Stream closed with error code NGHTTP2_(?:INTERNAL_ERROR|ENHANCE_YOUR_CALM)$/,
    { reason: "reset", sent: "maybe" }
  ],
  [/^Stream closed with error code /, { reason: "protocol", sent: "maybe" }],
  // undici, for a stream that was cancelled before its response, and for GOAWAY.
  [
    /^HTTP\/2: stream (?:closed before the response was complete|half-closed \(remote\))$/,
    { reason: "reset", sent: "maybe" }
  ],
  [/^HTTP\/2: "GOAWAY" frame received with code 0$/, { reason: "closed", sent: "maybe" }]
]

/** Classifies a failure by its text, if the text is known. */
export const faultOfText = (text: string): TransportFault | undefined => {
  const [, stage, detail = ""] = denoRequest.exec(text) ?? []
  if (stage === "SendRequest") return faultIn(texts, detail)
  // A request is not sent while Deno connects.
  if (stage === "Connect") return faultIn(denoConnecting, detail) ?? { reason: "unknown", sent: "no" }
  return faultIn(texts, text)
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

/** Returns whether the text of a failure says that a body could not be decompressed. */
export const isDecompressionText = (text: string): boolean => decompression.test(text)

/** With these statuses the proxy, or the network behind it, is unavailable for now. A later attempt may succeed. */
const transientStatuses: ReadonlySet<number> = new Set([500, 502, 503, 504, 520, 521, 522, 523, 524])

const unavailable: TransportFault = { reason: "proxy", sent: "no" }
const rejected: TransportFault = { reason: "proxy-rejected", sent: "no" }

const ofStatus = (status: number | string | undefined): TransportFault | undefined => {
  if (status === undefined) return undefined
  const proxyStatus = Number(status)
  return { ...(transientStatuses.has(proxyStatus) ? unavailable : rejected), proxyStatus }
}

/** RFC 1928, 6: a general failure, an unreachable network or host, a refused connection, an expired TTL. */
const transientSocksReply = /^UND_ERR_SOCKS5_REPLY_[13456]$/

/**
 * Recognizes the failure of a connection through a proxy by its code, and by its text where the code has other meanings,
 * too. Such a failure comes before the request goes to Clerk, or says that the proxy did not forward it.
 */
export const faultOfProxy = (
  code: string,
  message: string,
  statusCode: unknown
): TransportFault | undefined => {
  switch (code) {
    // undici, for a CONNECT. Its other aborts have the same code.
    case "UND_ERR_ABORTED":
      return ofStatus(/^Proxy response \((\d{3})\) !== 200 when HTTP Tunneling$/.exec(message)?.[1])
    // undici, for a request that it forwards without a tunnel.
    case "UND_ERR_INVALID_ARG":
      return message === "Proxy Authentication Required (407)" ? ofStatus(407) : undefined
    // undici 8, and the dispatcher of `Undici.proxyAgent`.
    case "UND_ERR_PRX_CONN":
      return unavailable
    // The certificate of the proxy is for another host.
    case "UND_ERR_PRX_TLS":
      return rejected
    // Node, which gives no status when the proxy closed the connection, and Bun.
    case "ERR_PROXY_TUNNEL":
      return (
        ofStatus(
          typeof statusCode === "number"
            ? statusCode
            : /^Proxy refused to open a tunnel: (\d{3})\b/.exec(message)?.[1]
        ) ?? unavailable
      )
    default:
      if (!code.startsWith("UND_ERR_SOCKS5")) return undefined
      return transientSocksReply.test(code) ? unavailable : rejected
  }
}
