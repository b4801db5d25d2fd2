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

/**
 * The client a call goes through: the one in the context. Only where the context is empty, that is, in an
 * operation that is run bare, is it the one of the environment. A program that has services but no `ClerkHttp` has
 * lost it on the way (`Layer.succeed(Repo, { find: Sessions.get })` drops the requirement), and must not reach for
 * the environment's key behind its author's back.
 */
export const clerkHttpIn = (
  services: ReadonlyMap<string, unknown>
): ClerkHttpService | Effect.Effect<ClerkHttpService> => {
  // Under ClerkHttp's key there is nothing but its service.
  const provided = services.get(ClerkHttp.key) as ClerkHttpService | undefined
  if (provided !== undefined) return provided
  return services.size === 0 ? fromEnvironment : notProvided
}
