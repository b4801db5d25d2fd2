/** The exported data as text. */
import { SpanKind, SpanStatusCode } from "@opentelemetry/api"
import { DataPointType, type MetricData, type ResourceMetrics } from "@opentelemetry/sdk-metrics"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"

const started = ({ startTime: [seconds, nanos] }: ReadableSpan) => seconds * 1e9 + nanos

const described = (attributes: Readonly<Record<string, unknown>>) =>
  Object.entries(attributes)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join("  ")

const linesOf = (span: ReadableSpan, depth: number): ReadonlyArray<string> => {
  const margin = "  ".repeat(depth)
  const kind = SpanKind[span.kind].toLowerCase().padEnd(8)
  const outcome = span.status.code === SpanStatusCode.ERROR ? `failed: ${span.status.message}` : "ok"
  const attributes = described(span.attributes)
  return [
    `${`${margin}${span.name}`.padEnd(26)} ${kind} ${outcome}`,
    ...(attributes === "" ? [] : [`${margin}  | ${attributes}`])
  ]
}

/** Each trace as a tree, in the order in which spans began. */
export const spanLines = (spans: ReadonlyArray<ReadableSpan>): ReadonlyArray<string> => {
  const inOrder = [...spans].sort((a, b) => started(a) - started(b))
  const under = (parent: string | undefined, depth: number): ReadonlyArray<string> =>
    inOrder
      .filter((span) => span.parentSpanContext?.spanId === parent)
      .flatMap((span) => [...linesOf(span, depth), ...under(span.spanContext().spanId, depth + 1)])
  return under(undefined, 0)
}

const pointLines = (metric: MetricData): ReadonlyArray<string> =>
  metric.dataPointType === DataPointType.HISTOGRAM
    ? metric.dataPoints.map(
        ({ attributes, value }) =>
          `${described(attributes)}  count=${value.count}  sum=${(value.sum ?? 0).toFixed(3)}s`
      )
    : metric.dataPoints.map(({ attributes, value }) => `${described(attributes)}  ${value}`)

/** Each metric of this library with its points. */
export const metricLines = (exported: ReadonlyArray<ResourceMetrics>): ReadonlyArray<string> =>
  (exported.at(-1)?.scopeMetrics ?? [])
    .flatMap(({ metrics }) => metrics)
    .filter(({ descriptor }) => descriptor.name.startsWith("clerk_"))
    .sort((a, b) => a.descriptor.name.localeCompare(b.descriptor.name))
    .flatMap((metric) => [
      metric.descriptor.name,
      ...[...pointLines(metric)].sort().map((point) => `  ${point}`)
    ])
