import { inspect } from "node:util"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { ClerkHttp, SessionTokens, SigningKeys } from "effect-clerk"
import { snapshot } from "#test/metrics.js"
import { numberText, record, redacted } from "#test/schema.js"
import * as TestClock from "#test/TestClock.js"
import { describe, expect, it } from "#test/vitest.js"
import { canaries } from "../support/canaries.js"
import { type Channels, channelsOf, leaks } from "../support/channels.js"
import { defectOf, errorOf } from "../support/exits.js"
import { jsonResponse, recordingFetch } from "../support/recordingFetch.js"
import { untyped } from "../support/requests.js"
import { ours } from "../support/tokenKeys.js"
import {
  app,
  claims,
  encode,
  kid,
  now,
  ourKeys,
  pemOf,
  sessionToken,
  signatureOf,
  templateToken,
  theirPrivateKey
} from "../support/tokens.js"

/** No output may show a token, a part of it, or the numbers of a key. */
const secretsOf = (token: string) => {
  const parts = token.split(".").filter((part) => part.length >= 8)
  return {
    token,
    ...Object.fromEntries(parts.map((part, at) => [`part ${at}`, part])),
    modulus: ours.n ?? "",
    "secret key": canaries.secretKey
  }
}

const shownIn = (channels: Channels, token: string) => {
  // The check is void if there was nothing to search.
  expect(channels.length).toBeGreaterThan(20)
  return leaks(channels, secretsOf(token))
}

const metrics = Effect.map(snapshot, (values): Channels => [["metrics", inspect(values, { depth: 9 })]])

type Options = { readonly [name: string]: unknown }

const good = sessionToken()
const [head, payload, signature] = good.split(".")

const refusals: ReadonlyArray<readonly [name: string, reason: string, token: string, options?: Options]> = [
  ["with a space after it", "format", `${good} `],
  ["with its scheme before it", "format", `Bearer ${good}`],
  ["without its signature", "format", `${head}.${payload}`],
  [
    "whose payload has a member twice",
    "format",
    `${head}.${encode(`{"x":1,"x":"${"y".repeat(40)}"}`)}.${signatureOf("")}`.slice(0, -1)
  ],
  ["with an extension", "header", sessionToken({}, { crit: ["b64"] })],
  ["of no algorithm", "alg", sessionToken({}, { alg: "none" })],
  ["of another type", "typ", sessionToken({}, { typ: "at+jwt" })],
  ["of a template", "category", templateToken()],
  ["of an unknown key", "unknown-key", sessionToken({}, { kid: "ins_unknown" })],
  ["whose key id is another token", "unknown-key", sessionToken({}, { kid: good.slice(0, 128) })],
  ["signed by another key", "signature", sessionToken({}, {}, theirPrivateKey)],
  ["whose payload was exchanged", "signature", `${head}.${encode(claims({ sub: "user_2" }))}.${signature}`],
  ["that has expired", "exp", sessionToken({ exp: now - 60, iat: now - 120 })],
  ["whose expiry is another token", "exp", sessionToken({ exp: good })],
  ["that is not valid yet", "nbf", sessionToken({ nbf: now + 60 })],
  ["from the future", "iat", sessionToken({ iat: now + 50 })],
  ["whose user is two tokens", "sub", sessionToken({ sub: `${good} ${good}` })],
  ["whose session is another token", "sid", sessionToken({ sid: good })],
  [
    "whose issuer's address ends in a token",
    "iss",
    sessionToken({ iss: `https://evil.example/${good}` }),
    { issuer: "https://clerk.example.com" }
  ],
  ["whose party is another token", "azp", sessionToken({ azp: good }), { authorizedParties: [app] }],
  [
    "whose party is the secret key",
    "azp",
    sessionToken({ azp: canaries.secretKey }),
    { authorizedParties: [app] }
  ],
  [
    "whose audience is a token and a header",
    "aud",
    sessionToken({ aud: [good, `Bearer ${good}`] }),
    { audience: "api" }
  ],
  ["of a pending session", "session-pending", sessionToken({ sts: "pending" })],
  ["whose status is another token", "session-pending", sessionToken({ sts: good })],
  [
    "with a custom claim whose name and value are a token",
    "claims",
    sessionToken({ [good]: good }),
    { claims: record(Schema.Number) }
  ],
  [
    "with a custom claim that is secret",
    "claims",
    sessionToken({ tenant: good }),
    { claims: Schema.Struct({ tenant: redacted(numberText) }) }
  ]
]

describe("a token that is rejected is shown nowhere:", () => {
  for (const [name, reason, token, options] of refusals) {
    it.effect(`one ${name}`, () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(now * 1000)
        for (const given of [token, Redacted.make(token)]) {
          const { channels, exit } = yield* channelsOf(SessionTokens.verify(given, untyped<object>(options)))
          expect(errorOf(exit)).toMatchObject({ _tag: "ClerkTokenError", reason })
          expect(shownIn([...channels, ...(yield* metrics)], token)).toEqual([])
          // A claim may quote the token that it was stolen from.
          expect(leaks(channels, { quoted: good })).toEqual([])
        }
      }).pipe(Effect.provide(ourKeys))
    )
  }
})

describe("a token is shown nowhere", () => {
  const built = <A, E>(self: Effect.Effect<A, E, SigningKeys>) =>
    TestClock.setTime(now * 1000).pipe(Effect.andThen(channelsOf(self)), Effect.provide(ourKeys))

  it.effect("when it is valid", () =>
    Effect.gen(function* () {
      for (const cache of [undefined, { capacity: 2 }]) {
        const { channels, exit } = yield* built(
          Effect.gen(function* () {
            const verify = yield* SessionTokens.verifier({ cache })
            return [yield* verify(good), yield* verify(good), verify]
          })
        )
        expect(Exit.isSuccess(exit)).toBe(true)
        expect(shownIn([...channels, ...(yield* metrics)], good)).toEqual([])
      }
    })
  )

  it.effect("when it is given in place of the options, or among them", () =>
    Effect.gen(function* () {
      for (const options of [
        good,
        { [good]: true },
        { [canaries.secretKey]: true },
        { issuer: good },
        { authorizedParties: [good] },
        { audience: [good, 1] },
        { clockSkew: good },
        { category: good },
        { claims: good },
        { allowPending: good },
        { missingAzp: good, authorizedParties: [app] }
      ]) {
        const both: ReadonlyArray<Effect.Effect<unknown, unknown, SigningKeys>> = [
          SessionTokens.verify(good, untyped<object>(options)),
          SessionTokens.verifier(untyped<object>(options))
        ]
        for (const self of both) {
          const { channels, exit } = yield* built(self)
          expect(Exit.isFailure(exit)).toBe(true)
          expect(shownIn(channels, good)).toEqual([])
        }
      }
    })
  )

  it.effect("when its verification is a defect", () =>
    Effect.gen(function* () {
      const broken = Layer.succeed(SigningKeys, { find: () => Effect.die(new Error("the keys are broken")) })
      const { channels, exit } = yield* channelsOf(SessionTokens.verify(good)).pipe(Effect.provide(broken))
      expect(defectOf(exit)).toBeInstanceOf(Error)
      expect(shownIn(channels, good)).toEqual([])
    })
  )

  it.effect("when the keys are unavailable, and neither is the secret key", () =>
    Effect.gen(function* () {
      const { layer } = recordingFetch((call) =>
        jsonResponse(
          { errors: [{ code: good, message: `${canaries.secretKey} ${call.headers["authorization"]}` }] },
          401
        )
      )
      const keys = SigningKeys.layerJwks.pipe(
        Layer.provide(ClerkHttp.layerFetch({ secretKey: Redacted.make(canaries.secretKey) }))
      )
      const { channels, exit } = yield* channelsOf(SessionTokens.verify(good)).pipe(
        Effect.provide(keys),
        Effect.provide(layer)
      )
      expect(errorOf(exit)).toMatchObject({ _tag: "ClerkKeysUnavailable", reason: "rejected" })
      expect(shownIn(channels, good)).toEqual([])
    })
  )
})

it.effect("a key is not shown by the service that holds it, nor by its layer or a verifier", () =>
  Effect.gen(function* () {
    yield* TestClock.setTime(now * 1000)
    const layer = SigningKeys.layerPem(pemOf(ours))
    const { channels, exit } = yield* channelsOf(
      Effect.gen(function* () {
        const keys = yield* SigningKeys
        const verify = yield* SessionTokens.verifier({ cache: { capacity: 1 } })
        yield* verify(good)
        return [keys, layer, verify, yield* keys.find(kid)]
      }).pipe(Effect.provide(layer))
    )
    expect(Exit.isSuccess(exit)).toBe(true)
    expect(shownIn(channels, good)).toEqual([])
  })
)

it.effect("the search finds a visible token", () =>
  Effect.gen(function* () {
    for (const shown of [good, String(payload), `before ${signature} after`, String(ours.n), encode(good)]) {
      const { channels } = yield* channelsOf(Effect.fail(new Error(`the token ${shown}`)))
      expect(shownIn(channels, good)).not.toEqual([])
    }
  })
)
