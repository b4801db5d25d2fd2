import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import * as MessageStorage from "effect/cluster/MessageStorage"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as RunnerStorage from "effect/cluster/RunnerStorage"
import * as Runners from "effect/cluster/Runners"
import * as Sharding from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as Layer from "effect/Layer"
import type { WorkflowEngine } from "#major/workflowEngine.js"

type Storage = MessageStorage.MessageStorage | ShardingConfig.ShardingConfig

/** The journal of a cluster, in memory. It outlives the runners. */
export const Journal: Layer.Layer<Storage> = MessageStorage.layerMemory.pipe(
  Layer.provideMerge(
    ShardingConfig.layer({
      shardsPerGroup: 5,
      entityTerminationTimeout: 100,
      entityMessagePollInterval: 50,
      entityReplyPollInterval: 50,
      refreshAssignmentsInterval: 100,
      sendRetryInterval: 50
    })
  )
)

/** The engine of one runner. */
export const Engine: Layer.Layer<WorkflowEngine, never, Storage> = ClusterWorkflowEngine.layer.pipe(
  Layer.provide(Sharding.layer.pipe(Layer.provide(Runners.layerNoop))),
  Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop])
)
