import type { ConfigProvider } from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ClerkHttp, type ClerkHttpService } from "../services/ClerkHttp.js"

/** The clients built from the environment so far; one that could not be built is tried again next time. */
const clients = new WeakMap<ConfigProvider, ClerkHttpService>()

const fromEnvironment: Effect.Effect<ClerkHttpService> = Effect.configProviderWith((provider) => {
  const existing = clients.get(provider)
  if (existing !== undefined) return Effect.succeed(existing)
  return Layer.build(ClerkHttp.layerDefault).pipe(
    Effect.scoped, // it holds no resources: `fetch` is the platform's
    // Both types of an `Op` have to fail alike, so a bare call without a key is a defect.
    Effect.orDie,
    Effect.map((context) => {
      const built = clients.get(provider) ?? Context.get(context, ClerkHttp)
      clients.set(provider, built)
      return built
    })
  )
})

const notProvided = Effect.dieSync(
  () =>
    new Error(
      "ClerkHttp is not provided. The context has other services, so the client of the environment (CLERK_SECRET_KEY) is not used. Provide a layer: ClerkHttp.layerDefault, layerFetch, layerConfig or layer."
    )
)

/** The client in the context. It can be any object of a user's, so nothing is asked of it here. */
export const providedClerkHttp = (services: ReadonlyMap<string, unknown>): ClerkHttpService | undefined =>
  services.get(ClerkHttp.key) as ClerkHttpService | undefined // only its service is stored under its key

/**
 * The client of a call whose context has none. Only an empty context, that of an operation that is run bare, takes the
 * client of the environment. A program that has services but no `ClerkHttp` has lost it on the way:
 * `Layer.succeed(Repo, { find: Sessions.get })` drops the requirement, and must not use the environment's key unnoticed.
 */
export const missingClerkHttp = (services: ReadonlyMap<string, unknown>): Effect.Effect<ClerkHttpService> =>
  services.size === 0 ? fromEnvironment : notProvided
