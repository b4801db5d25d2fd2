/**
 * Effect's traces and metrics, sent to OpenTelemetry. Here its exporters keep the data in memory. In a service they
 * send it to a collector, without another change.
 */
import { layer } from "@effect/opentelemetry/NodeSdk"
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
  type ResourceMetrics
} from "@opentelemetry/sdk-metrics"
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { Effect } from "effect"

export interface Observations {
  readonly spans: ReadonlyArray<ReadableSpan>
  readonly metrics: ReadonlyArray<ResourceMetrics>
}

/** Runs a program under OpenTelemetry, and returns its result with the data exported during the run. */
export const observe = <A, E, R>(program: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const spans = new InMemorySpanExporter()
    const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter: metrics })
    const telemetry = layer(() => ({
      resource: { serviceName: "account-service" },
      spanProcessor: new SimpleSpanProcessor(spans),
      metricReader: reader
    }))
    return Effect.gen(function* () {
      const result = yield* program
      yield* Effect.promise(() => reader.forceFlush())
      // Read before the layer closes, because the exporter then drops its spans.
      const observations: Observations = {
        spans: spans.getFinishedSpans(),
        metrics: metrics.getMetrics()
      }
      return [result, observations] as const
    }).pipe(Effect.provide(telemetry))
  })
