import type { FailedUser } from "./call.js"

/*
 * A job is a chain of parts. Each part reads about ten chunks of users, ends their sessions, and starts the next part. No
 * value of a job grows with its number of users, and a job that resumes repeats one part at most.
 */

/** The chunks of a part, at least. */
const chunksOfPart = 10

/** The users that a source returns at once, at most. */
export const maxPageUsers = 1_000

/** How far a job is. */
export interface Totals {
  /** The users whose sessions were ended, and those listed as failed. */
  readonly users: number
  /** The users listed as failed. */
  readonly failed: number
}

/** Whether a part has read enough users. */
export const isFull = (users: number, chunk: number): boolean => users >= chunksOfPart * chunk

/** Splits users into chunks. */
export const chunksOf = <A>(users: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(users.length / size) }, (_, at) => users.slice(at * size, (at + 1) * size))

/** Adds what chunks have done. */
export const added = (
  before: Totals,
  chunks: ReadonlyArray<{ readonly users: number; readonly failed: ReadonlyArray<FailedUser> }>
): Totals => ({
  users: chunks.reduce((sum, { users }) => sum + users, before.users),
  failed: chunks.reduce((sum, { failed }) => sum + failed.length, before.failed)
})

/** The search for the last part that has a result. Parts get their results in order. */
export interface Search {
  /** The last part that is known to have a result, -1 for none. */
  readonly done: number
  /** The first part that is known to have none. */
  readonly open: number | undefined
}

export const firstSearch: Search = { done: -1, open: undefined }

/** The part to look at next, or `undefined` when the search is over. */
export const nextPart = ({ done, open }: Search): number | undefined => {
  if (open === undefined) return done === -1 ? 0 : done * 2 + 1
  return open - done === 1 ? undefined : Math.floor((done + open) / 2)
}

/** The search after a look at a part. */
export const looked = (search: Search, part: number, hasResult: boolean): Search =>
  hasResult ? { ...search, done: part } : { ...search, open: part }
