import * as ClusterWorkflowEngine from "@effect/cluster/ClusterWorkflowEngine"
import * as SingleRunner from "@effect/cluster/SingleRunner"
import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as Layer from "effect/Layer"
import type { WorkflowEngine } from "#major/workflowEngine.js"

/** The engine of the only runner of a journal, which is in a file of SQLite. Absent where Effect has no package for it. */
export const sqliteEngine: ((file: string) => Layer.Layer<WorkflowEngine, unknown>) | undefined = (file) =>
  ClusterWorkflowEngine.layer.pipe(
    Layer.provide(SingleRunner.layer()),
    Layer.provide(LibsqlClient.layer({ url: `file:${file}`, intMode: "bigint" }))
  )
