import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { importKeySet, type KeySet } from "../core/keys/keySet.js"
import type { ClerkResponse } from "../core/model.js"
import { ClerkDecodeError } from "../errors/CallErrors.js"
import { ClerkKeysUnavailable } from "../errors/TokenErrors.js"
import { ClerkHttp, type ClerkHttpService } from "../services/ClerkHttp.js"
import type * as Operation from "../services/Operation.js"
import type * as RequestPolicy from "../services/RequestPolicy.js"
import { withSecretsOf } from "./client.js"
import { declared } from "./operation.js"

/** Twice the length of a set of 50 large keys. */
export const maxSetLength = 64 * 1024

/** Hidden, so that a set which holds what it should not is not shown to a tracer. */
const Jwks = Schema.Struct({ keys: Schema.Redacted(Schema.Array(Schema.Unknown)) })

const declaration = { name: "SigningKeys.jwks", method: "GET", kind: "read", success: Jwks } as const

/** Of the Backend API, for holders of a secret key. */
const getJwks = declared({ ...declaration, path: "/jwks" })

/** Of the Frontend API, for everybody. */
const getPublicJwks = declared({ ...declaration, path: "/.well-known/jwks.json" })

/** How long a fetch of the keys may take with all its attempts. */
export const deadline = "8 seconds"

/** Shorter than for other calls, because requests wait for these keys. */
const policy: RequestPolicy.Settings = { maxAttempts: 3, timeout: "5 seconds", deadline }

/** A set that is too long is refused; a page that is too long says no more than its status does. */
const withinLimit = (response: ClerkResponse): Effect.Effect<ClerkResponse, ClerkDecodeError> => {
  if (response.body.length <= maxSetLength) return Effect.succeed(response)
  return response.status < 300
    ? Effect.fail(new ClerkDecodeError({ reason: "oversize" }, true))
    : Effect.succeed({ ...response, body: "" })
}

/** The client for key sets. Being an object of its own it has a retry budget of its own. */
const clientFor = (http: ClerkHttpService): ClerkHttpService => ({
  ...http,
  policy,
  execute: withSecretsOf(http.execute, (request) => Effect.flatMap(http.execute(request), withinLimit))
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

const fetchWith = (
  operation: typeof getJwks,
  http: ClerkHttpService,
  reasonOf: (failure: Operation.ErrorOf) => ClerkKeysUnavailable["reason"]
): Effect.Effect<KeySet, ClerkKeysUnavailable> => {
  // Nothing else is in its context: the policy and the span of whoever happens to wait first are not everybody's.
  const context = Context.make(ClerkHttp, clientFor(http))
  return operation({}).pipe(
    Effect.mapInputContext((_: Context.Context<never>) => context),
    Effect.mapError((failure) => unavailable(reasonOf(failure), failure._tag)),
    Effect.flatMap(({ keys }) =>
      Effect.mapError(importKeySet(Redacted.value(keys)), (flaw) => unavailable(flaw))
    )
  )
}

/** Fetches the keys of the instance that the client has a secret key of, once for each run. */
export const fetchKeySet = (http: ClerkHttpService) => fetchWith(getJwks, http, reasonOf)

/** Fetches the keys that an instance publishes. No secret key is sent, so none can be rejected. */
export const fetchPublicKeySet = (http: ClerkHttpService) =>
  fetchWith(getPublicJwks, http, (failure) => {
    const reason = reasonOf(failure)
    return reason === "rejected" ? "invalid" : reason
  })
