import type { DeclaredStatus } from "../core/model.js"
import type { Declaration, ErrorOf, Input, Op, QueryEncoded } from "../services/Operation.js"
import { call } from "./call.js"
import { type CompiledOperation, compile } from "./operation.js"

/**
 * Makes an operation from a declaration that needs no check at run time, as the compiler and the tests have seen it. The
 * check would be a tenth of the size of a program that makes one call.
 */
export const declared = <
  const Path extends `/${string}`,
  A,
  AI,
  const Status extends DeclaredStatus = never,
  Query = never,
  QueryI extends QueryEncoded = never,
  Body = never,
  BodyI = never
>(
  declaration: Declaration<Path, A, AI, Status, Query, QueryI, Body, BodyI>
): ((input: Input<Path, Query, Body>) => Op<A, ErrorOf<Status>>) => {
  // Compiled when it is first called, so that importing many operations costs nothing.
  let operation: CompiledOperation<A> | undefined
  return (input) => {
    operation ??= compile(declaration)
    return call(operation, input)
  }
}
