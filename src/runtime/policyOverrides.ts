import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { PolicyLimits } from "../core/call/policy.js"
import type { RuleBreak } from "../core/input.js"

/** What the combinators around a call have said, each over what those further out had said. */
export interface PolicyOverrides extends Partial<PolicyLimits> {
  /** When a deadline over several calls runs out, on the monotonic clock. */
  readonly endsAtNanos?: bigint | undefined
  /** A setting that breaks a rule: it is told by the first call it concerns. */
  readonly broken?: RuleBreak | undefined
}

const none: PolicyOverrides = {}

class Overrides extends Context.Reference<Overrides>()("effect-clerk/services/RequestPolicy", {
  defaultValue: () => none
}) {}

/** The overrides in a fiber's context; a call without any pays one look-up. */
export const overridesIn = (services: ReadonlyMap<string, unknown>): PolicyOverrides | undefined =>
  services.get(Overrides.key) as PolicyOverrides | undefined // nothing else is stored under its key

/** Runs an effect with more said about the calls inside. */
export const override =
  (say: (outer: PolicyOverrides) => PolicyOverrides) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.mapInputContext(self, (context: Context.Context<R>) =>
      Context.add(context, Overrides, say(overridesIn(context.unsafeMap) ?? none))
    )
