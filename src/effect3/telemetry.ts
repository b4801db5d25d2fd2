import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as FiberRef from "effect/FiberRef"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricLabel from "effect/MetricLabel"
import * as Tracer from "effect/Tracer"
import type { RunningFiber } from "./fiber.js"

type NumberMetric = Metric.Metric.Counter<number> | Metric.Metric.Histogram<number>

export const counter = (name: string, description: string): NumberMetric =>
  Metric.counter(name, { description, incremental: true })

export const histogram = (
  name: string,
  description: string,
  boundaries: ReadonlyArray<number>
): NumberMetric => Metric.histogram(name, MetricBoundaries.fromIterable(boundaries), description)

/** Adds a value to a metric, from a fiber. */
export type Record = (value: number, fiber: RunningFiber) => void

/** Makes the function that records under these labels. The metrics find their state by the array. */
export const withLabels = (metric: NumberMetric, labels: { readonly [key: string]: string }): Record => {
  const tags = Object.entries(labels).map(([key, value]) => MetricLabel.make(key, value))
  return (value) => metric.unsafeUpdate(value, tags)
}

const nativeTracer = Context.get(DefaultServices.liveServices, Tracer.Tracer)

/** Whether anybody would see a span: there is one already, or a tracer that is not Effect's own. */
export const isTraced = (fiber: RunningFiber): boolean =>
  fiber.getFiberRef(FiberRef.currentTracerEnabled) &&
  (fiber.getFiberRef(FiberRef.currentContext).unsafeMap.has(Tracer.ParentSpan.key) ||
    Context.get(fiber.getFiberRef(DefaultServices.currentServices), Tracer.Tracer) !== nativeTracer)

/** The options of a span that does not look up where it starts. */
export const withoutStackTrace = { captureStackTrace: false } as const
