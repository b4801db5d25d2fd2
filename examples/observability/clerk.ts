/** The in-memory Clerk, the real client in front of it, and its keys. */
import { Layer, Redacted } from "effect"
import { ClerkHttp, SigningKeys } from "effect-clerk"
import { ClerkEmulator } from "effect-clerk/testing"

export const secretKey = Redacted.make("sk_test_observability")

export const WorldLive = SigningKeys.layerJwks.pipe(
  Layer.provideMerge(ClerkHttp.layer({ secretKey })),
  Layer.provide(ClerkEmulator.layerHttpClient),
  Layer.provideMerge(ClerkEmulator.layer({ secretKey }))
)
