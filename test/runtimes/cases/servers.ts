import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type ClerkConfigError, ClerkKeysUnavailable, SigningKeys } from "effect-clerk"
import {
  Authenticator,
  ClerkAuth,
  ClerkAuthOptional,
  ClerkAuthRequiring,
  ClerkRouter,
  CurrentSession,
  OptionalSession
} from "effect-clerk/http-api"
import { apiHandler, get, HttpApi, HttpApiGroup, layerApi, layerGroup, post } from "#test/httpApi.js"
import { HttpRouter, HttpServerRequest, jsonResponse, layerServices } from "#test/httpServer.js"
import { type Case, expectMatch, outcomeOf } from "../support/check.js"
import type { Setting } from "../support/setting.js"

const able = { permission: "org:teams:delete" } as const
const owning = { role: "org:owner" } as const

class Able extends ClerkAuthRequiring<Able>()("Able", able) {}
class Owning extends ClerkAuthRequiring<Owning>()("Owning", owning) {}

class Account extends HttpApiGroup.make("account")
  .add(get("read", "/me", Schema.String))
  .add(post("change", "/me", Schema.String))
  .middleware(ClerkAuth) {}

class Others extends HttpApiGroup.make("others")
  .add(get("visit", "/visitor", Schema.String).middleware(ClerkAuthOptional))
  .add(get("teams", "/teams", Schema.String).middleware(Able))
  .add(get("vault", "/vault", Schema.String).middleware(Owning)) {}

class Api extends HttpApi.make("api").add(Account).add(Others) {}

const user = Effect.map(CurrentSession, ({ userId }) => userId)
const visitor = Effect.map(
  OptionalSession,
  Option.match({ onNone: () => "nobody", onSome: ({ userId }) => userId })
)

const Handlers = Layer.mergeAll(
  layerGroup(Api, "account", (handlers) => handlers.handle("read", () => user).handle("change", () => user)),
  layerGroup(Api, "others", (handlers) =>
    handlers
      .handle("visit", () => visitor)
      .handle("teams", () => user)
      .handle("vault", () => user)
  )
)

type Keys = Layer.Layer<SigningKeys, ClerkConfigError>

interface WebHandler {
  readonly handler: (request: Request) => Promise<Response>
  readonly dispose: () => Promise<void>
}

type Serve = (options: Authenticator.AuthOptions, keys: Keys) => WebHandler

const api: Serve = (options, keys) =>
  apiHandler(
    layerApi(Api).pipe(
      Layer.provide(Handlers),
      Layer.provide([
        ClerkAuth.layer(options),
        ClerkAuthOptional.layer(options),
        Able.layer(options),
        Owning.layer(options)
      ]),
      Layer.provide(keys)
    )
  )

const answerWith = <R>(id: Effect.Effect<string, never, R>) => Effect.map(id, (id) => jsonResponse(id))

/** The same paths. */
const router: Serve = (options, keys) =>
  HttpRouter.toWebHandler(
    Layer.mergeAll(
      Layer.merge(
        HttpRouter.add("GET", "/me", answerWith(user)),
        HttpRouter.add("POST", "/me", answerWith(user))
      ).pipe(Layer.provide(ClerkRouter.signedIn(options).layer)),
      HttpRouter.add("GET", "/visitor", answerWith(visitor)).pipe(
        Layer.provide(ClerkRouter.optional(options).layer)
      ),
      HttpRouter.add("GET", "/teams", answerWith(user)).pipe(
        Layer.provide(ClerkRouter.requiring(able, options).layer)
      ),
      HttpRouter.add("GET", "/vault", answerWith(user)).pipe(
        Layer.provide(ClerkRouter.requiring(owning, options).layer)
      )
    ).pipe(Layer.provide(keys), Layer.provide(layerServices)),
    { disableLogger: true }
  )

type Headers = Readonly<Record<string, string>>

const requestOf = (line: string, headers: Headers = {}) => {
  const [method = "", path = ""] = line.split(" ")
  return new Request(`https://api.example.com${path}`, { method, headers })
}

const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` })

const cookie = (token: string, name = "__session"): Headers => ({
  cookie: `theme=dark; ${name}=${token}; ${name.replace("__session", "__client_uat")}=1`
})

/** A request, and the expected part of the response. */
type Exchange = readonly [line: string, headers: Headers, answer: object]

const judged = ({ handler }: WebHandler, [line, headers, expected]: Exchange) =>
  Effect.gen(function* () {
    const response = yield* Effect.promise(() => handler(requestOf(line, headers)))
    const body: unknown = yield* Effect.promise(() => response.json())
    const answer = { status: response.status, headers: Object.fromEntries(response.headers), body }
    yield* expectMatch(answer, expected, `the response to ${line}`)
  })

const noStore = { "cache-control": "no-store" }

const refused = (reason: string, challenge = `error_description="the token was rejected (${reason})"`) => ({
  status: 401,
  headers: {
    ...noStore,
    "www-authenticate": `Bearer realm="clerk", error="invalid_token", ${challenge}`
  },
  body: { _tag: "ClerkTokenError", reason }
})

const unasked = (reason: string) => ({
  status: 401,
  headers: { ...noStore, "www-authenticate": 'Bearer realm="clerk"' },
  body: { _tag: "ClerkTokenError", reason }
})

const refusalOf = (reason: string) =>
  reason === "exp" ? refused(reason, 'error_description="the token expired"') : refused(reason)

const unavailable = {
  status: 503,
  headers: { ...noStore, "retry-after": "3", "www-authenticate": undefined },
  body: { _tag: "ClerkKeysUnavailable", reason: "failing" }
}

const exchanges = ({
  tokens
}: Setting): ReadonlyArray<readonly [name: string, exchanges: ReadonlyArray<Exchange>]> => {
  const { good, origin, sessionCookie, userId } = tokens
  const passes = { status: 200, headers: { "www-authenticate": undefined }, body: userId }
  const nobody = { status: 200, body: "nobody" }
  const evil = { origin: "https://evil.example.com" }
  return [
    [
      "accepts a valid token, in the header and in either cookie",
      [
        ["GET /me", bearer(good), passes],
        ["GET /me", cookie(good), passes],
        ["GET /me", cookie(good, sessionCookie), passes]
      ]
    ],
    [
      "responds with 401 to a request without a token",
      [
        ["GET /me", {}, unasked("missing")],
        ["POST /me", {}, unasked("missing")],
        ["GET /teams", {}, unasked("missing")]
      ]
    ],
    [
      "rejects a token that is forged, has expired or is for another audience",
      tokens.refused.flatMap(
        ({ reason, token }): ReadonlyArray<Exchange> => [
          ["GET /me", bearer(token), refusalOf(reason)],
          ["GET /me", cookie(token), refusalOf(reason)]
        ]
      )
    ],
    [
      "uses the header, with any cookie",
      tokens.refused.map(({ reason, token }) => [
        "GET /me",
        { ...bearer(token), ...cookie(good) },
        refusalOf(reason)
      ])
    ],
    [
      "rejects a change with a cookie from another site",
      [
        ["POST /me", { ...cookie(good), ...evil }, unasked("cross-origin")],
        ["POST /me", { ...cookie(good), origin }, passes],
        ["POST /me", { ...bearer(good), ...evil }, passes]
      ]
    ],
    [
      "checks the permissions",
      [
        ["GET /teams", bearer(good), passes],
        [
          "GET /vault",
          bearer(good),
          {
            status: 403,
            headers: { ...noStore, "www-authenticate": undefined },
            body: { _tag: "ClerkAccessDenied", missing: ["role"] }
          }
        ]
      ]
    ],
    [
      "serves every request where signing in is optional",
      [
        ["GET /visitor", {}, nobody],
        ["GET /visitor", bearer(good), passes],
        ...tokens.refused.map(({ token }): Exchange => ["GET /visitor", bearer(token), nobody])
      ]
    ]
  ]
}

const outage = ({ tokens: { good } }: Setting): ReadonlyArray<Exchange> => [
  ["GET /me", bearer(good), unavailable],
  ["GET /teams", cookie(good), unavailable],
  ["GET /visitor", bearer(good), unavailable],
  ["GET /me", {}, unasked("missing")]
]

/** Keys that are unavailable for another 2.4 seconds. */
const lost = Layer.succeed(SigningKeys, {
  find: () =>
    Effect.fail(
      new ClerkKeysUnavailable({ reason: "failing", retryAfter: Duration.millis(2400), retryable: true })
    )
})

/** Serves in process during the exchanges, which run concurrently. */
const served = (open: () => WebHandler, all: ReadonlyArray<Exchange>): Effect.Effect<void> =>
  Effect.acquireUseRelease(
    Effect.sync(open),
    (server) =>
      Effect.forEach(all, (exchange) => judged(server, exchange), {
        concurrency: "unbounded",
        discard: true
      }),
    ({ dispose }) => Effect.promise(dispose)
  )

const decides = ({ good, origin, userId }: Setting["tokens"]) =>
  Effect.gen(function* () {
    const authenticate = yield* Authenticator.make({ authorizedParties: [origin] })
    const decide = (headers: Headers) =>
      Effect.provideService(
        outcomeOf(authenticate),
        HttpServerRequest.HttpServerRequest,
        HttpServerRequest.fromWeb(requestOf("POST /", headers))
      )
    yield* expectMatch(yield* decide(cookie(good)), { userId })
    yield* expectMatch(yield* decide({}), { _tag: "ClerkTokenError", reason: "missing" })
  })

export const servers = (setting: Setting): ReadonlyArray<Case> => {
  const { origin, pem, publishableKey } = setting.tokens
  const options = { authorizedParties: [origin], publishableKey }
  const ofPem = SigningKeys.layerPem(pem)
  const stages = [
    ["an HttpApi", api],
    ["a router", router]
  ] as const
  return [
    ...stages.flatMap(([stage, serve]) => [
      ...exchanges(setting).map(
        ([name, all]): Case => ({
          name: `${stage} ${name}`,
          run: served(() => serve(options, ofPem), all)
        })
      ),
      {
        name: `${stage} sends a Retry-After while the keys are unavailable`,
        run: served(() => serve(options, lost), outage(setting))
      }
    ]),
    {
      name: "an Authenticator works without a router",
      run: Effect.provide(decides(setting.tokens), ofPem)
    }
  ]
}
