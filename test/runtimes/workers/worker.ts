/**
 * A typical Worker. All layers are built once in the module, and shared by all requests. Each
 * path below is such a program, with the same peer.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import {
  ClerkHttp,
  type Session,
  type SessionClaims,
  Sessions,
  SessionTokens,
  SigningKeys
} from "effect-clerk"
import { ClerkAuth, ClerkRouter, CurrentSession, RequestAuth } from "effect-clerk/http-api"
import { layerClock, liveClock, makeClock, partsOf } from "#test/clock.js"
import { variables, withConfigProvider } from "#test/config.js"
import { Tag } from "#test/context.js"
import { apiHandler, get, HttpApi, HttpApiGroup, layerApi, layerGroup } from "#test/httpApi.js"
import { HttpRouter, HttpServerResponse, layerServices } from "#test/httpServer.js"

/** What the peer tells a Worker before it starts. */
export interface WorkerConfig {
  /** Where the peer listens. The first segment of a path says which program asks. */
  readonly peer: string
  readonly secretKey: string
  readonly publicKeyPem: string
  readonly publishableKey: string
  readonly origin: string
}

/** Responds to a request. `/advance?seconds=…` advances the clock of the key cache. */
type Worker = (request: Request) => Promise<Response>

type Program = (request: Request, token: string) => Promise<Response>

/** The time of this machine, with a monotonic clock that can be advanced. The wall clock stays, because tokens depend on it. */
const movableClock = () => {
  const parts = partsOf(liveClock)
  let ahead = 0n
  return {
    advance: (duration: Duration.Duration) => {
      ahead += BigInt(Duration.toMillis(duration)) * 1_000_000n
    },
    layer: layerClock(makeClock({ ...parts, nanos: () => parts.nanos() + ahead }))
  }
}

class Verifier extends Tag("test/Verifier")<Verifier, SessionTokens.Verifier<SessionClaims>>() {}

class Account extends HttpApiGroup.make("account")
  .add(get("read", "/me", Schema.String))
  .middleware(ClerkAuth) {}
class Api extends HttpApi.make("api").add(Account) {}

const user = Effect.map(CurrentSession, ({ userId }) => userId)

export const makeWorker = async ({
  origin,
  peer,
  publicKeyPem,
  publishableKey,
  secretKey
}: WorkerConfig): Promise<Worker> => {
  const clock = movableClock()
  const client = (name: string) =>
    ClerkHttp.layerFetch({ apiUrl: `${peer}/${name}`, secretKey: Redacted.make(secretKey) })
  const jwks = (name: string) => Layer.provide(SigningKeys.layerJwks, client(name))

  const respond = <A, E extends { readonly _tag: string }>(outcome: Effect.Effect<A, E>) =>
    Effect.match(outcome, {
      onSuccess: () => new Response("ok"),
      onFailure: (error) => Response.json(error, { status: error._tag === "ClerkTokenError" ? 401 : 503 })
    })

  const verifying = (keys: Layer.Layer<SigningKeys, unknown>): Program => {
    const runtime = ManagedRuntime.make(Layer.mergeAll(keys, clock.layer))
    return (_, token) =>
      runtime.runPromise(
        Effect.flatMap(SigningKeys, (keys) =>
          respond(Effect.provideService(SessionTokens.verify(token), SigningKeys, keys))
        )
      )
  }

  const cached = (): Program => {
    const verifier = Layer.effect(Verifier, SessionTokens.verifier({ cache: { capacity: 100 } }))
    const runtime = ManagedRuntime.make(Layer.merge(Layer.provide(verifier, jwks("cached")), clock.layer))
    return (_, token) => runtime.runPromise(Effect.flatMap(Verifier, (verify) => respond(verify(token))))
  }

  const bare = (): Program => {
    const provider = variables({ CLERK_SECRET_KEY: secretKey, CLERK_API_URL: `${peer}/bare` })
    const get: Effect.Effect<Session, Sessions.GetError> = Sessions.get("sess_1")
    return () => Effect.runPromise(respond(withConfigProvider(provider)(get)))
  }

  const options = { authorizedParties: [origin], publishableKey }
  const api = (): Program => {
    const { handler } = apiHandler(
      layerApi(Api).pipe(
        Layer.provide(layerGroup(Api, "account", (handlers) => handlers.handle("read", () => user))),
        Layer.provide(ClerkAuth.layer(options)),
        Layer.provide(jwks("api"))
      )
    )
    return (request) => handler(new Request("https://api.example.com/me", request))
  }
  const router = (): Program => {
    const { handler } = HttpRouter.toWebHandler(
      HttpRouter.add(
        "GET",
        "/me",
        Effect.map(user, (id) => HttpServerResponse.text(id))
      ).pipe(
        Layer.provide(ClerkRouter.signedIn(options).layer),
        Layer.provide(jwks("router")),
        Layer.provide(layerServices)
      ),
      { disableLogger: true }
    )
    return (request) => handler(new Request("https://api.example.com/me", request))
  }

  const pages = async (): Promise<Program> => {
    const runtime = ManagedRuntime.make(Layer.provideMerge(SigningKeys.layerJwks, client("pages")))
    const authenticate = await runtime.runPromise(RequestAuth.make({ ...options, origin }))
    return (request) =>
      runtime.runPromise(
        Effect.match(authenticate(request), {
          onSuccess: (outcome) =>
            Option.getOrElse(RequestAuth.toResponse(outcome), () => {
              const status = outcome._tag === "SignedIn" ? 200 : 401
              return RequestAuth.addHeaders(new Response(outcome._tag, { status }), outcome)
            }),
          onFailure: (error) => Response.json(error, { status: 503 })
        })
      )
  }

  const programs: Readonly<Record<string, Program>> = {
    jwks: verifying(jwks("jwks")),
    public: verifying(SigningKeys.layerPublic({ issuer: `${peer}/public` })),
    pem: verifying(SigningKeys.layerPem(publicKeyPem)),
    cached: cached(),
    bare: bare(),
    api: api(),
    router: router(),
    pages: await pages()
  }

  return async (request) => {
    const url = new URL(request.url)
    const name = url.pathname.slice(1)
    if (name === "advance") {
      clock.advance(Duration.seconds(Number(url.searchParams.get("seconds"))))
      return new Response("ok")
    }
    const token = request.headers.get("authorization")?.replace("Bearer ", "") ?? ""
    return programs[name]?.(request, token) ?? new Response("no such program", { status: 404 })
  }
}
