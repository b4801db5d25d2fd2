import { type Case, simplest } from "./cases.js"
import type { Outcome } from "./clients.js"
import { instances, redirectParameter, requestOf, sessionToken, times, unknownParameter } from "./request.js"

/*
 * The differences from `@clerk/backend` that are wanted. Each one says for which requests it holds. The
 * outcome of this library must be the official one of another request, or a changed one.
 */

/** A wanted difference. */
export interface Difference {
  /** Also the anchor in docs/stricter-than-clerk.md. */
  readonly name: string
  readonly when: (given: Case) => boolean
  /** The request whose official outcome is that of this library for the given one, or a few of which one is. */
  readonly rewrite?: (given: Case) => Case | ReadonlyArray<Case>
  /** The name under which the official client gets the parameter with a redirect address. */
  readonly parameter?: string
  /** The outcome of this library, from the official one. */
  readonly outcome?: (outcome: Outcome, given: Case) => Outcome
  /** How much of the cases it may explain. Default 0.02. */
  readonly maxShare?: number
  /** A small request that shows it alone. */
  readonly example: Partial<Case>
}

const without =
  (...parts: ReadonlyArray<keyof Case>) =>
  (given: Case): Case => ({ ...given, ...Object.fromEntries(parts.map((part) => [part, simplest[part]])) })

const oneOf = <A>(value: A, ...list: ReadonlyArray<A>) => list.includes(value)

const isDocument = ({ accept, destination, method }: Case) =>
  method === "GET" &&
  (destination === "absent" ? accept.startsWith("text/html") : oneOf(destination, "document", "iframe"))

const isDevelopment = ({ keys }: Case) => keys === "development"

/** Whether this library finds a bearer token. */
const hasBearer = ({ authorization }: Case) =>
  !oneOf(authorization, "absent", "other-scheme", "empty", "without-scheme")

const hasSession = ({ secondSession, secondSuffixedSession, session, suffixedSession }: Case) =>
  [secondSession, secondSuffixedSession, session, suffixedSession].some((kind) => kind !== "absent")

const hasHandshake = ({ handshake, nonce }: Case) => handshake !== "absent" || nonce !== "absent"

/** Whether the browser says that this server redirected it. */
const isCounted = ({ counter, secondCounter }: Case) => counter !== "absent" || secondCounter !== "absent"

const withoutHandshake = without("handshake", "handshakePlace", "nonce", "noncePlace")

const rejected =
  (reason: string) =>
  (outcome: Outcome): Outcome => ({
    ...outcome,
    status: "signed-out",
    reason,
    user: undefined,
    token: undefined
  })

/** Puts another session token into the address of a handshake. */
const withSession = (outcome: Outcome, token: string): Outcome => ({
  ...outcome,
  location: outcome.location?.replace(/([?&]__session=)[^&]*/, (_, name: string) => name + token)
})

/** The issue times that tokens of a kind state. */
const issuedAt = (kind: string): number => {
  if (kind === "older") return times.older
  if (kind === "expired") return times.older - 60
  return kind === "forged" ? times.forged : kind === "future" ? times.future : times.issued
}

const isForeign = (kind: string) => oneOf(kind, "foreign", "other-issuer")
const isUnreadable = (kind: string) => oneOf(kind, "malformed", "template")

const isNewest = (first: string, second: string): boolean => {
  if (first === "absent" || second === "absent") return second === "absent"
  if (isForeign(first) || isForeign(second)) return isForeign(second)
  return !isUnreadable(first) && issuedAt(first) >= issuedAt(second)
}

/** Says which of two cookies of one name counts: the newest one that is valid and not too old, else the newest one. */
const firstCounts = (first: string, second: string, uat: Case["uat"]): boolean => {
  const changed = uat === "equal" ? times.issued : uat === "newer" ? times.newer : 0
  const isNew = (kind: string) => issuedAt(kind) >= changed
  const isValid = (kind: string) => oneOf(kind, "valid", "older") && isNew(kind)
  const isFirst = isNewest(first, second)
  const [newest, other] = isFirst ? [first, second] : [second, first]
  return isValid(newest) || !isValid(other) ? isFirst : !isFirst
}

/** The address without what Clerk's Frontend API adds in development. */
const cleanUrl = (given: Case): string => {
  const url = new URL(requestOf(given).url)
  for (const name of ["__clerk_handshake", "__clerk_handshake_nonce", "__clerk_db_jwt"])
    url.searchParams.delete(name)
  return url.href
}

const isInQuery = ({ handshake, handshakePlace, nonce, noncePlace }: Case) =>
  (handshake !== "absent" && handshakePlace === "query") || (nonce !== "absent" && noncePlace === "query")

const bearerOf = (given: Case) => requestOf(given).headers.get("authorization")?.slice("Bearer ".length) ?? ""

export const differences: ReadonlyArray<Difference> = [
  {
    name: "bearer-without-scheme",
    when: ({ authorization }) => authorization === "without-scheme",
    rewrite: without("authorization"),
    example: { authorization: "without-scheme" }
  },
  {
    name: "bearer-scheme-case",
    when: ({ authorization }) => oneOf(authorization, "lower-case", "two-spaces"),
    rewrite: (given) => ({ ...given, authorization: "valid" }),
    example: { authorization: "lower-case" }
  },
  {
    name: "refresh-beside-bearer",
    when: (given) => given.authorization === "expired" && given.refresh === "present",
    rewrite: without("refresh"),
    example: { authorization: "expired", refresh: "present" }
  },
  {
    name: "handshake-session-of-bearer",
    when: (given) => hasBearer(given) && hasSession(given),
    outcome: (outcome, given) => withSession(outcome, bearerOf(given)),
    // Every handshake for a bearer token beside a session cookie.
    maxShare: 0.03,
    example: { authorization: "expired", session: "valid", uat: "older" }
  },
  {
    name: "issuer-check",
    when: ({ authorization }) => authorization === "other-issuer",
    outcome: rejected("token-invalid-issuer"),
    example: { authorization: "other-issuer" }
  },
  {
    name: "cross-origin",
    when: (given) =>
      oneOf(given.method, "POST", "DELETE") &&
      given.origin === "foreign" &&
      hasSession(given) &&
      !hasBearer(given),
    outcome: rejected("token-invalid-authorized-parties"),
    example: { method: "POST", origin: "foreign", session: "valid", uat: "older" }
  },
  {
    name: "handshake-on-non-document",
    when: (given) => hasHandshake(given) && !isDocument(given),
    rewrite: withoutHandshake,
    // A third of the requests load no document.
    maxShare: 0.06,
    example: { method: "POST", handshake: "valid" }
  },
  {
    name: "handshake-query-in-production",
    when: (given) => !isDevelopment(given) && isInQuery(given),
    rewrite: (given) => {
      const { handshakePlace, noncePlace } = given
      const first = handshakePlace === "query" ? without("handshake", "handshakePlace")(given) : given
      return noncePlace === "query" ? without("nonce", "noncePlace")(first) : first
    },
    example: { handshake: "valid", handshakePlace: "query" }
  },
  {
    name: "handshake-replay",
    when: (given) =>
      given.handshake === "expired" ||
      (!isCounted(given) && (given.handshake === "timeless" || given.nonce !== "absent")),
    rewrite: (given) => {
      const first = isCounted(given) ? given : without("nonce", "noncePlace")(given)
      return given.handshake === "expired" || (given.handshake === "timeless" && !isCounted(given))
        ? without("handshake", "handshakePlace")(first)
        : first
    },
    // Every nonce without a counter, which two of three requests lack.
    maxShare: 0.04,
    example: { handshake: "timeless" }
  },
  {
    name: "handshake-payload",
    when: ({ handshake }) => oneOf(handshake, "without-list", "other-issuer"),
    rewrite: withoutHandshake,
    example: { handshake: "without-list" }
  },
  {
    name: "handshake-cookie-names",
    when: ({ handshake, nonce }) => handshake === "foreign-names" || nonce === "foreign-names",
    rewrite: (given) => ({
      ...given,
      handshake: given.handshake === "foreign-names" ? "valid" : given.handshake,
      nonce: given.nonce === "foreign-names" ? "valid" : given.nonce
    }),
    // The nonce, which is in the call, names the kind of the cookies.
    outcome: (outcome, given) => ({
      ...outcome,
      calls:
        given.nonce === "foreign-names"
          ? outcome.calls.map((call) => call.replace("nonce_valid", "nonce_foreign-names"))
          : outcome.calls
    }),
    example: { handshake: "foreign-names" }
  },
  {
    name: "nonce-failure",
    when: ({ nonce }) => oneOf(nonce, "failing", "malformed"),
    rewrite: without("nonce", "noncePlace"),
    outcome: (outcome, { nonce }) => ({
      ...outcome,
      calls: [
        ...(nonce === "failing" ? ["GET /v1/clients/handshake_payload?nonce=nonce_failing []"] : []),
        ...outcome.calls
      ]
    }),
    example: { counter: "1", nonce: "failing", session: "valid", uat: "older" }
  },
  {
    name: "development-invalid-handshake",
    when: (given) => isDevelopment(given) && oneOf(given.handshake, "forged", "malformed", "template"),
    rewrite: withoutHandshake,
    example: { keys: "development", devBrowser: "plain", handshake: "forged" }
  },
  {
    name: "development-skew",
    when: (given) => isDevelopment(given) && oneOf(given.handshake, "session-expired", "session-early"),
    rewrite: withoutHandshake,
    example: { keys: "development", devBrowser: "plain", handshake: "session-expired" }
  },
  {
    name: "clean-up-without-parameters",
    when: (given) => isDevelopment(given) && isDocument(given) && hasHandshake(given),
    // Every result of a handshake that a cookie brings to a development instance.
    maxShare: 0.04,
    outcome: (outcome, given) => {
      const { location, status } = outcome
      if (!isInQuery(given)) return status === "handshake" ? outcome : { ...outcome, location: undefined }
      if (status !== "handshake" || location === undefined) return { ...outcome, location: cleanUrl(given) }
      const url = new URL(location)
      url.searchParams.set("redirect_url", cleanUrl(given))
      return { ...outcome, location: url.href }
    },
    example: { keys: "development", devBrowser: "plain", handshake: "valid" }
  },
  {
    name: "counter-above-three",
    when: ({ counter, secondCounter }) => oneOf(counter, "4", "garbage") || secondCounter === "3",
    rewrite: (given) => ({ ...given, counter: "3", secondCounter: "absent" }),
    example: { uat: "older", counter: "4" }
  },
  {
    name: "cross-origin-sync",
    when: ({ referrer }) => referrer === "foreign",
    rewrite: without("referrer"),
    example: { session: "valid", uat: "older", referrer: "foreign" }
  },
  {
    name: "redirect-url-parameter",
    when: (given) => isDevelopment(given) && given.redirectUrl === "present",
    parameter: unknownParameter,
    outcome: (outcome) => ({
      ...outcome,
      location: outcome.location?.replace(unknownParameter, redirectParameter)
    }),
    example: { keys: "development", devBrowser: "plain", redirectUrl: "present" }
  },
  {
    name: "forwarded-host",
    when: ({ forwarded }) => forwarded !== "absent",
    rewrite: without("forwarded"),
    example: { uat: "older", forwarded: "host" }
  },
  {
    name: "duplicate-cookies",
    when: ({ secondSession, secondSuffixedSession }) =>
      secondSession !== "absent" || secondSuffixedSession !== "absent",
    rewrite: (given) => {
      const { secondSession, secondSuffixedSession, session, suffixedSession, suffixedUat, uat } = given
      const isFirst = firstCounts(session, secondSession, uat)
      const isFirstSuffixed = firstCounts(suffixedSession, secondSuffixedSession, suffixedUat)
      const plain = isFirst ? without("secondSession") : without("session")
      const suffixed = isFirstSuffixed ? without("secondSuffixedSession") : without("suffixedSession")
      const one = suffixed(plain(given))
      const isOfNewest =
        isFirst === isNewest(session, secondSession) &&
        isFirstSuffixed === isNewest(suffixedSession, secondSuffixedSession)
      // A newer token that is invalid still decides whether the cookies with or without a suffix count.
      return isOfNewest
        ? one
        : [
            one,
            without("session", "secondSession")(one),
            without("suffixedSession", "secondSuffixedSession")(one)
          ]
    },
    // A handshake names the newest token, valid or not.
    outcome: (outcome, given) => {
      const { secondSession, secondSuffixedSession, session, suffixedSession } = given
      if (hasBearer(given)) return outcome
      const newest = outcome.location?.includes("suffixed_cookies=true")
        ? isNewest(suffixedSession, secondSuffixedSession)
          ? ([suffixedSession, "suffixed"] as const)
          : ([secondSuffixedSession, "suffixed_second"] as const)
        : isNewest(session, secondSession)
          ? ([session, "plain"] as const)
          : ([secondSession, "second"] as const)
      return withSession(outcome, sessionToken(newest[0], instances[given.keys], newest[1]))
    },
    example: { session: "older", secondSession: "valid", uat: "older" }
  },
  {
    name: "foreign-suffixed-cookie",
    when: ({ suffixedSession }) => isForeign(suffixedSession),
    rewrite: without("suffixedSession"),
    example: { suffixedSession: "foreign", suffixedUat: "older" }
  },
  {
    name: "template-cookie",
    when: ({ session, suffixedSession }) => oneOf("template", session, suffixedSession),
    rewrite: (given) => ({
      ...given,
      session: given.session === "template" ? "malformed" : given.session,
      suffixedSession: given.suffixedSession === "template" ? "malformed" : given.suffixedSession
    }),
    outcome: (outcome, given) => {
      const { location, reason } = outcome
      const isSuffixed = location?.includes("suffixed_cookies=true")
      const isMalformed = location?.includes("__session=not.a-token")
      const token = sessionToken("template", instances[given.keys], isSuffixed ? "suffixed" : "plain")
      const named = isMalformed ? withSession(outcome, token) : outcome
      return { ...named, reason: reason === "token-invalid" ? "token-type-mismatch" : reason }
    },
    example: { session: "older", uat: "older", suffixedSession: "template", suffixedUat: "older" }
  },
  {
    name: "malformed-plain-cookie",
    when: ({ session }) => isUnreadable(session),
    rewrite: without("session"),
    example: { session: "malformed", suffixedSession: "valid", suffixedUat: "older" }
  },
  {
    name: "pending-session",
    when: (given) => Object.values(given).some((kind) => kind.endsWith("pending")),
    // Five parts of a request can hold such a token.
    maxShare: 0.03,
    outcome: (outcome) =>
      outcome.status === "signed-in" && outcome.user === undefined
        ? rejected("token-verification-failed")(outcome)
        : outcome,
    example: { session: "pending", uat: "older" }
  },
  {
    name: "missing-sid",
    when: (given) => Object.values(given).includes("without-sid"),
    outcome: (outcome, given) =>
      ["bearer", "plain", "suffixed"].some(
        (place) => outcome.token === sessionToken("without-sid", instances[given.keys], place)
      )
        ? rejected("token-type-mismatch")(outcome)
        : outcome,
    example: { session: "without-sid", uat: "older" }
  }
]
