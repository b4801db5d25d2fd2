import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { type ClerkConfigError, ClerkHttp, type ClerkHttpOptions } from "effect-clerk"
import * as Undici from "effect-clerk/Undici"
import { layerNodeHttp, layerUndici } from "#test/node.js"

type Options = Partial<Pick<ClerkHttpOptions, "secretKey">> & Omit<ClerkHttpOptions, "secretKey">

export interface Transport {
  readonly transport: "fetch" | "effect-clerk/Undici" | "node:http" | "undici"
  /** Whether it requests compressed responses and decompresses them. */
  readonly decompresses: boolean
  /** A client with one attempt and no time limit by default. */
  readonly layer: (options: Options) => Layer.Layer<ClerkHttp, ClerkConfigError>
}

const withDefaults = (options: Options): ClerkHttpOptions => ({
  secretKey: Redacted.make("sk_test_transport"),
  policy: { maxAttempts: 1 },
  ...options
})

/** The transports of a client on Node. */
export const transports: ReadonlyArray<Transport> = [
  {
    transport: "fetch",
    decompresses: true,
    layer: (options) => ClerkHttp.layerFetch(withDefaults(options))
  },
  {
    transport: "effect-clerk/Undici",
    decompresses: true,
    layer: (options) => Layer.provide(ClerkHttp.layer(withDefaults(options)), Undici.layer())
  },
  {
    transport: "node:http",
    decompresses: false,
    layer: (options) => Layer.provide(ClerkHttp.layer(withDefaults(options)), layerNodeHttp)
  },
  {
    transport: "undici",
    decompresses: false,
    layer: (options) => Layer.provide(ClerkHttp.layer(withDefaults(options)), layerUndici)
  }
]
