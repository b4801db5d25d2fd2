import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SigningKeys, type SigningKeysService } from "effect-clerk"
import { layerConfigProvider, unavailable, variables, withConfigProvider } from "#test/config.js"
import { Tag } from "#test/context.js"
import { describe, expect, it } from "#test/vitest.js"
import { errorChannels } from "../support/channels.js"
import { jwk, look } from "../support/keySets.js"
import { jsonResponse, recordingFetch } from "../support/recordingFetch.js"
import { ours } from "../support/tokenKeys.js"
import { ourPrivateKey, pemOf, sessionToken } from "../support/tokens.js"
import { verifyAt } from "../support/verification.js"

type Variables = { readonly [name: string]: string }

/** These variables, and a record of each one that is read. */
const providing = (values: Variables, reads: Array<string>) =>
  layerConfigProvider(variables(values, (name) => reads.push(name)))

/** Keys of an environment, and the requests to Clerk for them. */
const environment = (values: Variables) => {
  const reads: Array<string> = []
  const { calls, layer: fetch } = recordingFetch(() => jsonResponse({ keys: [jwk("ins_1")] }))
  const keys = SigningKeys.layerConfig.pipe(Layer.provide(providing(values, reads)), Layer.provide(fetch))
  return { calls, keys, reads }
}

const refusalOf = (values: Variables) => Effect.flip(Effect.scoped(Layer.build(environment(values).keys)))

const pem = pemOf(ours)
const publishableKey = `pk_test_${Buffer.from("clerk.example.com$").toString("base64")}`

const backend = "https://api.clerk.com/v1/jwks"
const frontend = "https://clerk.example.com/.well-known/jwks.json"

describe("the source of the keys from the environment", () => {
  const secretKey = "sk_test_a2V5"
  const sources: ReadonlyArray<readonly [string, Variables, ReadonlyArray<string>]> = [
    [
      "CLERK_JWT_KEY beside both others",
      { CLERK_JWT_KEY: pem, CLERK_SECRET_KEY: secretKey, CLERK_PUBLISHABLE_KEY: publishableKey },
      []
    ],
    ["CLERK_JWT_KEY beside an empty secret key", { CLERK_JWT_KEY: pem, CLERK_SECRET_KEY: "" }, []],
    ["CLERK_JWT_KEY encoded in base64", { CLERK_JWT_KEY: Buffer.from(pem).toString("base64") }, []],
    ["CLERK_SECRET_KEY alone", { CLERK_SECRET_KEY: secretKey }, [backend]],
    [
      "CLERK_SECRET_KEY beside a publishable key",
      { CLERK_SECRET_KEY: secretKey, CLERK_PUBLISHABLE_KEY: publishableKey },
      [backend]
    ],
    [
      "CLERK_SECRET_KEY beside an empty CLERK_JWT_KEY",
      { CLERK_JWT_KEY: "", CLERK_SECRET_KEY: secretKey },
      [backend]
    ],
    [
      "CLERK_SECRET_KEY beside an empty CLERK_API_URL",
      { CLERK_SECRET_KEY: secretKey, CLERK_API_URL: "" },
      [backend]
    ],
    ["CLERK_PUBLISHABLE_KEY alone", { CLERK_PUBLISHABLE_KEY: publishableKey }, [frontend]],
    [
      "CLERK_PUBLISHABLE_KEY beside others that are empty",
      { CLERK_JWT_KEY: " ", CLERK_SECRET_KEY: "", CLERK_PUBLISHABLE_KEY: publishableKey },
      [frontend]
    ],
    [
      "CLERK_PUBLISHABLE_KEY beside a URL of the Backend API",
      { CLERK_API_URL: "https://api.example.com", CLERK_PUBLISHABLE_KEY: publishableKey },
      [frontend]
    ]
  ]

  it.effect.each(sources)("is %s", ([, variables, urls]) => {
    const { calls, keys } = environment(variables)
    return Effect.gen(function* () {
      expect(yield* look("ins_1")).toBe("found")
      expect(calls.map(({ url }) => url)).toEqual(urls)
      const authorizations = calls.map(({ headers }) => headers["authorization"])
      expect(authorizations).toEqual(urls.map((url) => (url === backend ? `Bearer ${secretKey}` : undefined)))
    }).pipe(Effect.provide(keys))
  })
})

describe("keys from the environment", () => {
  const withKey: ReadonlyArray<readonly [string, Variables]> = [
    ["alone", { CLERK_JWT_KEY: pem }],
    ["on one line", { CLERK_JWT_KEY: pem.replaceAll("\n", "\\n") }],
    ["beside a secret key", { CLERK_JWT_KEY: pem, CLERK_SECRET_KEY: "sk_test_a2V5" }],
    ["beside an invalid secret key", { CLERK_JWT_KEY: pem, CLERK_SECRET_KEY: "pk_test_a2V5" }]
  ]

  it.effect.each(withKey)(
    "are that of CLERK_JWT_KEY, without a request and without reading a secret key: %s",
    ([, variables]) => {
      const { calls, keys, reads } = environment(variables)
      return Effect.gen(function* () {
        expect(yield* verifyAt(sessionToken())).toMatchObject({ issuer: "https://clerk.example.com" })
        expect(yield* look("ins_1")).toBe("found")
        expect([calls, reads]).toEqual([[], ["CLERK_JWT_KEY"]])
      }).pipe(Effect.provide(keys))
    }
  )

  it.effect("are Clerk's without a CLERK_JWT_KEY, fetched with CLERK_SECRET_KEY", () => {
    const { calls, keys } = environment({ CLERK_SECRET_KEY: "sk_test_a2V5" })
    return Effect.gen(function* () {
      expect(calls).toEqual([])
      expect([yield* look("ins_1"), yield* look("ins_2")]).toEqual(["found", "unknown"])
      expect(calls).toEqual([
        {
          url: "https://api.clerk.com/v1/jwks",
          method: "GET",
          headers: {
            accept: "application/json",
            authorization: "Bearer sk_test_a2V5",
            "clerk-api-version": "2026-05-12",
            "user-agent": expect.stringMatching(/^effect-clerk\//)
          },
          body: "",
          redirect: "manual"
        }
      ])
    }).pipe(Effect.provide(keys))
  })

  it.effect("are fetched from CLERK_API_URL", () => {
    const { calls, keys } = environment({
      CLERK_SECRET_KEY: "sk_test_a2V5",
      CLERK_API_URL: "https://clerk.example.com/proxy"
    })
    return Effect.gen(function* () {
      yield* look("ins_1")
      expect(calls.map(({ url }) => url)).toEqual(["https://clerk.example.com/proxy/v1/jwks"])
    }).pipe(Effect.provide(keys))
  })

  it.effect("of two environments in one program are separate", () => {
    class Other extends Tag("test/OtherKeys")<Other, SigningKeysService>() {}
    const first = environment({ CLERK_SECRET_KEY: "sk_test_first" })
    const second = environment({ CLERK_JWT_KEY: pem })
    return Effect.gen(function* () {
      expect(yield* look("ins_1")).toBe("found")
      expect(yield* look("ins_2")).toBe("unknown")
      const other = yield* Other
      expect(yield* Effect.provideService(look("ins_2"), SigningKeys, other)).toBe("found")
      expect(first.calls.map(({ headers }) => headers["authorization"])).toEqual(["Bearer sk_test_first"])
      expect(second.calls).toEqual([])
    }).pipe(
      Effect.provide(Layer.merge(first.keys, Layer.provide(Layer.effect(Other, SigningKeys), second.keys)))
    )
  })
})

describe("an environment is rejected", () => {
  const secret = "sk_live_CanaryKey7Qm2xVb9Tz4Lw8"
  const privatePem = String(ourPrivateKey.export({ type: "pkcs8", format: "pem" }))

  const broken: ReadonlyArray<readonly [string, Variables, RegExp]> = [
    ["without any of the variables", {}, /^CLERK_SECRET_KEY \(secretKey\) is missing/],
    [
      "with an empty secret key",
      { CLERK_SECRET_KEY: "" },
      /^CLERK_SECRET_KEY \(secretKey\) is missing or empty/
    ],
    [
      "with variables that are all empty",
      { CLERK_JWT_KEY: "", CLERK_SECRET_KEY: " ", CLERK_PUBLISHABLE_KEY: "\n" },
      /^CLERK_SECRET_KEY \(secretKey\) is missing or empty/
    ],
    ["with quotes around no key", { CLERK_JWT_KEY: '""' }, /^CLERK_JWT_KEY \(jwtKey\) is empty$/],
    [
      "with an invalid publishable key",
      { CLERK_PUBLISHABLE_KEY: secret },
      /^CLERK_PUBLISHABLE_KEY \(publishableKey\) must be the key that starts with pk_test_ or pk_live_/
    ],
    [
      "with an invalid secret key beside a publishable key",
      { CLERK_SECRET_KEY: publishableKey, CLERK_PUBLISHABLE_KEY: publishableKey },
      /^CLERK_SECRET_KEY \(secretKey\) is a publishable key/
    ],
    [
      "with the secret key in the place of the key",
      { CLERK_JWT_KEY: secret, CLERK_SECRET_KEY: secret },
      /^CLERK_JWT_KEY \(jwtKey\) must be a public key in PEM form$/
    ],
    ["with a private key", { CLERK_JWT_KEY: privatePem }, /^CLERK_JWT_KEY \(jwtKey\) is a private key/],
    [
      "with an invalid URL",
      { CLERK_SECRET_KEY: secret, CLERK_API_URL: `http://${secret}` },
      /^CLERK_API_URL \(apiUrl\) must be/
    ]
  ]

  it.effect.each(broken)("%s", ([, variables, message]) =>
    Effect.gen(function* () {
      const error = yield* refusalOf(variables)
      expect(error._tag).toBe("ClerkConfigError")
      expect(error.message).toMatch(message)
      const shown = errorChannels(error).map(([, text]) => text)
      for (const canary of [secret, ...privatePem.split("\n").slice(1, 3)]) {
        expect(shown.filter((text) => text.includes(canary))).toEqual([])
      }
    })
  )

  it.effect("when it cannot be read, without the text of the source", () =>
    Effect.gen(function* () {
      const unreadable = unavailable(`vault: ${secret}`, secret)
      const error = yield* SigningKeys.layerConfig.pipe(
        Layer.build,
        Effect.scoped,
        withConfigProvider(unreadable),
        Effect.flip
      )
      expect(error).toMatchObject({ _tag: "ClerkConfigError", setting: "jwtKey", variable: "CLERK_JWT_KEY" })
      expect(error.message).toBe("CLERK_JWT_KEY (jwtKey) cannot be read")
      expect(errorChannels(error).filter(([, text]) => text.includes("vault"))).toEqual([])
    })
  )
})
