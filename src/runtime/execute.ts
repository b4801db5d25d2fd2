import * as Effect from "effect/Effect"
import type { ClientSettings } from "../core/call/clientSettings.js"
import { makeRedactor } from "../core/redaction/redact.js"
import { type Api, wireRequest, withoutSecrets } from "../core/wire/request.js"
import type { ClerkHttpService } from "../services/ClerkHttp.js"
import { wireError } from "./errors.js"
import type { Send } from "./send.js"
import { type ExecuteWithin, keepsTime, withoutEnd } from "./time.js"

const secretsOfClients = new WeakMap<ClerkHttpService["execute"], ReadonlyArray<string>>()

const none: ReadonlyArray<string> = []

/** The texts that nothing about a call may show, for a client of ours. */
export const secretsOf = (execute: ClerkHttpService["execute"]): ReadonlyArray<string> =>
  secretsOfClients.get(execute) ?? none

/** Makes known that a wrapped `execute` has the secrets of the one inside. */
export const withSecretsOf = (
  inner: ClerkHttpService["execute"],
  execute: ClerkHttpService["execute"]
): ClerkHttpService["execute"] => {
  secretsOfClients.set(execute, secretsOf(inner))
  return execute
}

/** One request to the Backend API, one response, by any means of sending. */
export const makeExecute = (send: Send, settings: ClientSettings<unknown>): ClerkHttpService["execute"] => {
  const { apiUrl, maxResponseBytes, origin } = settings
  return executeAt(send, { baseUrl: `${apiUrl}/v1`, origin, maxResponseBytes, caller: settings })
}

/** One request to an API, one response. */
export const executeAt = (send: Send, api: Api): ClerkHttpService["execute"] => {
  const secrets = api.caller === undefined ? none : [api.caller.secretKey]
  const redactor = makeRedactor(secrets)
  const within: ExecuteWithin = (request, millis) => {
    const outgoing = wireRequest(request, api)
    if ("_tag" in outgoing) return Effect.fail(wireError(outgoing))
    return Effect.mapBoth(send(outgoing, api.maxResponseBytes, millis), {
      onSuccess: (response) => withoutSecrets(response, redactor),
      onFailure: (failure) => (failure._tag === "TimedOut" ? failure : wireError(failure))
    })
  }
  const execute = keepsTime((request) => withoutEnd(within(request, Number.POSITIVE_INFINITY)), within)
  secretsOfClients.set(execute, secrets)
  return execute
}
