import * as Effect from "effect/Effect"
import { expect, it } from "#test/vitest.js"
import { claims, sessionToken } from "./tokens.js"
import { claimsOf, reasonOf } from "./verification.js"

export type Changes = { readonly [name: string]: unknown }

/** The title of a test, the changes to the claims of a valid session token, and the options. */
export type TokenCase = readonly [name: string, changes: Changes, options?: Changes]

/** A test for each case: the token is rejected for this reason. */
export const refuses = (reason: string, cases: ReadonlyArray<TokenCase>) => {
  for (const [name, changes, options] of cases) {
    it.effect(name, () =>
      Effect.gen(function* () {
        expect(yield* reasonOf(sessionToken(changes), options)).toBe(reason)
      })
    )
  }
}

/** A test for each case: the token is accepted. */
export const accepts = (cases: ReadonlyArray<TokenCase>) => {
  for (const [name, changes, options] of cases) {
    it.effect(name, () =>
      Effect.gen(function* () {
        expect((yield* claimsOf(sessionToken(changes), options)).userId).toBe(claims().sub)
      })
    )
  }
}
