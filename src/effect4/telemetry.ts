import * as Metric from "effect/Metric"
import * as Tracer from "effect/Tracer"
import type { RunningFiber } from "./fiber.js"

type NumberMetric = Metric.Metric<number, unknown>

export const counter = (name: string, description: string): NumberMetric =>
  Metric.counter(name, { description, incremental: true })

export const histogram = (
  name: string,
  description: string,
  boundaries: ReadonlyArray<number>
): NumberMetric => Metric.histogram(name, { description, boundaries })

/** Adds a value to a metric, from a fiber. */
export type Record = (value: number, fiber: RunningFiber) => void

/** Makes the function that records under these labels. */
export const withLabels = (metric: NumberMetric, labels: { readonly [key: string]: string }): Record => {
  const labelled = Metric.withAttributes(metric, labels)
  return (value, fiber) => labelled.updateUnsafe(value, fiber.context)
}

/** Whether a span would be visible: there is one already, or a tracer that is not Effect's own. */
export const isTraced = ({ cache: { span, tracer, tracerEnabled } }: RunningFiber): boolean =>
  tracerEnabled && (span !== undefined || (tracer !== undefined && tracer !== Tracer.nativeTracer))

/** The options of a span without a stack trace. On Effect 4 a span of `Effect.useSpan` never has one. */
export const withoutStackTrace = {} as const
