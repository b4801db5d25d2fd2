import * as Effect from "effect/Effect"
import { major } from "../../../scripts/support/major.js"
import { parent } from "./parent.js"
import { startWorker } from "./processes.js"
import { redis } from "./servers.js"

/** Requests to the worker of `processes.test.ts`, and its responses. */
export type Request =
  | { readonly _tag: "echo"; readonly text: string }
  | { readonly _tag: "exit"; readonly code: number }
  | { readonly _tag: "throw" }
  | { readonly _tag: "startOthers" }

export type Response =
  | { readonly _tag: "ready"; readonly args: ReadonlyArray<string>; readonly major: string }
  | { readonly _tag: "echo"; readonly text: string }
  | { readonly _tag: "others"; readonly port: number; readonly folder: string; readonly pid: number }

const { onMessage, send } = parent<Request, Response>()

const startOthers = Effect.gen(function* () {
  const { folder, port } = yield* redis()
  const { pid } = yield* startWorker(new URL("./sample.worker.ts", import.meta.url))
  send({ _tag: "others", port, folder, pid })
  return yield* Effect.never
})

onMessage((request) => {
  switch (request._tag) {
    case "echo":
      return send(request)
    case "exit":
      return process.exit(request.code)
    case "throw":
      throw new Error("the worker failed")
    case "startOthers":
      return void Effect.runFork(Effect.scoped(startOthers))
  }
})

send({ _tag: "ready", args: process.argv.slice(2), major })
