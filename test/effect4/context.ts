import * as modules from "effect"
import * as Context from "effect/Context"

/** The key of a service. */
export type Key<I, S> = Context.Key<I, S>

/** The class of a service: `class Repo extends Tag("Repo")<Repo, Shape>() {}`. */
export const Tag =
  <const Id extends string>(id: Id) =>
  <Self, Shape>(): Context.ServiceClass<Self, Id, Shape> =>
    Context.Service<Self, Shape>()(id)

/** Whether the value is the key of a service. */
export const isKey: (value: unknown) => value is { readonly key: string } = Context.isKey

/** The keys of the settings of Effect itself in a context. */
export const settingKeys: ReadonlyArray<string> = Object.values(modules)
  .flatMap((module) => Object.values(module))
  .flatMap((value) => (Context.isKey(value) && Context.isReference(value) ? [value.key] : []))
