import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { withoutContext } from "#major/context.js"
import { construct, redacted } from "#major/schemas.js"
import { RuleBreak } from "../core/input.js"
import { unavailable } from "../core/keys/cache.js"
import { importKeySet, type KeySet } from "../core/keys/keySet.js"
import { readFrontendApi } from "../core/keys/publishableKey.js"
import type { ClerkResponse, KeysFailure, KeysUnavailableReason } from "../core/model.js"
import { ClerkDecodeError } from "../errors/CallErrors.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import { callWith } from "./call.js"
import { type ClerkHttpService, clientOf, makeExecute, withSecretsOf } from "./client.js"
import type { CallError } from "./declaration.js"
import { configError } from "./errors.js"
import { fetchDeadline, keysIn, makeKeyCache, type SigningKeysService } from "./keyCache.js"
import { compile } from "./operation.js"
import type { Settings } from "./policy.js"
import type { Send } from "./send.js"

/** Twice the length of a set of 50 large keys. */
const maxSetLength = 64 * 1024

/** Redacted, so that no tracer shows a set that contains a private key by mistake. */
const Jwks = Schema.Struct({ keys: redacted(Schema.Array(Schema.Unknown)) })

/** At the Backend API, which requires the secret key. */
const backendPath = "/jwks"

/** At the Frontend API, which is public. */
const frontendPath = "/.well-known/jwks.json"

/** Shorter limits than for other calls, because requests wait for these keys. */
const policy: Settings = { maxAttempts: 3, timeout: "5 seconds", deadline: fetchDeadline }

/** Rejects a key set that is too long. For an error page that is too long, the status is enough. */
const withinLimit = (response: ClerkResponse): Effect.Effect<ClerkResponse, ClerkDecodeError> => {
  if (response.body.length <= maxSetLength) return Effect.succeed(response)
  return response.status < 300
    ? Effect.fail(construct(ClerkDecodeError, { reason: "oversize" }))
    : Effect.succeed({ ...response, body: "" })
}

/** The client for key sets. It is an object of its own, so it has a retry budget of its own. */
const clientFor = (http: ClerkHttpService): ClerkHttpService => ({
  ...http,
  policy,
  execute: withSecretsOf(http.execute, (request) => Effect.flatMap(http.execute(request), withinLimit))
})

const reasonOf = ({ _tag }: CallError): KeysUnavailableReason => {
  switch (_tag) {
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
    default:
      return "invalid"
  }
}

const fetchFrom = (
  path: typeof backendPath | typeof frontendPath,
  http: ClerkHttpService,
  reasonOf: (error: CallError) => KeysUnavailableReason
): Effect.Effect<KeySet, KeysFailure> => {
  const operation = compile({ name: "SigningKeys.jwks", method: "GET", path, kind: "read", success: Jwks })
  return callWith(clientFor(http), operation, {}).pipe(
    // The policy and the span of the caller that waits first do not apply.
    withoutContext,
    Effect.mapError((error) => unavailable(reasonOf(error), error._tag)),
    Effect.flatMap(({ keys }) => Effect.promise(() => importKeySet(Redacted.value(keys)))),
    Effect.flatMap((set) => (typeof set === "string" ? Effect.fail(unavailable(set)) : Effect.succeed(set)))
  )
}

/**
 * The keys of the instance a client belongs to. They are kept per client, not per key id or URL, so that the keys of
 * one instance can never verify a token for another.
 */
export const keysOfClient = (
  http: ClerkHttpService,
  isIsolated?: boolean
): Effect.Effect<SigningKeysService, never, Scope.Scope> =>
  Effect.suspend(() => {
    const client = clientOf(http)
    client.keys ??= makeKeyCache(fetchFrom(backendPath, http, reasonOf), isIsolated)
    return keysIn(client.keys)
  })

/** No secret key is sent for public keys, so none can be rejected. */
const publicReasonOf = (error: CallError): KeysUnavailableReason => {
  const reason = reasonOf(error)
  return reason === "rejected" ? "invalid" : reason
}

/**
 * The keys that an instance publishes at its Frontend API, in a cache of their own. The requests carry nothing that
 * identifies the caller. Their host is not that of the Backend API, so it must not get the secret key.
 */
export const publicKeys = <R>(
  options: unknown,
  send: Effect.Effect<Send, never, R>
): Effect.Effect<SigningKeysService, ClerkConfigError, R | Scope.Scope> => {
  const api = readFrontendApi(options)
  if (api instanceof RuleBreak) return Effect.fail(configError(api))
  const { address, origin, url } = api
  return Effect.flatMap(send, (send) => {
    const execute = makeExecute(send, { baseUrl: url, origin, maxResponseBytes: maxSetLength })
    return keysIn(makeKeyCache(fetchFrom(frontendPath, { execute, address }, publicReasonOf)))
  })
}
