import * as DateTime from "effect/DateTime"

/** Returns the point in time of an ISO text or of epoch milliseconds. Throws for an invalid one. */
export const utc: (input: string | number | Date) => DateTime.Utc = DateTime.unsafeMake
