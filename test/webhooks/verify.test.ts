import { DateTime, Effect, Redacted } from "effect"
import { ClerkConfigError, ClerkWebhookError } from "effect-clerk"
import { Webhooks } from "effect-clerk/webhooks"
import { variables, withConfigProvider } from "#test/config.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { withPollutedPrototype } from "../support/pollution.js"
import { untyped } from "../support/requests.js"
import {
  eventOf,
  headersOf,
  now,
  otherSecret,
  revoked,
  secret,
  secretOf,
  session,
  signature,
  signed
} from "../support/webhooks.js"

const setTime = (seconds = now) => TestClock.setTime(seconds * 1000)

const reasonOf = (input: unknown, options: Webhooks.Options = { secret }) =>
  Webhooks.verify(untyped<Webhooks.WebhookInput>(input), options).pipe(
    Effect.flip,
    Effect.map((error) => (error._tag === "ClerkWebhookError" ? error.reason : error.message))
  )

describe("Webhooks.verify", () => {
  for (const type of ["session.created", "session.ended", "session.removed", "session.revoked"]) {
    it.effect(`decodes the session of ${type} and leaves its user out`, () =>
      Effect.gen(function* () {
        yield* setTime()
        const event = yield* Webhooks.verify(signed({ body: eventOf(type, session) }), { secret })
        if (event._tag !== "SessionEvent") return yield* Effect.die("it is an event of a session")
        expect(event).toMatchObject({ type, messageId: "msg_1", instanceId: "ins_1" })
        expect(event.data).toMatchObject({
          object: "session",
          id: "sess_1",
          userId: "user_1",
          status: "revoked"
        })
        expect(event.data).not.toHaveProperty("user")
        expect(DateTime.toEpochMillis(event.data.updatedAt)).toBe(now * 1000)
        expect(DateTime.toEpochMillis(event.sentAt)).toBe(now * 1000)
        expect(event.occurredAt?.pipe(DateTime.toEpochMillis)).toBe(now * 1000 - 250)
      })
    )
  }

  it.effect("returns the data of any other event as JSON has it", () =>
    Effect.gen(function* () {
      yield* setTime()
      for (const type of ["user.created", "session.pending", "a.type.of.tomorrow"]) {
        const data = { id: "user_1", nested: [1, null, "x"] }
        const event = yield* Webhooks.verify(signed({ body: eventOf(type, data) }), { secret })
        expect(event.type).toBe(type)
        expect(event.data).toEqual(data)
        expect(event._tag).toBe("OtherEvent")
      }
    })
  )

  it.effect("leaves out a time and an instance that it cannot read", () =>
    Effect.gen(function* () {
      yield* setTime()
      for (const timestamp of [undefined, null, "1790000000000", -1, 0.5, 1e300]) {
        const body = eventOf("user.created", undefined, { timestamp, instance_id: 7 })
        const event = yield* Webhooks.verify(signed({ body }), { secret })
        expect(Object.keys(event).sort()).toEqual(["_tag", "data", "messageId", "sentAt", "type"])
      }
    })
  )

  it.effect("accepts the body as bytes, as a view of a larger buffer, as an ArrayBuffer and as text", () =>
    Effect.gen(function* () {
      yield* setTime()
      const body = eventOf("user.created", { name: "Ådá \u{1f9ff}" })
      const bytes = new TextEncoder().encode(body)
      const larger = new Uint8Array(bytes.length + 20)
      larger.set(bytes, 10)
      const view = larger.subarray(10, 10 + bytes.length)
      for (const each of [body, bytes, view, Buffer.from(body), bytes.buffer, new DataView(bytes.buffer)]) {
        const input = untyped<Webhooks.WebhookInput>({ headers: headersOf({ body }), body: each })
        expect((yield* Webhooks.verify(input, { secret })).data).toEqual({ name: "Ådá \u{1f9ff}" })
      }
    })
  )

  it.effect("checks and decodes the body as it was when the call began", () =>
    Effect.gen(function* () {
      yield* setTime()
      const body = new TextEncoder().encode(eventOf("user.created", { id: "user_1" }))
      const verifier = yield* Webhooks.make({ secret })
      const changed = Effect.sync(() => body.set(new TextEncoder().encode('{"type":"x"}'), 0))
      const [event] = yield* Effect.all(
        [verifier({ headers: headersOf({ body: body.slice() }), body }), changed],
        {
          concurrency: 2
        }
      )
      expect(event.data).toEqual({ id: "user_1" })
    })
  )

  it.effect("rejects a body that was parsed", () =>
    Effect.gen(function* () {
      yield* setTime()
      for (const body of [JSON.parse(revoked), undefined, null, 1, [], new ReadableStream()]) {
        expect(yield* reasonOf({ headers: headersOf(), body })).toBe("parsed-body")
      }
    })
  )

  it.effect("rejects a body that is no event, after its signature", () =>
    Effect.gen(function* () {
      yield* setTime()
      const bodies = [
        "",
        "null",
        "[]",
        '"session.revoked"',
        "{}",
        '{"type":1}',
        '{"type":""}',
        "{",
        `${revoked},`
      ]
      for (const body of bodies) {
        expect(yield* reasonOf(signed({ body }))).toBe("body")
        expect(yield* reasonOf({ ...signed({ body }), headers: headersOf() })).toBe("signature")
      }
      const invalidUtf8 = Buffer.concat([Buffer.from('{"type":"'), Buffer.from([0xff]), Buffer.from('"}')])
      expect(yield* reasonOf(signed({ body: invalidUtf8 }))).toBe("body")
    })
  )

  it.effect("names where a session does not match the schema, without its values", () =>
    Effect.gen(function* () {
      yield* setTime()
      const body = eventOf("session.ended", { ...session, user_id: 7, expire_at: "tomorrow-canary" })
      const error = yield* Effect.flip(Webhooks.verify(signed({ body }), { secret }))
      expect(error).toMatchObject({ _tag: "ClerkWebhookError", reason: "schema" })
      expect(error instanceof ClerkWebhookError && error.issues?.map(({ path }) => path)).toEqual([
        "user_id",
        "expire_at"
      ])
      expect(JSON.stringify(error)).not.toContain("canary")
      for (const data of [undefined, null, [], "sess_1"]) {
        expect(yield* reasonOf(signed({ body: eventOf("session.ended", data) }))).toBe("schema")
      }
    })
  )

  it.effect("ignores what objects inherit", () =>
    withPollutedPrototype({ type: "session.revoked", data: session, "svix-id": "msg_1", user_id: "user_2" })(
      Effect.gen(function* () {
        yield* setTime()
        const { "svix-id": _, ...headers } = headersOf()
        expect(yield* reasonOf({ headers, body: revoked })).toBe("missing-header")
        expect(yield* reasonOf(signed({ body: '{"x":1}' }))).toBe("body")
        const { user_id: __, ...data } = session
        expect(yield* reasonOf(signed({ body: eventOf("session.revoked", data) }))).toBe("schema")
      })
    )
  )
})

describe("the headers of a webhook", () => {
  const body = revoked

  it.effect("are accepted in every form that servers have, and in any case", () =>
    Effect.gen(function* () {
      yield* setTime()
      const headers = headersOf()
      const upper = Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value])
      )
      const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]))
      const forms = [
        new Headers(headers),
        new Map(Object.entries(headers)),
        Object.entries(headers),
        upper,
        lists
      ]
      for (const each of [...forms, headersOf({}, [secret], "webhook")]) {
        expect((yield* Webhooks.verify({ headers: each, body }, { secret })).type).toBe("session.revoked")
      }
    })
  )

  it.effect("are missing where one of the three is absent or empty", () =>
    Effect.gen(function* () {
      yield* setTime()
      for (const prefix of ["svix", "webhook"]) {
        for (const part of ["id", "timestamp", "signature"]) {
          const headers = headersOf({}, [secret], prefix)
          for (const value of [undefined, "", []]) {
            const error = yield* Effect.flip(
              Webhooks.verify(untyped({ headers: { ...headers, [`${prefix}-${part}`]: value }, body }), {
                secret
              })
            )
            expect(error).toMatchObject({ reason: "missing-header", header: `${prefix}-${part}` })
          }
        }
      }
      expect(yield* reasonOf({ headers: {}, body })).toBe("missing-header")
    })
  )

  it.effect("are malformed when two sets are mixed", () =>
    Effect.gen(function* () {
      yield* setTime()
      const webhook = headersOf({}, [secret], "webhook")
      expect(yield* reasonOf({ headers: { ...headersOf(), ...webhook }, body })).toBe("malformed-header")
      const id = { "webhook-id": "msg_1" }
      expect(yield* reasonOf({ headers: { ...headersOf(), ...id }, body })).toBe("malformed-header")
      const { "svix-id": _, ...rest } = headersOf()
      expect(yield* reasonOf({ headers: { ...rest, ...id }, body })).toBe("malformed-header")
    })
  )

  it.effect("are malformed when one comes twice", () =>
    Effect.gen(function* () {
      yield* setTime()
      for (const [name, value] of Object.entries(headersOf())) {
        const twice = [
          { ...headersOf(), [name]: [value, value] },
          { ...headersOf(), [name.toUpperCase()]: value },
          [...Object.entries(headersOf()), [name, value]],
          new Headers([...Object.entries(headersOf()), [name, value]])
        ]
        for (const headers of twice) expect(yield* reasonOf({ headers, body })).toBe("malformed-header")
      }
    })
  )

  const hostile: ReadonlyArray<readonly [name: string, headers: object | null]> = [
    ["an id with a dot", { "svix-id": "msg_1.1" }],
    ["an id with a space", { "svix-id": "msg_1 2" }],
    ["an id of 257 characters", { "svix-id": "m".repeat(257) }],
    ["an id outside ASCII", { "svix-id": "msg_é" }],
    ["an id that is a number", { "svix-id": 1 }],
    ["a time with a fraction", { "svix-timestamp": `${now}.0` }],
    ["a time with a leading zero", { "svix-timestamp": `0${now}` }],
    ["a time with text after it", { "svix-timestamp": `${now}abc` }],
    ["a time in hexadecimal", { "svix-timestamp": "0x6ab13b80" }],
    ["a negative time", { "svix-timestamp": `-${now}` }],
    ["a time that is no number", { "svix-timestamp": "NaN" }],
    ["a time of 400 digits", { "svix-timestamp": "1".repeat(400) }],
    ["17 signatures", { "svix-signature": Array.from({ length: 17 }, () => signature()).join(" ") }],
    ["a line break in a value", { "svix-id": "msg_1\r\nx: y" }],
    ["70,000 characters of another header", { cookie: "x".repeat(70_000) }],
    ["70,000 characters of signatures", { "svix-signature": "v1,x ".repeat(14_000) }],
    ["a name that is no token", { "a b": "c" }]
  ]
  for (const [name, more] of hostile) {
    it.effect(`are malformed with ${name}`, () =>
      Effect.gen(function* () {
        yield* setTime()
        expect(yield* reasonOf({ headers: { ...headersOf(), ...more }, body })).toBe("malformed-header")
      })
    )
  }

  it.effect("are malformed when they are no headers", () =>
    Effect.gen(function* () {
      yield* setTime()
      const throwing = {
        get "svix-id"(): string {
          throw new Error("canary")
        }
      }
      for (const headers of [
        undefined,
        null,
        "svix-id: msg_1",
        1,
        new Request("https://x.example"),
        throwing
      ]) {
        expect(yield* reasonOf({ headers, body })).toBe("malformed-header")
      }
    })
  )
})

describe("the time of a webhook", () => {
  it.effect("may differ from the clock by five minutes, and not by a second more", () =>
    Effect.gen(function* () {
      for (const [offset, accepted] of [
        [-300, true],
        [300, true],
        [-301, false],
        [301, false]
      ] as const) {
        yield* setTime(now + offset)
        const result = yield* Effect.option(Webhooks.verify(signed(), { secret }))
        expect(result._tag).toBe(accepted ? "Some" : "None")
      }
      yield* setTime(now + 301)
      const error = yield* Effect.flip(Webhooks.verify(signed(), { secret }))
      expect(error).toMatchObject({ reason: "timestamp" })
      expect(error.message).toContain(
        "(sent at 2026-09-21T14:13:20.000Z; the clock here reads 2026-09-21T14:18:21.000Z)"
      )
    })
  )

  it.effect("may differ by the tolerance that is set", () =>
    Effect.gen(function* () {
      yield* setTime(now + 30)
      expect(yield* reasonOf(signed(), { secret, tolerance: "29 seconds" })).toBe("timestamp")
      expect((yield* Webhooks.verify(signed(), { secret, tolerance: "30 seconds" })).type).toBe(
        "session.revoked"
      )
      yield* setTime(now + 3600)
      expect((yield* Webhooks.verify(signed(), { secret, tolerance: "1 hour" })).type).toBe("session.revoked")
    })
  )
})

describe("the signature of a webhook", () => {
  it.effect("is one of several, of which only those of version 1 count", () =>
    Effect.gen(function* () {
      yield* setTime()
      const valid = signature()
      const other = signature({ secret: otherSecret })
      const accepted = [
        `${other} ${valid}`,
        `v1a,${"A".repeat(86)}== ${valid}`,
        `v2,x ${valid}`,
        ` ${valid}  `,
        `x ${valid}`
      ]
      for (const each of accepted) {
        const headers = { ...headersOf(), "svix-signature": each }
        expect((yield* Webhooks.verify({ headers, body: revoked }, { secret })).type).toBe("session.revoked")
      }
      const rejected = [
        other,
        valid.replace("v1", "v1a"),
        valid.replace("v1", "v2"),
        valid.slice(3),
        `${valid},x`,
        `V${valid.slice(1)}`,
        valid.slice(0, -1),
        "v1,",
        "v1"
      ]
      for (const each of rejected) {
        const headers = { ...headersOf(), "svix-signature": each }
        expect(yield* reasonOf({ headers, body: revoked })).toBe("signature")
      }
    })
  )

  it.effect("is made with the secret, or with one before it", () =>
    Effect.gen(function* () {
      yield* setTime()
      const message = signed({ secret: otherSecret })
      expect(yield* reasonOf(message)).toBe("signature")
      const third = secretOf(3, 75)
      const lists = [
        otherSecret,
        Redacted.make(otherSecret),
        [otherSecret],
        [third, Redacted.make(otherSecret)]
      ]
      for (const previous of lists) {
        expect((yield* Webhooks.verify(message, { secret, previous })).type).toBe("session.revoked")
        expect((yield* Webhooks.verify(signed(), { secret, previous })).type).toBe("session.revoked")
      }
      expect(yield* reasonOf(message, { secret, previous: third })).toBe("signature")
      expect((yield* Webhooks.verify(message, { secret: Redacted.make(otherSecret) })).type).toBe(
        "session.revoked"
      )
    })
  )
})

describe("the options of Webhooks.make", () => {
  const settingOf = (options: unknown) =>
    Effect.map(Effect.flip(Webhooks.make(untyped<Webhooks.Options>(options))), (error) => {
      expect(error).toBeInstanceOf(ClerkConfigError)
      expect(error.message).not.toContain("Canary")
      return error.setting
    })

  const secrets: ReadonlyArray<readonly [name: string, secret: unknown]> = [
    ["is absent", undefined],
    ["is null", null],
    ["is empty", ""],
    ["is the prefix alone", "whsec_"],
    ["has no prefix", secret.slice(6)],
    ["has 23 bytes", secretOf(1, 23)],
    ["has 76 bytes", secretOf(1, 76)],
    ["is not base64", `whsec_${"Canary!".repeat(6)}`],
    ["is base64 of the URL alphabet", `whsec_${"-_Canary".repeat(5)}`],
    ["has a wrong padding", `${secretOf(1, 25).slice(0, -1)}`],
    ["has a space after it", `${secret} `],
    ["is a secret key", "sk_test_CanaryCanaryCanaryCanaryCanary"],
    ["is bytes", Buffer.alloc(24)],
    ["is a Redacted number", Redacted.make(1)]
  ]
  for (const [name, each] of secrets) {
    it.effect(`are invalid when the secret ${name}`, () =>
      Effect.gen(function* () {
        expect(yield* settingOf({ secret: each })).toBe("secret")
        if (each !== undefined) {
          expect(yield* settingOf({ secret, previous: each })).toBe("previous")
          expect(yield* settingOf({ secret, previous: [secret, each] })).toBe("previous.1")
        }
      })
    )
  }

  it.effect("are invalid when there are more than four previous secrets", () =>
    Effect.gen(function* () {
      const previous = Array.from({ length: 5 }, () => otherSecret)
      expect(yield* settingOf({ secret, previous })).toBe("previous")
      yield* Webhooks.make({ secret, previous: previous.slice(1) })
    })
  )

  it.effect("are invalid when the tolerance is no duration from one second to one hour", () =>
    Effect.gen(function* () {
      for (const tolerance of [
        "0 seconds",
        999,
        "61 minutes",
        -1000,
        Number.NaN,
        "Infinity",
        "x",
        null,
        {}
      ]) {
        expect(yield* settingOf({ secret, tolerance })).toBe("tolerance")
      }
    })
  )

  it.effect("are invalid with an unknown or inherited name", () =>
    Effect.gen(function* () {
      expect(yield* settingOf({ secret, tolerence: 1 })).toBe("tolerence")
      expect(yield* settingOf(Object.create({ secret }))).toBe("secret")
      expect(yield* settingOf(undefined)).toBe("options")
      expect(yield* Effect.flip(Webhooks.verify(signed(), untyped({ secret, x: 1 })))).toMatchObject({
        _tag: "ClerkConfigError",
        setting: "x"
      })
    })
  )
})

describe("Webhooks.makeConfig", () => {
  const variable = "CLERK_WEBHOOK_SIGNING_SECRET"

  const withConfig = (values: { readonly [name: string]: string }) => withConfigProvider(variables(values))

  it.effect("reads the secret from the variable of Clerk", () =>
    Effect.gen(function* () {
      yield* setTime()
      const verifier = yield* withConfig({ [variable]: secret })(
        Webhooks.makeConfig({ previous: otherSecret })
      )
      expect((yield* verifier(signed())).type).toBe("session.revoked")
      expect((yield* verifier(signed({ secret: otherSecret }))).type).toBe("session.revoked")
    })
  )

  it.effect("names the variable when it is missing, blank or invalid", () =>
    Effect.gen(function* () {
      for (const value of [undefined, "", "  ", "whsec_Canary"]) {
        const error = yield* Effect.flip(
          withConfig(value === undefined ? {} : { [variable]: value })(Webhooks.makeConfig())
        )
        expect(error).toMatchObject({ _tag: "ClerkConfigError", setting: "secret", variable })
        expect(error.message).not.toContain("Canary")
      }
    })
  )

  it.effect("names an option that is invalid, and does not accept a secret", () =>
    Effect.gen(function* () {
      const settingOf = (options: unknown) =>
        withConfig({ [variable]: secret })(Webhooks.makeConfig(untyped(options))).pipe(
          Effect.flip,
          Effect.map(({ setting, variable }) => [setting, variable])
        )
      expect(yield* settingOf({ previous: "x" })).toEqual(["previous", undefined])
      expect(yield* settingOf({ secret })).toEqual(["secret", undefined])
    })
  )
})
