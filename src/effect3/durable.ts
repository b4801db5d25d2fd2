import * as Workflow from "@effect/workflow/Workflow"
import { type WorkflowEngine, WorkflowInstance } from "@effect/workflow/WorkflowEngine"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { Scope } from "effect/Scope"
import type { DataCodec } from "./schemas.js"

/** A workflow, as functions of its payload. */
export interface Durable<P, A, E> {
  /** Registers the program that the workflow runs. */
  readonly toLayer: <R>(
    run: (payload: P) => Effect.Effect<A, E, R>
  ) => Layer.Layer<
    never,
    never,
    WorkflowEngine | Exclude<R, WorkflowEngine | WorkflowInstance | Workflow.Execution<string> | Scope>
  >
  /** Starts the run of this payload, unless its key has one. The run does not belong to the run that starts it. */
  readonly start: (payload: P) => Effect.Effect<void, never, WorkflowEngine>
  /** The result of a run. `undefined` if the run has none yet, or if there is no such run. */
  readonly result: (payload: P) => Effect.Effect<Exit.Exit<A, E> | undefined, never, WorkflowEngine>
}

export interface DurableOptions<P, A, E> {
  readonly name: string
  readonly payload: { readonly [K in keyof P]: DataCodec<P[K]> }
  /** Two payloads with the same key are one run. */
  readonly key: (payload: P) => string
  readonly success: DataCodec<A>
  readonly error: DataCodec<E>
}

/** Makes a workflow. */
export const durable = <P extends object, A, E>({
  error,
  key,
  name,
  payload,
  success
}: DurableOptions<P, A, E>): Durable<P, A, E> => {
  // Sound because the fields are those of `P`, and a value of each is its own encoded form's type.
  const schema = Schema.Struct(payload) as unknown as Schema.Struct<Record<string, DataCodec<unknown>>>
  const typed = (value: unknown) => value as P
  const workflow = Workflow.make({
    name,
    payload: schema,
    idempotencyKey: (value) => key(typed(value)),
    success,
    error
  })
  const fields = (value: P) => value as unknown as Record<string, unknown>
  return {
    toLayer: (run) => workflow.toLayer((value) => run(typed(value))),
    start: (value) =>
      Effect.mapInputContext(
        Effect.asVoid(workflow.execute(fields(value), { discard: true })),
        (context: Context.Context<WorkflowEngine>) =>
          Context.omit(WorkflowInstance)(
            context as Context.Context<WorkflowEngine | WorkflowInstance>
          ) as Context.Context<WorkflowEngine>
      ),
    result: (value) =>
      Effect.flatMap(workflow.executionId(fields(value)), (id) =>
        Effect.map(workflow.poll(id), (result) => (result?._tag === "Complete" ? result.exit : undefined))
      )
  }
}
