/**
 * Authenticates requests for a framework without Effect, as one function that returns a promise. The examples beside this
 * file use it: Hono, Express, Next.js and plain handlers.
 */
import { Layer, ManagedRuntime } from "effect"
import { ClerkHttp, SigningKeys } from "effect-clerk"
import { RequestAuth } from "effect-clerk/http-api"

export type Authenticate = (request: RequestAuth.RequestInput) => Promise<RequestAuth.Outcome>

const fromEnvironment = Layer.merge(ClerkHttp.layerDefault, SigningKeys.layerConfig)

/** Call it once in the program: it deduplicates concurrent refreshes of one browser. */
export const makeAuthenticate = async (
  options: RequestAuth.Options,
  clerk: Layer.Layer<ClerkHttp | SigningKeys, unknown> = fromEnvironment
): Promise<Authenticate> => {
  const runtime = ManagedRuntime.make(clerk)
  const authenticate = await runtime.runPromise(RequestAuth.make(options))
  return (request) => runtime.runPromise(authenticate(request))
}
