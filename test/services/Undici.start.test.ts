import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, Sessions } from "effect-clerk"
import * as Undici from "effect-clerk/Undici"
import { Dispatcher } from "undici"
import { describe, expect, it } from "#test/vitest.js"

/** Loses the response of every request, and does not report when a request starts. */
class Quiet extends Dispatcher {
  requests = 0

  override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.requests++
    // undici's own dispatchers forward requests with the methods of its older versions.
    const { onError }: { onError?: (error: Error) => void } = handler
    const lost = Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" })
    queueMicrotask(() => onError?.call(handler, lost))
    return true
  }

  override destroy(): Promise<void>
  override destroy(callback?: unknown): Promise<void>
  override destroy(): Promise<void> {
    return Promise.resolve()
  }

  override close(): Promise<void>
  override close(callback?: unknown): Promise<void>
  override close(): Promise<void> {
    return Promise.resolve()
  }
}

const layers: ReadonlyArray<readonly [name: string, (quiet: Quiet) => ReturnType<typeof Undici.layer>]> = [
  ["Undici.layer", (quiet) => Undici.layer({ factory: () => quiet })],
  ["Undici.layerProxy", (quiet) => Undici.layerProxy({ factory: () => quiet, noProxy: "*" })]
]

describe("a custom factory", () => {
  it.live.each(layers)("in %s is not trusted to report when a request starts", ([, layer]) =>
    Effect.gen(function* () {
      const quiet = new Quiet()
      const Clerk = ClerkHttp.layer({ secretKey: Redacted.make("sk_test_undici") }).pipe(
        Layer.provide(layer(quiet))
      )
      const error = yield* Sessions.create({ userId: "user_1" }).pipe(Effect.provide(Clerk), Effect.flip)
      expect(error).toMatchObject({
        _tag: "ClerkTransportError",
        reason: "closed",
        sent: "maybe",
        attempts: 1
      })
      expect(quiet.requests).toBe(1)
    })
  )
})
