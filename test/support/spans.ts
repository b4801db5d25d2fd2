import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import { tracerOf } from "#test/tracer.js"

export interface RecordedSpan {
  readonly name: string
  readonly kind: Tracer.SpanKind
  readonly parent: string | undefined
  readonly attributes: ReadonlyMap<string, unknown>
  readonly events: ReadonlyArray<unknown>
  readonly startedNanos: bigint
  readonly ended: ReadonlyArray<{ readonly atNanos: bigint; readonly exit: Exit.Exit<unknown, unknown> }>
}

/** A custom tracer that keeps its spans. */
export const recordingTracer = () => {
  const spans: Array<RecordedSpan> = []
  const tracer = tracerOf(({ kind, name, parent, startTime }) => {
    const attributes = new Map<string, unknown>()
    const events: Array<unknown> = []
    const ended: Array<RecordedSpan["ended"][number]> = []
    const parentName = Option.match(parent, {
      onNone: () => undefined,
      onSome: (span) => (span._tag === "Span" ? span.name : span.spanId)
    })
    spans.push({ name, kind, parent: parentName, attributes, events, startedNanos: startTime, ended })
    return {
      spanId: `span-${spans.length}`,
      attributes,
      attribute: (key, value) => void attributes.set(key, value),
      event: (...event) => void events.push(event),
      end: (atNanos, exit) => void ended.push({ atNanos, exit })
    }
  })
  return { spans, tracer }
}

/** Runs an effect under such a tracer and returns its spans. */
export const spansOf = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const { spans, tracer } = recordingTracer()
    return Effect.as(Effect.exit(Effect.withTracer(self, tracer)), spans)
  })
