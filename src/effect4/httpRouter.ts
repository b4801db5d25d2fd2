import type * as Context from "effect/Context"

export * from "effect/http/HttpRouter"

/** The key of a service: its class. */
export type ServiceKey<Self, Shape> = Context.Key<Self, Shape>
