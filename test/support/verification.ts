import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ClerkTokenError, SessionTokens, SigningKeys } from "effect-clerk"
import * as TestClock from "#test/TestClock.js"
import { untyped } from "./requests.js"
import { now, ourKeys } from "./tokens.js"

/** Keys that must not be fetched. */
export const untouchedKeys: Layer.Layer<SigningKeys> = Layer.succeed(SigningKeys, {
  find: () => Effect.die(new Error("a key was fetched"))
})

type SessionOptions = SessionTokens.VerifyOptions<unknown> & { readonly category?: "session" }

/** Setting the clock lets all fibers run first, which takes some milliseconds, so it is done only when needed. */
const setTime = (millis: number) =>
  Effect.flatMap(Clock.currentTimeMillis, (current) =>
    current === millis ? Effect.void : TestClock.setTime(millis)
  )

/** Verifies as untyped callers may, at a time. */
export const verifyAt = (token: unknown, options?: unknown, at: number = now) =>
  Effect.andThen(setTime(at * 1000), SessionTokens.verify(untyped(token), untyped<SessionOptions>(options)))

/** The reason for which a token is rejected. */
export const refusalOf = (
  token: unknown,
  options?: unknown,
  { at = now, keys = ourKeys }: { readonly at?: number; readonly keys?: Layer.Layer<SigningKeys> } = {}
): Effect.Effect<ClerkTokenError> =>
  Effect.flatMap(Effect.flip(Effect.provide(verifyAt(token, options, at), keys)), (error) =>
    error._tag === "ClerkTokenError" ? Effect.succeed(error) : Effect.die(error)
  ).pipe(Effect.orDie)

export const reasonOf = (...given: Parameters<typeof refusalOf>) =>
  Effect.map(refusalOf(...given), ({ reason }) => reason)

/** The claims of an accepted token. */
export const claimsOf = (token: unknown, options?: unknown, at: number = now) =>
  Effect.provide(verifyAt(token, options, at), ourKeys)
