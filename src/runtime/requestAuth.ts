import * as Effect from "effect/Effect"
import type { Decision, Fetched, RefreshCall, Step, Verified } from "../core/server/requestAuth.js"
import type { Payload } from "../core/token/claims.js"
import type { ClerkKeysUnavailable, ClerkTokenError } from "../errors/TokenErrors.js"
import { rejected, type ValidToken } from "./verify.js"

/** What the steps of a decision need. */
export interface Effects<Session, R> {
  readonly verify: (
    tokens: ReadonlyArray<string>
  ) => Effect.Effect<ValidToken<Session>, ClerkTokenError | ClerkKeysUnavailable>
  readonly checkSignature: (token: string) => Effect.Effect<Payload | undefined, ClerkKeysUnavailable>
  readonly refresh: (call: RefreshCall) => Effect.Effect<Fetched, never, R>
  readonly exchangeNonce: (nonce: string) => Effect.Effect<Fetched, never, R>
}

const verified = <Session>(
  result: Effect.Effect<ValidToken<Session>, ClerkTokenError | ClerkKeysUnavailable>
): Effect.Effect<Verified<Session>, ClerkKeysUnavailable> =>
  Effect.matchEffect(result, {
    onFailure: (error): Effect.Effect<Verified<Session>, ClerkKeysUnavailable> =>
      error._tag === "ClerkTokenError"
        ? Effect.as(Effect.logDebug(error.message), {
            _tag: "Invalid",
            reason: error.reason,
            isUntimely: error.checkedAt !== undefined
          })
        : Effect.fail(error),
    onSuccess: ({ claims, token }) => Effect.succeed({ _tag: "Valid", session: claims, token })
  })

/** Does what each step needs until the decision. */
export const run = <Session, R>(
  step: Step<Session>,
  effects: Effects<Session, R>
): Effect.Effect<Decision<Session>, ClerkKeysUnavailable, R> => {
  const goOn =
    <A>(next: (result: A) => Step<Session>) =>
    (result: A) =>
      run(next(result), effects)
  switch (step._tag) {
    case "Done":
      return step.flaw === undefined
        ? Effect.succeed(step.decision)
        : Effect.catchTag(rejected(step.flaw), "ClerkTokenError", ({ message }) =>
            Effect.as(Effect.logDebug(message), step.decision)
          )
    case "Verify":
      return Effect.flatMap(verified(effects.verify(step.tokens)), goOn(step.next))
    case "CheckSignature":
      return Effect.flatMap(effects.checkSignature(step.token), goOn(step.next))
    case "Refresh":
      return Effect.flatMap(effects.refresh(step.call), goOn(step.next))
    case "ExchangeNonce":
      return Effect.flatMap(effects.exchangeNonce(step.nonce), goOn(step.next))
  }
}
