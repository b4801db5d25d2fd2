import { createClerkClient } from "@clerk/backend"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, SigningKeys } from "effect-clerk"
import { RequestAuth } from "effect-clerk/http-api"
import { loopback } from "../../support/loopback.js"
import { type Case, simplest } from "./cases.js"
import { instances, pem, requestOf, respond } from "./request.js"

/** What a client says of a request, and what it called. */
export interface Outcome {
  readonly status: "signed-in" | "signed-out" | "handshake" | "error"
  readonly reason: string | undefined
  readonly user: string | undefined
  readonly token: string | undefined
  readonly location: string | undefined
  /** The cookies that Clerk gave. */
  readonly cookies: ReadonlyArray<string>
  /** The number of redirects that the response counts. */
  readonly counter: string | undefined
  readonly calls: ReadonlyArray<string>
}

/** Decides on the request of a case. `parameter` is the name of the parameter with a redirect address. */
export type Client = (given: Case, parameter?: string) => Effect.Effect<Outcome>

const counterForm = /^__clerk_redirect_count=([^;]*)/

const split = (all: ReadonlyArray<string>) => ({
  cookies: all.filter((each) => !counterForm.test(each)),
  counter: all.map((each) => counterForm.exec(each)?.[1]).find((count) => count !== undefined && count !== "")
})

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

/** The parts of a call that count. Both clients spell `suffixed_cookies=false` in their own way. */
const callOf = (method: string, url: URL, body: string): string => {
  if (url.searchParams.get("suffixed_cookies") === "false") url.searchParams.delete("suffixed_cookies")
  const parsed: unknown = body === "" ? {} : JSON.parse(body)
  const { request_headers, ...rest } = isRecord(parsed) ? parsed : {}
  const sorted = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))
  return `${method} ${url.pathname}${url.search} ${JSON.stringify(sorted)}`
}

const quietly = async <A>(run: () => Promise<A>): Promise<A> => {
  const { error, log, warn } = console
  Object.assign(console, { error: () => {}, log: () => {}, warn: () => {} })
  try {
    return await run()
  } finally {
    Object.assign(console, { error, log, warn })
  }
}

export interface Clients {
  /** `@clerk/backend`. */
  readonly theirs: Client
  /** This library, with other options where a test wants wrong outcomes. */
  readonly ours: (options?: Partial<RequestAuth.Options>) => Client
}

/** Both clients, beside a Backend API on the loopback address. Runs one case at a time. */
export const clients = Effect.gen(function* () {
  let current = simplest
  const server = yield* loopback((response, { url }) => {
    const { pathname, searchParams } = new URL(url, "http://clerk.test")
    const given = respond(current, pathname, searchParams.get("nonce"))
    if (given === undefined) {
      response.socket?.resetAndDestroy()
      return
    }
    // The official client reads JSON only from exactly this type.
    response.writeHead(given.status, { "content-type": "application/json" })
    response.end(JSON.stringify(given.body))
  })
  const received = (from: number) =>
    server.received
      .slice(from)
      .map(({ body, method, url }) => callOf(method, new URL(url, "http://clerk.test"), body))

  const officialOf = ({ publishableKey, secretKey }: (typeof instances)["production"]) =>
    createClerkClient({
      publishableKey,
      secretKey,
      jwtKey: pem,
      apiUrl: server.url,
      telemetry: { disabled: true }
    })
  const official = {
    production: officialOf(instances.production),
    development: officialOf(instances.development)
  }

  const theirs: Client = (given, parameter) =>
    Effect.promise(() =>
      quietly(async (): Promise<Outcome> => {
        current = given
        const from = server.received.length
        const { origin } = instances[given.keys]
        try {
          const state = await official[given.keys].authenticateRequest(requestOf(given, parameter), {
            authorizedParties: [origin]
          })
          const auth = state.toAuth()
          return {
            status: state.status,
            reason: state.reason ?? undefined,
            user: auth?.userId ?? undefined,
            token: state.token ?? undefined,
            location: state.headers.get("location") ?? undefined,
            ...split(state.headers.getSetCookie()),
            calls: received(from)
          }
        } catch {
          const nothing = { reason: undefined, user: undefined, token: undefined, location: undefined }
          return { status: "error", ...nothing, cookies: [], counter: undefined, calls: received(from) }
        }
      })
    )

  const layer = Layer.merge(
    ClerkHttp.layerFetch({ secretKey: Redacted.make("sk_test_differential"), apiUrl: server.url }),
    SigningKeys.layerPem(pem)
  )

  const ours =
    (options: Partial<RequestAuth.Options> = {}): Client =>
    (given, parameter) =>
      Effect.gen(function* () {
        current = given
        const from = server.received.length
        const { origin, publishableKey } = instances[given.keys]
        // Of its own for each case, because it keeps the results of refreshes for a moment.
        const authenticate = yield* RequestAuth.make({
          publishableKey,
          origin,
          authorizedParties: [origin],
          ...options
        })
        const outcome = yield* authenticate(requestOf(given, parameter))
        const response = Option.getOrUndefined(RequestAuth.toResponse(outcome))
        const status = { SignedIn: "signed-in", SignedOut: "signed-out", Handshake: "handshake" } as const
        return {
          status: status[outcome._tag],
          reason: outcome._tag === "SignedIn" ? undefined : outcome.reason,
          user: outcome._tag === "SignedIn" ? outcome.session.userId : undefined,
          token: outcome._tag === "SignedIn" ? Redacted.value(outcome.token) : undefined,
          location: response?.headers.get("location") ?? undefined,
          ...split(outcome.setCookies.map((each) => Redacted.value(each))),
          calls: received(from)
        }
      }).pipe(Effect.provide(layer), Effect.orDie)

  const both: Clients = { theirs, ours }
  return both
})
