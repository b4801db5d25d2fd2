import * as Tracer from "effect/Tracer"

/** A span as a tracer makes it. */
export interface SpanStart extends Pick<Tracer.Span, "name" | "parent" | "links" | "kind"> {
  readonly startTime: bigint
}

/** Makes a tracer of a function that makes the members of a span. */
export const tracerOf = (
  make: (start: SpanStart) => Pick<Tracer.Span, "attributes" | "attribute" | "event" | "end" | "spanId">
): Tracer.Tracer =>
  Tracer.make({
    span: ({ annotations, kind, links, name, parent, startTime }) => ({
      _tag: "Span",
      name,
      parent,
      annotations,
      links,
      kind,
      traceId: "trace",
      sampled: true,
      status: { _tag: "Started", startTime },
      addLinks: () => {},
      ...make({ name, parent, links, kind, startTime })
    })
  })

/** Effect's own tracer. */
export const nativeTracer: Tracer.Tracer = Tracer.nativeTracer

/** The name of the span that a tracer starts. */
export const nameOfSpan = ([{ name }]: Parameters<Tracer.Tracer["span"]>): string => name
