import type { TransportFault } from "./transportFault.js"

/*
 * Deno and workerd give no codes: what happened stands in the text of their errors alone. These are the texts they were
 * seen to give (`npm run test:runtimes`). A text that is not here says nothing.
 */

type Texts = ReadonlyArray<readonly [RegExp, TransportFault]>

const verdict = (texts: Texts, text: string): TransportFault | undefined =>
  texts.find(([pattern]) => pattern.test(text))?.[1]

/** Deno, whatever became of a request: the address it was for, how far it got, and why no further. */
const denoRequest =
  /^error sending request (?:from \S+ )?for \S+(?: \S+)?: client error \((Connect|SendRequest)\): (.*)$/

const denoConnecting: Texts = [
  [/^dns error: /, { reason: "dns", sent: "no" }],
  [/^tcp connect error: Connection refused/, { reason: "refused", sent: "no" }],
  [/^tcp connect error: (?:No route to host|Network is unreachable)/, { reason: "unreachable", sent: "no" }],
  [
    /^(?:invalid peer certificate|received corrupt message|received fatal alert)/,
    { reason: "tls", sent: "no" }
  ]
]

const denoSending: Texts = [
  [/^connection closed before message completed/, { reason: "closed", sent: "maybe" }],
  [/^connection error: Connection reset by peer/, { reason: "reset", sent: "maybe" }],
  [/^invalid [\w -]+ parsed$/i, { reason: "protocol", sent: "maybe" }]
]

const plain: Texts = [
  // Deno, as the cause of "fetch failed".
  [/^Connection reset by peer \(os error \d+\)$/, { reason: "reset", sent: "maybe" }],
  // Deno, whichever way a body broke off.
  [/^error reading a body from connection$/, { reason: "truncated", sent: "maybe" }],
  // workerd, of connections that were refused, reset, closed, or spoke no HTTP alike.
  [/^Network connection lost\.$/, { reason: "closed", sent: "maybe" }]
]

/** What the text of a failure says of it, if it is one of those known. */
export const faultOfText = (text: unknown): TransportFault | undefined => {
  if (typeof text !== "string") return undefined
  const [, stage, detail = ""] = denoRequest.exec(text) ?? []
  if (stage === "SendRequest") return verdict(denoSending, detail)
  // Whatever went wrong while connecting, nothing has been sent.
  if (stage === "Connect") return verdict(denoConnecting, detail) ?? { reason: "unknown", sent: "no" }
  return verdict(plain, text)
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
