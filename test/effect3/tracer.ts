import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
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
    context: (run) => run(),
    span: (name, parent, context, links, startTime, kind) => ({
      _tag: "Span",
      name,
      parent,
      context,
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
export const nativeTracer: Tracer.Tracer = Context.get(DefaultServices.liveServices, Tracer.Tracer)

/** The name of the span that a tracer starts. */
export const nameOfSpan = ([name]: Parameters<Tracer.Tracer["span"]>): string => name
