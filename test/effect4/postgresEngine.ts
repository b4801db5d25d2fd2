import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import * as RunnerAddress from "effect/cluster/RunnerAddress"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { WorkflowEngine } from "#major/workflowEngine.js"

/** The engine of one runner of a fleet. It listens on a port of this machine, and its journal is in PostgreSQL. */
export const postgresEngine = (url: string, port: number): Layer.Layer<WorkflowEngine, unknown> => {
  const address = Option.some(RunnerAddress.make("127.0.0.1", port))
  return ClusterWorkflowEngine.layer.pipe(
    Layer.provide(
      NodeClusterSocket.layer({ shardingConfig: { runnerAddress: address, runnerListenAddress: address } })
    ),
    Layer.provide(PgClient.layer({ url: Redacted.make(url) }))
  )
}
