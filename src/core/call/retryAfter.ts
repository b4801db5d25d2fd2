import * as Duration from "effect/Duration"

/** The one date form HTTP still sends. See RFC 9110, 5.6.7. */
const imfFixdate =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/

const dateOf = (text: string | undefined): number | undefined => {
  if (text === undefined || !imfFixdate.test(text)) return undefined
  const millis = Date.parse(text)
  return Number.isNaN(millis) ? undefined : millis
}

/**
 * How long the server asks to wait, from `Retry-After`: whole seconds, or a date (taken relative to the answer's
 * own `Date`, so that a wrong clock here does not matter). Anything else counts as not said.
 */
export const parseRetryAfter = (
  headers: { readonly [name: string]: string },
  nowMillis: number
): Duration.Duration | undefined => {
  const text = headers["retry-after"]?.trim()
  if (text === undefined) return undefined
  if (/^\d{1,10}$/.test(text)) return Duration.seconds(Number(text))
  const until = dateOf(text)
  if (until === undefined) return undefined
  return Duration.millis(Math.max(0, until - (dateOf(headers["date"]) ?? nowMillis)))
}
