import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ClerkDecodeError } from "../errors/CallErrors.js"
import { ClerkKeysUnavailable } from "../errors/TokenErrors.js"
import { ClerkHttp, type ClerkHttpService } from "../services/ClerkHttp.js"
import * as Operation from "../services/Operation.js"
import type * as RequestPolicy from "../services/RequestPolicy.js"
import { importKeySet, type KeySet } from "./keySet.js"

/** A set of 50 large keys is half of this. */
const maxCharacters = 64 * 1024

const getJwks = Operation.make({
  name: "SigningKeys.jwks",
  method: "GET",
  path: "/jwks",
  kind: "read",
  success: Schema.Struct({ keys: Schema.Array(Schema.Unknown) })
})

/** Requests wait for these keys, so less patience than for other calls. */
const policy: RequestPolicy.Settings = { attempts: 3, timeout: "5 seconds", deadline: "8 seconds" }

/** The client for key sets: it refuses long answers, and being an object of its own it has a retry budget of its own. */
const clientFor = (http: ClerkHttpService): ClerkHttpService => ({
  ...http,
  policy,
  execute: (request) =>
    Effect.filterOrFail(
      http.execute(request),
      ({ body }) => body.length <= maxCharacters,
      () => new ClerkDecodeError({ reason: "oversize" }, true)
    )
})

export const unavailable = (reason: ClerkKeysUnavailable["reason"], failure?: string): ClerkKeysUnavailable =>
  new ClerkKeysUnavailable(
    { reason, ...(failure === undefined ? {} : { failure }), retryable: reason !== "rejected" },
    true
  )

const reasonOf = (failure: Operation.ErrorOf): ClerkKeysUnavailable["reason"] => {
  switch (failure._tag) {
    case "ClerkTransportError":
    case "ClerkTimeout":
      return "unreachable"
    case "ClerkBadRequest":
    case "ClerkUnauthorized":
    case "ClerkForbidden":
    case "ClerkInvalidRequest":
      return "rejected"
    case "ClerkRateLimited":
    case "ClerkServerError":
      return "failing"
    case "ClerkUnexpectedStatus":
    case "ClerkDecodeError":
      return "invalid"
  }
}

/** Asks Clerk for the keys of an instance, once for each run. */
export const fetchKeySet = (http: ClerkHttpService): Effect.Effect<KeySet, ClerkKeysUnavailable> => {
  // Nothing else is in its context: the policy and the span of whoever happens to wait first are not everybody's.
  const context = Context.make(ClerkHttp, clientFor(http))
  return getJwks({}).pipe(
    Effect.mapInputContext((_: Context.Context<never>) => context),
    Effect.mapError((failure) => unavailable(reasonOf(failure), failure._tag)),
    Effect.flatMap(({ keys }) => Effect.mapError(importKeySet(keys), (flaw) => unavailable(flaw)))
  )
}
