import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { assert, it } from "@effect/vitest"
import { ConfigProvider, Context, Effect, Layer } from "effect"
import { ClerkHttp, Sessions } from "effect-clerk"

class First extends Context.Tag("First")<First, typeof ClerkHttp.Service>() {}
class Second extends Context.Tag("Second")<Second, typeof ClerkHttp.Service>() {}

const keyed = (secretKey: string) =>
  Layer.setConfigProvider(ConfigProvider.fromMap(new Map([["CLERK_SECRET_KEY", secretKey]])))

it.effect("builds a client for each environment, even when two are built into one program", () => {
  const seen: Array<string | null> = []
  const fetch: typeof globalThis.fetch = async (_, init) => {
    seen.push(new Headers(init?.headers).get("authorization"))
    return new Response("{}", { status: 404, headers: { "content-type": "application/json" } })
  }
  const Both = Layer.merge(
    Layer.effect(First, ClerkHttp).pipe(
      Layer.provide(ClerkHttp.layerDefault),
      Layer.provide(keyed("sk_test_first"))
    ),
    Layer.effect(Second, ClerkHttp).pipe(
      Layer.provide(ClerkHttp.layerDefault),
      Layer.provide(keyed("sk_test_second"))
    )
  ).pipe(Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch)))
  return Effect.gen(function* () {
    yield* Effect.ignore(Sessions.get("sess_1").pipe(Effect.provideServiceEffect(ClerkHttp, First)))
    yield* Effect.ignore(Sessions.get("sess_1").pipe(Effect.provideServiceEffect(ClerkHttp, Second)))
    assert.deepStrictEqual(seen, ["Bearer sk_test_first", "Bearer sk_test_second"])
  }).pipe(Effect.provide(Both))
})
