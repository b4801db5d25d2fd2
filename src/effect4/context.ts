import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** The class of a service, such as `ClerkHttp`. */
export type ServiceClass<Self, Id extends string, Shape> = Context.ServiceClass<Self, Id, Shape>

/** Makes the class of a service: `class ClerkHttp extends Service<ClerkHttp, ClerkHttpService>()(key) {}`. */
export const Service =
  <Self, Shape>() =>
  <const Id extends string>(id: Id): ServiceClass<Self, Id, Shape> =>
    Context.Service<Self, Shape>()(id)

/** The service with a key, for a module that must not import its class. */
export const serviceBy = <Self, Shape>(key: string): Context.Service<Self, Shape> =>
  Context.Service<Self, Shape>(key)

/** A value in the context that has a default. */
export type Reference<A> = Context.Reference<A>

export const reference = <A>(key: string, defaultValue: () => A): Reference<A> =>
  Context.Reference<A>(key, { defaultValue })

/** Changes what an effect finds in its context. */
export const updateContext: <A, E, R, R2>(
  self: Effect.Effect<A, E, R>,
  update: (context: Context.Context<R2>) => Context.Context<R>
) => Effect.Effect<A, E, R2> = Effect.updateContext

/** The settings of Effect itself, which are in the context of a fiber. Effect 3 keeps them apart. */
const settings = [
  "effect/Clock",
  "effect/ConfigProvider",
  "effect/Console",
  "effect/ErrorReporter/CurrentErrorReporters",
  "effect/ExecutionPlan/CurrentMetadata",
  "effect/Logger/CurrentLoggers",
  "effect/Logger/LogToStderr",
  "effect/ManagedRuntime/DisposingRuntimes",
  "effect/Metric/CurrentMetricAttributes",
  "effect/Metric/FiberRuntimeMetrics",
  "effect/Metric/MetricRegistry",
  "effect/Random",
  "effect/References/CurrentLogAnnotations",
  "effect/References/CurrentLogLevel",
  "effect/References/CurrentLogSpans",
  "effect/References/CurrentStackFrame",
  "effect/References/MinimumLogLevel",
  "effect/References/TracerEnabled",
  "effect/References/TracerSpanAnnotations",
  "effect/References/TracerSpanLinks",
  "effect/References/TracerTimingEnabled",
  "effect/References/UnhandledLogLevel",
  "effect/Schedule/CurrentMetadata",
  "effect/Scheduler",
  "effect/Scheduler/MaxOpsBeforeYield",
  "effect/Scheduler/PreventSchedulerYield",
  "effect/Tracer",
  "effect/Tracer/CurrentTraceLevel",
  "effect/Tracer/DisablePropagation",
  "effect/Tracer/MinimumTraceLevel"
]

/**
 * What is in the context of a program without services: those settings, and what a scope, a span or a layer adds. An exact
 * list, because a prefix would include services of users, such as `effect/HttpClient`.
 */
export const keysOfEffect: ReadonlySet<string> = new Set([
  ...settings,
  "effect/Layer/CurrentMemoMap",
  "effect/Scope",
  "effect/Tracer/ParentSpan"
])

/** Runs an effect without what its caller has provided: services, settings in the context, and the span around it. */
export const withoutContext = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.updateContext(self, ({ mapUnsafe }: Context.Context<never>) =>
    Context.makeUnsafe<never>(
      new Map(settings.flatMap((key) => (mapUnsafe.has(key) ? [[key, mapUnsafe.get(key)] as const] : [])))
    )
  )
