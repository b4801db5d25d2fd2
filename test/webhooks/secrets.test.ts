import { inspect } from "node:util"
import { Effect, Exit, Redacted } from "effect"
import { WebhookRouter, Webhooks } from "effect-clerk/webhooks"
import { variables, withConfigProvider } from "#test/config.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { channelsOf, leaks } from "../support/channels.js"
import { errorOf } from "../support/exits.js"
import { untyped } from "../support/requests.js"
import { eventOf, headersOf, now, session, signature } from "../support/webhooks.js"

const whsec = (text: string) => `whsec_${Buffer.from(text).toString("base64")}`

const secret = whsec("CanarySigningSecret7Qm2xVb9Tz4Lw8")
const previous = whsec("CanaryPreviousSecret5Hn3kPc6Rf1Yd")
const foreign = whsec("CanaryForeignSecret8Jt4mWs2Gb7Xe0")

const email = "canary.ada.9f3e7c@example.com"
const body = eventOf("session.ended", { ...session, user: { email } })

const secrets = {
  secret,
  "bytes of the secret": "CanarySigningSecret7Qm2xVb9Tz4Lw8",
  previous,
  foreign,
  email,
  signature: signature({ body, secret }).slice(3)
}

const headers = headersOf({ body, secret })

const rejections: ReadonlyArray<readonly [name: string, reason: string, input: unknown]> = [
  ["whose id is a secret", "malformed-header", { headers: { ...headers, "svix-id": `${secret} ` }, body }],
  ["whose time is a secret", "malformed-header", { headers: { ...headers, "svix-timestamp": secret }, body }],
  ["without a header", "missing-header", { headers: { ...headers, "svix-timestamp": undefined }, body }],
  ["that is late", "timestamp", { headers: headersOf({ body, secret, timestamp: now - 900 }), body }],
  ["signed by another secret", "signature", { headers: headersOf({ body, secret: foreign }), body }],
  ["whose signature is the secret", "signature", { headers: { ...headers, "svix-signature": secret }, body }],
  ["whose body was parsed", "parsed-body", { headers, body: JSON.parse(body) }],
  [
    "whose body is no event",
    "body",
    { headers: headersOf({ body: `"${email}"`, secret }), body: `"${email}"` }
  ]
]

const shown = <A, E>(self: Effect.Effect<A, E>) =>
  Effect.map(channelsOf(self), ({ channels, exit }) => {
    expect(channels.length).toBeGreaterThan(20)
    expect(leaks(channels, secrets)).toEqual([])
    return exit
  })

describe("no output shows a secret, a signature or a body", () => {
  for (const [name, reason, input] of rejections) {
    it.effect(`of a webhook ${name}`, () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(now * 1000)
        for (const wrap of [(text: string) => text, (text: string) => Redacted.make(text)]) {
          const options = { secret: wrap(secret), previous: [wrap(previous)] }
          const exit = yield* shown(Webhooks.verify(untyped<Webhooks.WebhookInput>(input), options))
          expect(errorOf(exit)).toMatchObject({ _tag: "ClerkWebhookError", reason })
        }
      })
    )
  }

  it.effect("of a session that does not match the schema", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now * 1000)
      const wrong = eventOf("session.ended", {
        ...session,
        id: { [email]: email },
        status: 1,
        user: { email }
      })
      const exit = yield* shown(
        Webhooks.verify({ headers: headersOf({ body: wrong, secret }), body: wrong }, { secret })
      )
      expect(errorOf(exit)).toMatchObject({ reason: "schema" })
    })
  )

  it.effect("of a webhook that is valid, and of its verifier", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now * 1000)
      const exit = yield* shown(
        Effect.flatMap(Webhooks.make({ secret, previous }), (verify) =>
          Effect.map(verify({ headers, body }), (event) => [event, verify])
        )
      )
      expect(Exit.isSuccess(exit)).toBe(true)
    })
  )

  it.effect("of options that are invalid", () =>
    Effect.gen(function* () {
      const invalid = [
        { secret: `${secret} ` },
        { secret, previous: `${previous}!` },
        { secret, tolerance: secret },
        { secret, [secret]: 1 },
        secret
      ]
      for (const options of invalid) {
        const exit = yield* shown(Webhooks.make(untyped<Webhooks.Options>(options)))
        expect(errorOf(exit)).toMatchObject({ _tag: "ClerkConfigError" })
      }
      const fromEnvironment = Webhooks.makeConfig().pipe(
        withConfigProvider(variables({ CLERK_WEBHOOK_SIGNING_SECRET: `"${secret}"` }))
      )
      expect(errorOf(yield* shown(fromEnvironment))).toMatchObject({ setting: "secret" })
    })
  )

  it.effect("of a response of the handler, or of what it logs", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now * 1000)
      const handle = yield* Webhooks.toHandler(Webhooks.make({ secret, previous }), () => Effect.fail("full"))
      for (const by of [secret, foreign]) {
        const request = new Request("https://app.example.com", {
          method: "POST",
          headers: headersOf({ body, secret: by }),
          body
        })
        const exit = yield* shown(
          Effect.flatMap(handle(request), (response) =>
            Effect.promise(async () => [response.status, [...response.headers], await response.text()])
          )
        )
        expect(Exit.isSuccess(exit) && exit.value[0]).toBe(by === secret ? 500 : 400)
      }
    })
  )

  it("of a layer with a route", () => {
    const layer = WebhookRouter.route("/webhooks", Webhooks.make({ secret, previous }), () => Effect.void)
    expect(leaks([["inspect", inspect(layer, { depth: 20, showHidden: true })]], secrets)).toEqual([])
  })
})
