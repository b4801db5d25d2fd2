import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

/** The values of a metric for one set of tags, each written `key=value`. */
export interface MetricValues {
  readonly name: string
  readonly tags: ReadonlyArray<string>
  /** Of a counter and of a histogram. */
  readonly count: number | undefined
  /** Of a histogram. */
  readonly sum: number | undefined
}

/** All metrics of the process. */
export const snapshot: Effect.Effect<ReadonlyArray<MetricValues>> = Effect.map(Metric.snapshot, (metrics) =>
  metrics.map((metric) => ({
    name: metric.id,
    tags: Object.entries(metric.attributes ?? {}).map(([key, value]) => `${key}=${value}`),
    count: metric.type === "Counter" || metric.type === "Histogram" ? Number(metric.state.count) : undefined,
    sum: metric.type === "Histogram" ? metric.state.sum : undefined
  }))
)
