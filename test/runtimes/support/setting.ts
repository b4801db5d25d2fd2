import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, type RequestPolicy, Sessions } from "effect-clerk"
import { withRandom } from "#test/random.js"
import { expectThat } from "./check.js"
import type { Manifest } from "./manifest.js"

/** One text per secret of a call, to search for in all its outcomes. */
export const secrets = {
  secretKey: "sk_test_ConformanceKey7Qm2xVb9Tz4",
  token: "ConformanceHead7f3.ConformancePayload9c1.ConformanceSign5e8",
  refreshToken: "ConformanceRefresh4b7d2e9f6a1c"
} as const

/** An operation with secrets in its body, and never retried once Clerk may have received it. */
export const secretive = Sessions.refresh("sess_1", {
  expiredToken: secrets.token,
  refreshToken: secrets.refreshToken,
  requestOrigin: "https://app.example.com"
})

/** The peer, and how to reach it. */
export interface Setting extends Manifest {
  /** The address of a scene on the peer. */
  readonly at: (...path: ReadonlyArray<string | number>) => string
  /** The address of a scene on the peer where one case alone calls. */
  readonly quietly: (...path: ReadonlyArray<string | number>) => string
  /** For each request to such an address, whether its connection was used before. */
  readonly reused: (url: string) => Effect.Effect<ReadonlyArray<boolean>>
  /** The protocol of each request to such an address over TLS. */
  readonly protocols: (url: string) => Effect.Effect<ReadonlyArray<string>>
  /** The number of requests to an address, and the milliseconds between them. */
  readonly seen: (
    url: string
  ) => Effect.Effect<{ readonly requests: number; readonly gaps: ReadonlyArray<number> }>
  /** Waits, a second at most, until every connection that a request to this address came on is closed. */
  readonly closed: (url: string) => Effect.Effect<boolean>
}

const ask = <A>(url: string): Effect.Effect<A> =>
  // The peer is part of the tests, so its responses have the declared types.
  Effect.promise(() => fetch(url).then((response) => response.json() as Promise<A>))

/** Fetches the setting of a runtime from the peer, with the platform's own `fetch`. */
export const askPeer = (peer: string): Effect.Effect<Setting> =>
  Effect.map(ask<Manifest>(`${peer}/manifest`), (manifest) => ({
    ...manifest,
    at: (...path) => [manifest.faultServer, ...path].join("/"),
    quietly: (...path) => [manifest.quiet, ...path].join("/"),
    reused: (url) => ask(`${peer}/reused?path=${new URL(url).pathname}`),
    protocols: (url) => ask(`${peer}/protocols?path=${new URL(url).pathname}`),
    seen: (url) => ask(`${peer}/seen?path=${new URL(url).pathname}`),
    closed: (url) => ask(`${peer}/closed?path=${new URL(url).pathname}`)
  }))

/** Over `fetch`, with one attempt by default. */
export const client = (apiUrl: string, policy: RequestPolicy.Settings = { maxAttempts: 1 }) =>
  ClerkHttp.layerFetch({ apiUrl, policy, secretKey: Redacted.make(secrets.secretKey) })

/** Without the waits between attempts. */
export const atOnce = withRandom(0)

const own = (value: unknown, seen = new Set<object>()): string => {
  if (typeof value === "string") return value
  if (typeof value !== "object" || value === null || seen.has(value)) return ""
  seen.add(value)
  return Reflect.ownKeys(value)
    .map((key) => `${String(key)} ${own(Reflect.get(value, key), seen)}`)
    .join(" ")
}

/** Dies when a secret is in anything an error can be printed as. */
export const expectNoSecret = (outcome: unknown): Effect.Effect<void> => {
  const stack = outcome instanceof Error ? outcome.stack : ""
  const printed = `${String(outcome)} ${stack} ${JSON.stringify(outcome)} ${own(outcome)}`
  const shown = Object.entries(secrets).flatMap(([name, secret]) => (printed.includes(secret) ? [name] : []))
  return expectThat(shown.length === 0, `shows ${shown.join(" and ")}`)
}
