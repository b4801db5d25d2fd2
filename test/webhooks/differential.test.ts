/**
 * Compares the verification with two others: `standardwebhooks`, and `verifyWebhook` of `@clerk/backend`. Both read the
 * time from `Date`.
 */
import { verifyWebhook } from "@clerk/backend/webhooks"
import { Effect } from "effect"
import { Webhooks } from "effect-clerk/webhooks"
import * as FastCheck from "fast-check"
import { Webhook } from "standardwebhooks"
import * as TestClock from "#test/TestClock.js"
import { afterAll, beforeAll, describe, expect, it, vi } from "#test/vitest.js"
import { checked } from "../support/properties.js"
import { eventOf, now, otherSecret, secret, secretOf, session, signature } from "../support/webhooks.js"

beforeAll(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: now * 1000 + 700 })
})
afterAll(() => {
  vi.useRealTimers()
})

const setTime = TestClock.setTime(now * 1000 + 700)

interface Message {
  readonly id: string
  readonly timestamp: string
  readonly signature: string
  readonly body: string
}

const third = secretOf(3, 64)

const headersIn = ({ id, signature, timestamp }: Message, prefix: string) => ({
  [`${prefix}-id`]: id,
  [`${prefix}-timestamp`]: timestamp,
  [`${prefix}-signature`]: signature
})

/** Whether `standardwebhooks` accepts a message with one of the secrets. */
const isAcceptedWith = (secrets: ReadonlyArray<string>, message: Message): boolean =>
  secrets.some((each) => {
    try {
      new Webhook(each).verify(message.body, headersIn(message, "webhook"), { jsonParse: false })
      return true
    } catch {
      return false
    }
  })

/** Why this verification rejects a message. The signature of one with an invalid body is valid. */
const outcome = (message: Message, previous: ReadonlyArray<string>, prefix = "webhook") =>
  Webhooks.verify({ headers: headersIn(message, prefix), body: message.body }, { secret, previous }).pipe(
    Effect.match({
      onFailure: (error) => (error._tag === "ClerkWebhookError" ? error.reason : error._tag),
      onSuccess: () => "accepted"
    }),
    Effect.map((result) => (result === "body" || result === "schema" ? "accepted" : result))
  )

const ids = FastCheck.oneof(
  FastCheck.constant("msg_2b3c4d5e6f7g8h9i"),
  FastCheck.string({ minLength: 1, maxLength: 20 })
).filter((id) => id.trim() === id && id !== "")

const offsets = FastCheck.oneof(
  FastCheck.constantFrom(0, 299, 300, 301, -299, -300, -301),
  FastCheck.integer({ min: -100_000, max: 100_000 })
)

const bodies = FastCheck.oneof(
  FastCheck.constant(eventOf("session.revoked", session)),
  FastCheck.string({ unit: "binary" }),
  FastCheck.json()
)

const valid: FastCheck.Arbitrary<Message> = FastCheck.record({
  id: ids,
  offset: offsets,
  body: bodies,
  secrets: FastCheck.array(FastCheck.constantFrom(secret, otherSecret, third), {
    minLength: 1,
    maxLength: 4
  }),
  noise: FastCheck.constantFrom("", "v1a,AAAA ", "v2,x ", "x ", "v1, ")
}).map(({ body, id, noise, offset, secrets }) => {
  const timestamp = String(now + offset)
  const signatures = secrets.map((each) => signature({ id, timestamp, body, secret: each }))
  return { id, timestamp, body, signature: noise + signatures.join(" ") }
})

interface Change {
  readonly part: keyof Message
  readonly at: number
  readonly how: "replace" | "remove" | "insert" | "truncate"
  readonly character: string
}

/** Changes one part of a message. */
const change: FastCheck.Arbitrary<Change> = FastCheck.record({
  part: FastCheck.constantFrom<keyof Message>("id", "timestamp", "signature", "body"),
  at: FastCheck.nat(),
  how: FastCheck.constantFrom<Change["how"]>("replace", "remove", "insert", "truncate"),
  character: FastCheck.oneof(
    FastCheck.constantFrom("0", "1", "A", "=", ",", " "),
    FastCheck.string({ minLength: 1, maxLength: 1 })
  )
})

const changed = ({ at, character, how, part }: Change, message: Message): Message => {
  const text = message[part]
  const place = text.length === 0 ? 0 : at % text.length
  const head = text.slice(0, place)
  const rest = {
    replace: character + text.slice(place + 1),
    remove: text.slice(place + 1),
    insert: character + text.slice(place),
    truncate: ""
  }[how]
  return { ...message, [part]: head + rest }
}

/** What this verification may reject although the others accept it: they read any id, and a number before other text. */
const isStricter = ({ id, signature, timestamp }: Message): boolean =>
  !/^[\x21-\x2d\x2f-\x7e]{1,256}$/.test(id) ||
  !/^[1-9]\d{0,11}$/.test(timestamp) ||
  signature.includes(", ") ||
  // They compare the text up to a second comma.
  /v1,[^ ]*,/.test(signature)

const compared = { accepted: 0, rejected: 0, stricter: 0 }

const compare = (message: Message, previous: ReadonlyArray<string>) =>
  Effect.map(outcome(message, previous), (ours) => {
    const theirs = isAcceptedWith([secret, ...previous], message)
    if (isStricter(message)) {
      compared.stricter++
      expect([ours === "accepted" && !theirs, message]).toEqual([false, message])
      return
    }
    compared[theirs ? "accepted" : "rejected"]++
    expect([ours === "accepted", message]).toEqual([theirs, message])
  })

const previousLists = FastCheck.subarray([otherSecret, third])

describe("compared with standardwebhooks, the verification", () => {
  it.effect(
    "accepts the same of 600 messages with several signatures, times and secrets",
    () =>
      Effect.andThen(
        setTime,
        checked([valid, previousLists], ([message, previous]) => compare(message, previous), 600)
      ),
    60_000
  )

  it.effect(
    "accepts the same of 1,500 messages that were changed",
    () =>
      Effect.andThen(
        setTime,
        checked(
          [valid, FastCheck.array(change, { minLength: 1, maxLength: 2 }), previousLists],
          ([message, changes, previous]) =>
            compare(
              changes.reduce((each, by) => changed(by, each), message),
              previous
            ),
          1500
        )
      ),
    60_000
  )

  it("has met accepted and rejected messages", () => {
    expect(compared.accepted).toBeGreaterThan(100)
    expect(compared.rejected).toBeGreaterThan(500)
    expect(compared.stricter).toBeGreaterThan(50)
  })
})

describe("compared with verifyWebhook of @clerk/backend, the verification", () => {
  const event = FastCheck.record({
    type: FastCheck.constantFrom("user.created", "session.created", "session.ended", "organization.updated"),
    data: FastCheck.oneof(FastCheck.constant(session), FastCheck.jsonValue())
  })

  it.effect(
    "returns the same types and data, and rejects the same messages",
    () =>
      Effect.andThen(
        setTime,
        checked(
          [event, FastCheck.constantFrom(secret, otherSecret), offsets, FastCheck.option(change)],
          ([{ data, type }, by, offset, mutation]) =>
            Effect.gen(function* () {
              const timestamp = String(now + offset)
              const body = eventOf(type, data)
              const sent = {
                id: "msg_1",
                timestamp,
                body,
                signature: signature({ timestamp, body, secret: by })
              }
              const message = mutation === null ? sent : changed(mutation, sent)
              // The web's `Headers` hold no other text, and drop white space at both ends.
              const headers = headersIn(message, "svix")
              if (Object.values(headers).some((value) => /[^\x20-\x7e]|^\s|\s$/.test(value))) return
              const request = new Request("https://app.example.com", {
                method: "POST",
                headers,
                body: message.body
              })
              const theirs = yield* Effect.promise(() =>
                verifyWebhook(request, { signingSecret: secret }).catch(() => undefined)
              )
              if (theirs !== undefined && isStricter(message)) return
              if (theirs === undefined || (theirs.type.startsWith("session.") && data !== session)) {
                const ours = yield* outcome(message, [], "svix")
                if (theirs === undefined) expect([ours, message]).not.toEqual(["accepted", message])
                return
              }
              const ours = yield* Webhooks.verify({ headers, body: message.body }, { secret })
              expect(ours.type).toBe(theirs.type)
              if (ours._tag === "SessionEvent") {
                expect(ours.data).toMatchObject({ id: "sess_1", userId: "user_1", status: "revoked" })
              } else expect(ours.data).toEqual(theirs.data)
            }),
          500
        )
      ),
    60_000
  )
})
