/**
 * Reads the secret key from an effect, so that you can replace it without a restart.
 *
 * @since 4.0.0
 */

import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { clientOptionsFlaw } from "../core/call/clientSettings.js"
import { RuleBreak } from "../core/input.js"
import type { WireFailure } from "../core/model.js"
import { liveRedactor } from "../core/redaction/live.js"
import { makeRedactor } from "../core/redaction/redact.js"
import { sourceFailure } from "../core/sourceFailure.js"
import { transportFailure } from "../core/wire/faults.js"
import {
  ChangingSecretKey,
  type ClerkHttpService,
  executeOf,
  makeClient,
  type Sender,
  senderOf
} from "../runtime/client.js"
import { configError } from "../runtime/errors.js"
import { timedOut } from "../runtime/send.js"
import { inChildFiber } from "../runtime/time.js"

export type { ChangingSecretKey } from "../runtime/client.js"

/** More than a client has in the time that a response may quote one of them. */
const maxKeys = 32

/** The failure of a request without a key. */
const unread = (reason: "secret-key" | "secret-key-rejected", detail: string | undefined) =>
  Effect.fail<WireFailure>(
    transportFailure(detail === undefined ? { reason, sent: "no" } : { reason, sent: "no", detail })
  )

/** The failure of the effect itself. */
const unreadBy = (error: unknown) => {
  const { isPermanent, name } = sourceFailure(error)
  return unread(isPermanent ? "secret-key-rejected" : "secret-key", name)
}

type Key = Effect.Effect<Redacted.Redacted<string>, unknown>

/** Makes the client of each key. */
type ClientOf = (secretKey: Redacted.Redacted<string>) => ReturnType<typeof makeClient<never>>

/** Returns the text of a key. Without types, it can be any other value. */
const textOf = (key: unknown): unknown => (Redacted.isRedacted(key) ? Redacted.value(key) : undefined)

/** Makes what sends each request with the key that the effect returns for it. Errors show none of the last keys. */
const changingExecute = (
  key: Key,
  clientOf: ClientOf,
  firstKey: string,
  first: ClerkHttpService
): ClerkHttpService["execute"] => {
  let latest = firstKey
  let sender = senderOf(first.execute)
  let keys: ReadonlyArray<string> = [latest]
  let redactor = makeRedactor(keys)
  /** Returns what sends with a key. */
  const senderFor = (secretKey: Redacted.Redacted<string>): Effect.Effect<Sender, WireFailure> => {
    const text = textOf(secretKey)
    if (text === latest) return Effect.succeed(sender)
    return Effect.matchEffect(clientOf(secretKey), {
      // The rule of an option never has its value.
      onFailure: ({ rule, setting }) => unread("secret-key-rejected", `${setting} ${rule}`),
      onSuccess: ({ execute }) => {
        latest = String(text)
        sender = senderOf(execute)
        keys = [latest, ...keys.filter((key) => key !== latest)].slice(0, maxKeys)
        redactor = makeRedactor(keys)
        return Effect.succeed(sender)
      }
    })
  }
  const read = Effect.matchEffect(key, { onFailure: unreadBy, onSuccess: senderFor })
  return executeOf({
    redactor: liveRedactor(() => redactor),
    send: (request, millis) =>
      Effect.suspend(() => {
        const started = performance.now()
        // Nothing is sent before the key is there.
        const ready = Effect.mapError(inChildFiber(read, millis), (failure) =>
          failure._tag === "TimedOut" ? timedOut("no") : failure
        )
        return Effect.flatMap(ready, ({ send }) =>
          send === undefined
            ? unread("secret-key", undefined)
            : send(request, Math.max(1, millis - (performance.now() - started)))
        )
      }),
    withKey: (use) => use(latest)
  })
}

/**
 * Makes a `secretKey` for a client from an effect that reads the key, such as a request to a secret store.
 *
 * The effect runs when the layer is built and before each request, so cache it. `Effect.cachedWithTTL` caches a
 * failure too, so the example empties the cache after one. The time of the effect counts towards the `timeout` of the
 * attempt. If it fails, the client sends nothing, and retries as after a failed connection. The call then fails with
 * `ClerkTransportError` (reason `secret-key`).
 *
 * If the failure has a status from 400 to 499, or the value is not a secret key, the client does not retry. The reason is
 * then `secret-key-rejected`. The statuses 408, 409, 423, 425 and 429 count as transient. The `detail` of the error has
 * the name, code and status of the failure, or the rule that the key breaks.
 *
 * @example
 * ```ts
 * import { Effect, Redacted } from "effect"
 * import { ClerkHttp, SecretKey } from "effect-clerk"
 *
 * const readKey = Effect.sync(() => Redacted.make(process.env["CLERK_SECRET_KEY"] ?? ""))
 * const [cached, forget] = Effect.runSync(Effect.cachedInvalidateWithTTL(readKey, "1 minute"))
 *
 * export const Clerk = ClerkHttp.layerFetch({
 *   secretKey: SecretKey.fromEffect(Effect.onError(cached, () => forget))
 * })
 * ```
 *
 * @since 4.0.0
 * @category constructors
 */
export const fromEffect = (key: Effect.Effect<Redacted.Redacted<string>, unknown>): ChangingSecretKey =>
  new ChangingSecretKey((options, send) => {
    const flaw = clientOptionsFlaw(options)
    if (flaw !== undefined) return Effect.fail(configError(flaw))
    if (!Effect.isEffect(key)) {
      return Effect.fail(
        configError(new RuleBreak("secretKey", "must be read by an effect: pass one to fromEffect"))
      )
    }
    const first = Effect.mapError(key, (error) => {
      const { name } = sourceFailure(error)
      const by = name === undefined ? "" : ` with ${name}`
      return configError(new RuleBreak("secretKey", `cannot be read: the effect failed${by}`))
    })
    return Effect.flatMap(Effect.all([first, send]), ([firstKey, send]) => {
      const clientOf: ClientOf = (secretKey) =>
        makeClient({ ...Object(options), secretKey }, Effect.succeed(send))
      return Effect.map(clientOf(firstKey), (client) => ({
        ...client,
        // `makeClient` accepts no other value than a text.
        execute: changingExecute(key, clientOf, String(textOf(firstKey)), client)
      }))
    })
  })
