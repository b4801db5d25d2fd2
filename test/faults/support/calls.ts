import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { type ClerkHttp, type Operation, Sessions } from "effect-clerk"
import { withRandom } from "#test/random.js"
import { onlyErrorOf } from "../../support/exits.js"
import type { AnyError } from "../../support/operations.js"
import { type Transport, transports } from "../../support/transports.js"

/** The transports of this library itself. */
export const ours: ReadonlyArray<Transport> = transports.filter(
  ({ transport }) => transport === "fetch" || transport === "effect-clerk/Undici"
)

export interface Call {
  readonly name: string
  readonly kind: Operation.Kind
  readonly run: Effect.Effect<unknown, AnyError, ClerkHttp>
}

export const get: Call = { name: "get", kind: "read", run: Sessions.get("sess_1") }
export const create: Call = { name: "create", kind: "once", run: Sessions.create({ userId: "user_1" }) }

/** One operation, or two, of each kind. */
export const calls: ReadonlyArray<Call> = [
  get,
  { name: "revoke", kind: "idempotent", run: Sessions.revoke("sess_1") },
  { name: "createToken", kind: "idempotent", run: Sessions.createToken("sess_1") },
  create
]

/** Without the waits between attempts. */
export const atOnce = withRandom(0)

/** The outcome of a call: its value, its typed error, or (as a text that no test expects) a defect. */
export const outcome = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A | E | string, never, R> =>
  Effect.map(Effect.exit(self), (exit): A | E | string =>
    Exit.isSuccess(exit) ? exit.value : (onlyErrorOf(exit) ?? `no typed failure: ${exit.cause}`)
  )

/** A field of any outcome of a call. */
export const fieldOf = (result: unknown, field: string): unknown =>
  typeof result === "object" && result !== null ? Reflect.get(result, field) : undefined

/** The error's tag, or "a value". */
export const tagOf = (result: unknown): string => {
  const tag = typeof result === "string" ? result : fieldOf(result, "_tag")
  return tag === undefined ? "a value" : String(tag)
}
