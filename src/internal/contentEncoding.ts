/** The encodings a transport undoes by itself. Any other would reach us as it is. */
const readable = /^\s*(?:(?:identity|gzip|x-gzip|deflate|br|zstd)\s*(?:,\s*|$)){0,5}$/i

export const isReadableEncoding = (header: string | undefined): boolean => readable.test(header ?? "")
