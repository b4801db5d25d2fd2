/** The content codings that transports undo. Any other reaches this library as it is. */
const known: ReadonlySet<string> = new Set(["gzip", "x-gzip", "deflate", "br", "zstd"])

const maxCodings = 5

/**
 * The codings of a body in the order they were applied, or `undefined` when no transport undoes them. `identity` is a
 * coding only by itself: in a list, some platforms then undo nothing.
 */
export const contentCodings = (header: string | undefined): ReadonlyArray<string> | undefined => {
  if (header === undefined) return []
  const names = header
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "")
  if (names.length === 1 && names[0] === "identity") return []
  return names.length <= maxCodings && names.every((name) => known.has(name)) ? names : undefined
}

/** Whether a body is, or was, compressed. A platform that has decompressed it keeps the header. */
export const isCompressed = (header: string | undefined): boolean =>
  header !== undefined && contentCodings(header)?.length !== 0
