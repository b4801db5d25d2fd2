import * as Context from "effect/Context"

/** The key of a service. */
export type Key<I, S> = Context.Tag<I, S>

/** The class of a service: `class Repo extends Tag("Repo")<Repo, Shape>() {}`. */
export const Tag: typeof Context.Tag = Context.Tag

/** Whether the value is the key of a service. */
export const isKey: (value: unknown) => value is { readonly key: string } = Context.isTag

/** The keys of the settings of Effect itself in a context. Effect 3 keeps its settings apart. */
export const settingKeys: ReadonlyArray<string> = []
