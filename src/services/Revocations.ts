/**
 * Rejects session tokens before they expire.
 *
 * A session token is valid for about 60 seconds, even if its session is revoked in that time. This service holds the
 * ids of revoked sessions for that time, and a verifier with `revocations: true` rejects their tokens at once.
 *
 * @example
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { SessionTokens, SigningKeys } from "effect-clerk"
 * import { Revocations } from "effect-clerk/revocations"
 *
 * export const program = Effect.gen(function* () {
 *   const verify = yield* SessionTokens.verifier({
 *     authorizedParties: ["https://app.example.com"],
 *     revocations: true
 *   })
 *   const revocations = yield* Revocations
 *   yield* revocations.revoke("sess_2g7np7Hrk0SN6kj5EDMLDaKNL0S")
 *   return yield* verify("eyJ…")
 * }).pipe(Effect.provide(Layer.merge(Revocations.layerMemory(), SigningKeys.layerConfig)))
 * ```
 *
 * @since 4.0.0
 */

import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Service } from "#major/context.js"
import { clockOf, withFiber } from "#major/fiber.js"
import type { DurationInput } from "#major/time.js"
import { RuleBreak } from "../core/input.js"
import { Denials } from "../core/revocations/denials.js"
import { readMemoryOptions } from "../core/revocations/settings.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { configError } from "../runtime/errors.js"
import { toMillis } from "../runtime/policy.js"
import { makeRevocations, type RevocationsService, revocationsKey } from "../runtime/revocations.js"

export type { ChangeError, RevocableClaims, RevocationsService } from "../runtime/revocations.js"

/**
 * The lifetimes of the entries.
 *
 * @since 4.0.0
 * @category models
 */
export interface LifetimeOptions {
  /**
   * The longest lifetime of the session tokens that your servers accept, 1 second to 1 day. A number counts
   * milliseconds. Default 60 seconds, the lifetime of Clerk's session tokens.
   *
   * Entries live 5 minutes longer, to allow for clock skew. Raise it if you issue tokens with a longer `expiresIn`: a
   * token that outlives its entry is accepted again.
   */
  readonly tokenLifetime?: DurationInput | undefined
  /**
   * How long a user is held if nobody calls `release`, 1 second to 1 day. A number counts milliseconds. Default 10
   * minutes.
   *
   * The limit releases the users of a job that died. Set it longer than a job takes for the users that it holds at
   * once.
   */
  readonly holdLimit?: DurationInput | undefined
}

/**
 * Knows the revoked sessions and the held users. Provide `layerMemory` for one process, or `RevocationsRedis.layer` for
 * several.
 *
 * @since 4.0.0
 * @category services
 */
export class Revocations extends Service<Revocations, RevocationsService>()(revocationsKey) {
  /**
   * Keeps the revocations in the memory of this process. Each build of the layer has its own entries, so build it once
   * and share it. Fails with `ClerkConfigError` if an option is invalid.
   */
  static layerMemory(options: LifetimeOptions = {}): Layer.Layer<Revocations, ClerkConfigError> {
    return Layer.effect(
      Revocations,
      Effect.suspend(() => {
        const lifetimes = readMemoryOptions(options, toMillis)
        return lifetimes instanceof RuleBreak
          ? Effect.fail(configError(lifetimes))
          : withFiber((fiber) =>
              Effect.succeed(makeRevocations(new Denials(lifetimes), clockOf(fiber), () => stored, inMemory))
            )
      })
    )
  }
}

const stored = Effect.succeed(Effect.void)

const inMemory = { isUnavailable: () => false, lag: Effect.succeed(Duration.zero) }
