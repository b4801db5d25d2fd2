import * as Effect from "effect/Effect"
import { backend, type NodeCrypto } from "../../src/core/token/signature.js"

// The sources declare the parts that they use, with fewer types.
export const nodeCrypto = process.getBuiltinModule("node:crypto") as object as NodeCrypto

/** Runs a program with other functions of `node:crypto`, or with none, after any self-test. */
const withNode = <A, E, R>(
  node: NodeCrypto | undefined,
  program: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const before = { ...backend }
      Object.assign(backend, { isChosen: true, node })
      return before
    }),
    () => program,
    (before) => Effect.sync(() => Object.assign(backend, before))
  )

export const withWebCrypto = <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  withNode(undefined, program)

export const withNodeCrypto = <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  withNode(nodeCrypto, program)
