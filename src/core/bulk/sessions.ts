/*
 * Which sessions of a user a bulk job ends. The list is not filtered by status, because a filter would need two
 * requests. Clerk also pages by position. A session that leaves the filter would move the others past the next page.
 */

/** The largest page that Clerk returns. */
export const pageSize = 500

/** How often the sessions of a user with more than one page are listed before the user is listed as failed. */
export const maxPasses = 5

/** A session of which a job knows no more than it needs. */
export interface KnownSession {
  readonly id: string
  readonly status: string
  readonly createdMillis: number
}

/** Whether somebody can use the session. */
export const isOpen = (status: string): boolean => status === "active" || status === "pending"

/** The sessions of a page that the job has to end. */
export const dueIn = <S extends KnownSession>(
  page: ReadonlyArray<S>,
  cutoffMillis: number
): ReadonlyArray<S> =>
  page.filter(({ createdMillis, status }) => isOpen(status) && createdMillis <= cutoffMillis)

/** The position of the next page, or `undefined` after the last one. */
export const nextOffset = (
  offset: number,
  length: number,
  totalCount: number | undefined
): number | undefined => {
  const next = offset + length
  if (length === 0) return undefined
  return (totalCount === undefined ? length < pageSize : next >= totalCount) ? undefined : next
}
