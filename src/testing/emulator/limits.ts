/** How much an emulator keeps, so that a client cannot make it grow without end. */
export const limits = {
  users: 50_000,
  organizations: 10_000,
  templates: 1_000,
  sessions: 50_000,
  /** Bytes of all of these together: the length of their JSON, and 64 for each value in it. */
  data: 256 * 1024 * 1024,
  /** Tokens that a refresh has used. The oldest is forgotten. */
  consumedTokens: 100_000,
  /** Responses and faults that wait for a request. */
  prepared: 1_000,
  /** Characters of the headers and bodies of those responses. */
  preparedText: 64 * 1024 * 1024,
  /** Requests in the log. */
  requests: 1_000,
  /** Bytes of the log, as JSON. */
  requestBytes: 2 * 1024 * 1024,
  /** Characters of one body in the log, or of one URL. */
  requestText: 64 * 1024,
  /** Bytes of the body of a request. */
  bodyBytes: 1024 * 1024
} as const

export const inWords = (count: number): string => count.toLocaleString("en")

export const inMiB = (size: number): string => `${size / 1024 / 1024} MiB`
