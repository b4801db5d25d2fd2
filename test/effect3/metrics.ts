import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricState from "effect/MetricState"

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
export const snapshot: Effect.Effect<ReadonlyArray<MetricValues>> = Effect.map(Metric.snapshot, (pairs) =>
  pairs.map(({ metricKey, metricState }) => ({
    name: metricKey.name,
    tags: metricKey.tags.map(({ key, value }) => `${key}=${value}`),
    count:
      MetricState.isCounterState(metricState) || MetricState.isHistogramState(metricState)
        ? Number(metricState.count)
        : undefined,
    sum: MetricState.isHistogramState(metricState) ? metricState.sum : undefined
  }))
)
