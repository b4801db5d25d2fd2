/** Whatever else has this name does no harm: a `Blob` goes out as the same bytes as its text. */
const isDeno = "Deno" in globalThis

/**
 * The body of a request as `fetch` is given it.
 *
 * When a connection that was used before breaks ere an answer came, Deno sends the request again, whatever its method,
 * if it still has the body (https://github.com/denoland/deno/issues/35610). A text it has. A `Blob` it reads while it
 * sends it, so there is nothing to send again: what must not reach Clerk twice does not. A stream would do as well, but
 * goes out in chunks, which not every server takes; a `Blob` goes out with its length, just as the text does.
 *
 * Where there is no body there is nothing to be done: even an empty `Blob` goes out in chunks.
 */
export const fetchBody = (body: string | undefined, onDeno: boolean = isDeno): string | Blob | null => {
  if (body === undefined) return null
  return onDeno ? new Blob([body]) : body
}
