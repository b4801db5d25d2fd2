/**
 * The engine of one process: workflows in a SQLite file. For Effect 3, because Effect 4 has no package for SQLite yet.
 */
import * as ClusterWorkflowEngine from "@effect/cluster/ClusterWorkflowEngine"
import * as SingleRunner from "@effect/cluster/SingleRunner"
import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import { Layer } from "effect"

/** A cluster has ids of 64 bits, which a JavaScript number cannot hold. */
const database = (file: string) => LibsqlClient.layer({ url: `file:${file}`, intMode: "bigint" })

export const engineIn = (file: string) =>
  ClusterWorkflowEngine.layer.pipe(Layer.provide(SingleRunner.layer()), Layer.provide(database(file)))
