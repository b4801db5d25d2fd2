/**
 * A secret key that you can replace without a restart.
 *
 * @since 0.1.0
 */

import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { clientOptionsFlaw } from "../core/call/clientSettings.js"
import { RuleBreak } from "../core/input.js"
import type { WireFailure } from "../core/model.js"
import { liveRedactor } from "../core/redaction/live.js"
import { makeRedactor } from "../core/redaction/redact.js"
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

const unread = Effect.fail<WireFailure>(transportFailure({ reason: "secret-key", sent: "no" }))

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
      onFailure: () => unread,
      onSuccess: ({ execute }) => {
        latest = String(text)
        sender = senderOf(execute)
        keys = [latest, ...keys.filter((key) => key !== latest)].slice(0, maxKeys)
        redactor = makeRedactor(keys)
        return Effect.succeed(sender)
      }
    })
  }
  // The failure is dropped, because it may hold a secret.
  const read = Effect.matchEffect(key, { onFailure: () => unread, onSuccess: senderFor })
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
          send === undefined ? unread : send(request, Math.max(1, millis - (performance.now() - started)))
        )
      }),
    withKey: (use) => use(latest)
  })
}

/**
 * Makes the value of the option `secretKey` of an effect that reads the key, for example from a secret store.
 *
 * The effect runs when the layer is built, and before each request: cache it with `Effect.cachedWithTTL`. Its time counts
 * towards the `timeout` of the attempt. If it fails or returns an invalid key, nothing is sent. The call then fails with
 * `ClerkTransportError` of the reason `secret-key`.
 *
 * @example
 * ```ts
 * import { Effect, Redacted } from "effect"
 * import { ClerkHttp, SecretKey } from "effect-clerk"
 *
 * const readKey = Effect.sync(() => Redacted.make(process.env["CLERK_SECRET_KEY"] ?? ""))
 * const secretKey = SecretKey.fromEffect(Effect.runSync(Effect.cachedWithTTL(readKey, "1 minute")))
 *
 * export const Clerk = ClerkHttp.layerFetch({ secretKey })
 * ```
 *
 * @since 0.1.0
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
    const first = Effect.mapError(key, () =>
      configError(new RuleBreak("secretKey", "cannot be read: the effect failed"))
    )
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
