import type * as Context from "effect/Context"

export * from "@effect/platform/HttpLayerRouter"

/** The key of a service: its class. */
export type ServiceKey<Self, Shape> = Context.Tag<Self, Shape>
