import { type API, it as methods, scoped, scopedLive, type Vitest } from "@effect/vitest"
import type { Scope } from "effect/Scope"
import type { TestServices } from "effect/TestServices"

export * from "@effect/vitest"

/** The tests of an effect have a scope, as on Effect 4. */
export const it: API &
  Pick<Vitest.Methods, "layer"> & {
    readonly effect: Vitest.Tester<Scope | TestServices>
    readonly live: Vitest.Tester<Scope>
  } = Object.assign(methods, { effect: scoped, live: scopedLive })
