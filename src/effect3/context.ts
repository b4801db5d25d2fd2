import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"

/** The class of a service, such as `ClerkHttp`. */
export type ServiceClass<Self, Id extends string, Shape> = Context.TagClass<Self, Id, Shape>

/** Makes the class of a service: `class ClerkHttp extends Service<ClerkHttp, ClerkHttpService>()(key) {}`. */
export const Service =
  <Self, Shape>() =>
  <const Id extends string>(id: Id): ServiceClass<Self, Id, Shape> =>
    Context.Tag(id)<Self, Shape>()

/** The service with a key, for a module that must not import its class. */
export const serviceBy = <Self, Shape>(key: string): Context.Tag<Self, Shape> => Context.GenericTag(key)

interface Setting<A> {
  readonly value: A
}

/** A value in the context that has a default. */
export type Reference<A> = Context.Reference<Setting<A>, A>

export const reference = <A>(key: string, defaultValue: () => A): Reference<A> =>
  Context.Reference<Setting<A>>()(key, { defaultValue })

/** Changes what an effect finds in its context. */
export const updateContext: <A, E, R, R2>(
  self: Effect.Effect<A, E, R>,
  update: (context: Context.Context<R2>) => Context.Context<R>
) => Effect.Effect<A, E, R2> = Effect.mapInputContext

/** Runs an effect without what its caller has provided: services, settings in the context, and the span around it. */
export const withoutContext = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.mapInputContext(self, (_: Context.Context<never>) => Context.empty())

/** What a scope or a span adds to the context of a program without services. Effect 3 keeps its own settings apart. */
export const keysOfEffect: ReadonlySet<string> = new Set([Scope.Scope.key, Tracer.ParentSpan.key])
