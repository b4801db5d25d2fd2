import type * as Layer from "effect/Layer"
import type { WorkflowEngine } from "#major/workflowEngine.js"

/** The engine of the only runner of a journal, which is in a file of SQLite. Absent where Effect has no package for it. */
export const sqliteEngine: ((file: string) => Layer.Layer<WorkflowEngine, unknown>) | undefined = undefined
