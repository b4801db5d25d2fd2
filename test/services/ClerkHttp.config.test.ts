import { inspect } from "node:util"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, type ClerkHttpService, RequestPolicy, Sessions } from "effect-clerk"
import { booleanConfig, isMissing, redactedConfig, stringConfig } from "#test/config.js"
import { Tag } from "#test/context.js"
import { FetchHttpClient } from "#test/http.js"
import { describe, expect, it } from "#test/vitest.js"
import {
  type AnyLayer,
  configLayer,
  fetchLayer,
  refusal,
  requestThrough,
  secretKey,
  told,
  withVariables
} from "../support/clientLayers.js"
import { jsonResponse, recordingFetch } from "../support/recordingFetch.js"
import { untyped } from "../support/requests.js"

const dashboard = "copy the secret key (sk_test_… or sk_live_…) from Clerk's dashboard"
const missing = `is missing or empty: ${dashboard}`
const form = `is not a secret key of Clerk: ${dashboard}. For a gateway that has keys of its own, set allowAnySecretKey: true`

describe("the secret key", () => {
  const white = "must not contain white space"
  const printable = "must be printable ASCII: it has a character that no key has, as a placeholder does"
  const quoted = "must be the key alone, without quotes"
  const bearer = "must be the key alone, without Bearer"
  const cases: ReadonlyArray<readonly [name: string, key: unknown, rule: string]> = [
    ["missing", undefined, missing],
    [
      "a plain string",
      "sk_test_plain",
      "must be a Redacted string (wrap it with Redacted.make), or SecretKey.fromEffect of an effect"
    ],
    [
      "null",
      null,
      "must be a Redacted string (wrap it with Redacted.make), or SecretKey.fromEffect of an effect"
    ],
    ["a redacted value that is not a string", Redacted.make(1234567), "must be a Redacted string"],
    ["a key that was redacted twice", Redacted.make(Redacted.make("sk_test_x")), "must be a Redacted string"],
    ["empty", Redacted.make(""), missing],
    ["blank", Redacted.make(" \n"), missing],
    ["a word", Redacted.make("hello"), form],
    ["a prefix without its environment", Redacted.make("sk_a2V5"), form],
    ["of an unknown environment", Redacted.make("sk_prod_a2V5"), form],
    ["in capitals", Redacted.make("SK_TEST_A2V5"), form],
    ["a key of another service", Redacted.make("rk_live_a2V5"), form],
    ["a session token", Redacted.make("eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"), form],
    ["led by a space", Redacted.make(" sk_test_spaced"), white],
    ["followed by a space", Redacted.make("sk_test_spaced "), white],
    ["followed by a line end", Redacted.make("sk_test_pasted\n"), white],
    ["broken by a line end", Redacted.make("sk_test_\r\nbroken"), white],
    ["holding NUL", Redacted.make("sk_test_\0nul"), printable],
    ["holding a letter outside of ASCII", Redacted.make("sk_test_schlüssel"), printable],
    ["a placeholder", Redacted.make("sk_test_…"), printable],
    ["longer than any key", Redacted.make(`sk_test_${"a".repeat(505)}`), "is too long for a secret key"],
    ["in quotes", Redacted.make("'sk_test_quoted'"), quoted],
    ["in double quotes", Redacted.make('"sk_test_quoted"'), quoted],
    ["followed by a quote", Redacted.make("sk_test_quoted'"), quoted],
    [
      "publishable",
      Redacted.make("pk_test_cHVibGlj"),
      "is a publishable key (pk_); the secret key starts with sk_"
    ],
    ["the value of a header", Redacted.make("Bearer sk_test_header"), bearer],
    ["the value of a header, led by a space", Redacted.make(" bearer sk_test_header"), bearer],
    ["a header that lost its space", Redacted.make("Bearersk_test_header"), bearer]
  ]
  for (const [name, key, rule] of cases) {
    it.effect(`that is ${name} is rejected`, () =>
      Effect.gen(function* () {
        expect(yield* told(fetchLayer({ secretKey: key }), key)).toBe(`secretKey ${rule}`)
      })
    )
  }

  it.effect("that is only a prefix is rejected", () =>
    Effect.gen(function* () {
      for (const prefix of ["sk_test_", "sk_live_"]) {
        expect(yield* told(fetchLayer({ secretKey: Redacted.make(prefix) }))).toBe(`secretKey ${form}`)
      }
    })
  )

  it.effect("of the maximum length is accepted", () =>
    Effect.gen(function* () {
      const key = `sk_live_${"a".repeat(504)}`
      const request = yield* requestThrough(fetchLayer({ secretKey: Redacted.make(key) }))
      expect(request?.headers["authorization"]).toBe(`Bearer ${key}`)
    })
  )

  it.effect("in another form is sent to a gateway when allowAnySecretKey is set", () =>
    Effect.gen(function* () {
      const options = { secretKey: Redacted.make("gateway-key/7"), apiUrl: "https://gateway.example" }
      expect(yield* told(fetchLayer(options), options.secretKey)).toBe(`secretKey ${form}`)
      expect(yield* told(fetchLayer({ ...options, allowAnySecretKey: false }))).toBe(`secretKey ${form}`)
      for (const layer of [
        fetchLayer({ ...options, allowAnySecretKey: true }),
        configLayer(
          { apiUrl: Config.succeed(options.apiUrl), allowAnySecretKey: true },
          { CLERK_SECRET_KEY: "gateway-key/7" }
        )
      ]) {
        const request = yield* requestThrough(layer)
        expect(request?.headers["authorization"]).toBe("Bearer gateway-key/7")
      }
    })
  )

  it.effect("in another form is still checked for mistakes when allowAnySecretKey is set", () =>
    Effect.gen(function* () {
      for (const [name, key, rule] of cases) {
        if (rule !== form) {
          const layer = fetchLayer({ secretKey: key, allowAnySecretKey: true })
          expect([name, yield* told(layer, key)]).toEqual([name, `secretKey ${rule}`])
        }
      }
    })
  )
})

const https =
  "must be https, except on a loopback address. To reach an emulator on another host over http, set allowInsecureHttp: true, or CLERK_ALLOW_INSECURE_HTTP=true for a client from the environment. It needs a test key (sk_test_…)"

describe("the API's URL", () => {
  const absolute = "must be an absolute https URL"
  const extra = "must not carry a query or a fragment"
  const path = "must have a plain path, without dot segments"
  const cases: ReadonlyArray<readonly [url: unknown, rule: string]> = [
    ["", absolute],
    ["not a url", absolute],
    ["api.clerk.com", absolute],
    ["/relative/path", absolute],
    ["//evil.example", absolute],
    ["https://", absolute],
    ["https:///evil.example", absolute],
    ["https:\\\\evil.example", absolute],
    ["https:evil.example", absolute],
    ["ftp://evil.example", absolute],
    ["file:///etc/passwd", absolute],
    ["data:text/plain,evil", absolute],
    ["javascript:alert(1)", absolute],
    [" https://evil.example", absolute],
    [42, absolute],
    [new URL("https://evil.example"), absolute],
    ["https://evil.example\\path", path],
    ["https://evil.example/%2e%2e", path],
    ["https://user:password@evil.example", "must not carry credentials"],
    ["https://api.clerk.com@evil.example", "must not carry credentials"],
    ["https://evil.example/?query=1", extra],
    ["https://evil.example?", extra],
    ["https://evil.example/#fragment", extra],
    ["https://evil.example#", extra],
    ["https://evil.example:99999", "must be a valid URL"],
    ["https://[::1", "must be a valid URL"],
    ["http://evil.example", https],
    ["http://localhost.evil.example", https],
    ["http://127.0.0.1.evil.example", https],
    ["http://192.168.0.1", https],
    ["http://0.0.0.0", https],
    ["http://clerk:4999", https],
    ["http://host.docker.internal:4999", https],
    ["http://localhost.localdomain", https],
    ["http://notlocalhost", https],
    ["http://128.0.0.1", https],
    ["http://[::2]", https],
    ["https://evil.example/a/../b", path],
    ["https://evil.example/.", path],
    ["https://evil.example/a//b", path],
    ["https://evil.example/a;b", path],
    ["https://evil.example/v1", "must not end in /v1, which the client adds"],
    ["https://evil.example/v1/", "must not end in /v1, which the client adds"]
  ]
  for (const [apiUrl, rule] of cases) {
    it.effect(`${JSON.stringify(apiUrl).slice(0, 60)} is rejected: ${rule}`, () =>
      Effect.gen(function* () {
        expect(yield* told(fetchLayer({ secretKey, apiUrl }), apiUrl)).toBe(`apiUrl ${rule}`)
      })
    )
  }

  for (const [apiUrl, sentTo] of [
    [undefined, "https://api.clerk.com/v1/sessions/sess_1"],
    ["https://api.clerk.com/", "https://api.clerk.com/v1/sessions/sess_1"],
    ["HTTPS://API.Clerk.Com:443//", "https://api.clerk.com/v1/sessions/sess_1"],
    ["https://proxy.example/clerk", "https://proxy.example/clerk/v1/sessions/sess_1"],
    ["https://proxy.example:8443/a/b_~.c///", "https://proxy.example:8443/a/b_~.c/v1/sessions/sess_1"],
    ["https://proxy.example/v1beta", "https://proxy.example/v1beta/v1/sessions/sess_1"],
    ["http://localhost:3000", "http://localhost:3000/v1/sessions/sess_1"],
    ["http://127.0.0.1:3000", "http://127.0.0.1:3000/v1/sessions/sess_1"],
    ["http://127.1.2.3", "http://127.1.2.3/v1/sessions/sess_1"],
    ["http://[::1]:3000", "http://[::1]:3000/v1/sessions/sess_1"],
    ["http://[0:0:0:0:0:0:0:1]:3000", "http://[::1]:3000/v1/sessions/sess_1"],
    ["http://x.localhost:4999", "http://x.localhost:4999/v1/sessions/sess_1"],
    ["http://A.b-1.LOCALHOST:4999", "http://a.b-1.localhost:4999/v1/sessions/sess_1"]
  ] as const) {
    it.effect(`${apiUrl ?? "left out"} sends to ${sentTo}`, () =>
      Effect.gen(function* () {
        const request = yield* requestThrough(fetchLayer({ secretKey, apiUrl }))
        expect([request?.url, request?.redirect]).toEqual([sentTo, "manual"])
      })
    )
  }
})

describe("plain http on another host", () => {
  const hosts = [
    "http://clerk:4999",
    "http://host.docker.internal:4999",
    "http://192.168.0.1:4999",
    "http://clerk_1.internal:4999"
  ]
  const testKey =
    "needs a test key (sk_test_…), because http sends the key unencrypted: remove it, or use a test key"

  for (const apiUrl of hosts) {
    it.effect(`${apiUrl} is used with a test key when allowInsecureHttp is true`, () =>
      Effect.gen(function* () {
        const viaHttpClient = Layer.provide(
          ClerkHttp.layer({ secretKey, apiUrl, allowInsecureHttp: true }),
          FetchHttpClient.layer
        )
        for (const layer of [fetchLayer({ secretKey, apiUrl, allowInsecureHttp: true }), viaHttpClient]) {
          const request = yield* requestThrough(layer)
          expect(request?.url).toBe(`${apiUrl}/v1/sessions/sess_1`)
        }
        expect(yield* told(fetchLayer({ secretKey, apiUrl, allowInsecureHttp: false }))).toBe(
          `apiUrl ${https}`
        )
      })
    )
  }

  it.effect("is rejected with any other key, with any other settings", () =>
    Effect.gen(function* () {
      for (const options of [
        { secretKey: Redacted.make("sk_live_a2V5") },
        { secretKey: Redacted.make("sk_live_a2V5"), apiUrl: "https://api.clerk.com" },
        { secretKey: Redacted.make("gateway-key"), allowAnySecretKey: true }
      ]) {
        const layer = fetchLayer({ apiUrl: hosts[0], ...options, allowInsecureHttp: true })
        expect(yield* told(layer, options.secretKey)).toBe(`allowInsecureHttp ${testKey}`)
      }
    })
  )

  it.effect("does not change the other rules for the URL", () =>
    Effect.gen(function* () {
      for (const apiUrl of [
        "http://user:password@clerk:4999",
        "ftp://clerk",
        "http://clerk/v1",
        "clerk:4999"
      ]) {
        const error = yield* refusal(fetchLayer({ secretKey, apiUrl, allowInsecureHttp: true }), apiUrl)
        expect(error.setting).toBe("apiUrl")
      }
    })
  )

  it.effect("is not allowed to layer and layerFetch by the environment", () =>
    Effect.gen(function* () {
      const options = { secretKey, apiUrl: "http://clerk:4999" }
      const variables = { CLERK_ALLOW_INSECURE_HTTP: "true" }
      const overHttpClient = Layer.provide(ClerkHttp.layer(options), FetchHttpClient.layer)
      for (const layer of [fetchLayer(options), overHttpClient]) {
        expect(yield* told(withVariables(layer, variables))).toBe(`apiUrl ${https}`)
      }
    })
  )
})

describe("another setting", () => {
  const attempts = "policy.maxAttempts must be a whole number from 1 to 10"
  const limit =
    'must be a duration such as "10 seconds", above zero and below 25 days; leave it out to set no limit'
  const bytes = "maxResponseBytes must be a whole number of bytes, at least 1"
  const date = "apiVersion must be a date such as 2026-05-12"
  const durations = [
    0,
    "0 seconds",
    -1,
    "-1 seconds",
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Duration.infinity,
    2 ** 31,
    "soon",
    "10s",
    null
  ]
  const cases: ReadonlyArray<readonly [message: string, options: object]> = [
    ...["", "latest", "2026-5-12", "2026-05-12 ", "2026-05-12\n", "2026-05-12\r\nX-Evil: 1", 20260512].map(
      (apiVersion) => [date, { apiVersion }] as const
    ),
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "8", 2 ** 53].map(
      (maxResponseBytes) => [bytes, { maxResponseBytes }] as const
    ),
    ...[0, -1, 11, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "3"].map(
      (count) => [attempts, { policy: { maxAttempts: count } }] as const
    ),
    ...durations.flatMap((duration) => [
      [`policy.timeout ${limit}`, { policy: { timeout: duration } }] as const,
      [`policy.deadline ${limit}`, { policy: { deadline: duration } }] as const
    ]),
    [
      "policy.timeout must not be longer than the deadline (1s)",
      { policy: { timeout: 1_001, deadline: "1 second" } }
    ],
    [
      "policy.timeout must not be longer than the deadline, which is 30 ms; did you mean 30 seconds?",
      { policy: { timeout: "10 seconds", deadline: 30 } }
    ],
    ["policy.retries is not a setting of a policy", { policy: { retries: 3 } }],
    [
      "policy.maxAtempts is not a setting of a policy; did you mean maxAttempts?",
      { policy: { maxAtempts: 3 } }
    ],
    ["policy must be an object with maxAttempts, timeout, deadline, onRetry or priority", { policy: "none" }],
    ["policy must be an object with maxAttempts, timeout, deadline, onRetry or priority", { policy: 3 }],
    [
      "secretkey is not an option of a client; did you mean secretKey?",
      { secretkey: Redacted.make("sk_test_x") }
    ],
    ["apiURL is not an option of a client; did you mean apiUrl?", { apiURL: "https://proxy.example" }],
    [
      "allowInsecureHTTP is not an option of a client; did you mean allowInsecureHttp?",
      { allowInsecureHTTP: true }
    ],
    ["*** is not an option of a client", { sk_live_by_a_slip: true }],
    ...[1, "true", null].flatMap((flag) => [
      ["allowAnySecretKey must be true or false", { allowAnySecretKey: flag }] as const
    ]),
    ["__proto__ is not an option of a client", JSON.parse('{"__proto__":{"apiUrl":"https://evil.example"}}')]
  ]
  for (const [message, options] of cases) {
    it.effect(`is rejected: ${inspect(options, { breakLength: Number.POSITIVE_INFINITY })}`, () =>
      Effect.gen(function* () {
        expect(yield* told(fetchLayer({ secretKey, ...options }))).toBe(message)
        const layer = Layer.provide(
          ClerkHttp.layer(untyped({ secretKey, ...options })),
          FetchHttpClient.layer
        )
        expect(yield* told(layer)).toBe(message)
        expect(yield* told(configLayer(options))).toBe(message)
      })
    )
  }

  it.effect("is rejected when the options inherit it, because it would be ignored silently", () =>
    Effect.gen(function* () {
      class Options {
        readonly secretKey = secretKey
        get apiUrl() {
          return "https://proxy.example"
        }
      }
      class ConfigOptions {
        get apiVersion() {
          return "2025-03-12"
        }
      }
      const rule = "must be set on the object itself, not inherited"
      expect(yield* told(fetchLayer(new Options()))).toBe(`apiUrl ${rule}`)
      expect(yield* told(configLayer(new ConfigOptions()))).toBe(`apiVersion ${rule}`)
    })
  )

  it.effect("is rejected without options", () =>
    Effect.gen(function* () {
      for (const options of [undefined, null, "sk_test_secret", 5]) {
        expect(yield* told(fetchLayer(options), options)).toBe("options must be an object")
      }
    })
  )

  it.effect("is accepted at the ends of its range", () =>
    Effect.gen(function* () {
      for (const policy of [
        { maxAttempts: 1 },
        { maxAttempts: 10 },
        { timeout: 1, deadline: 1 },
        { timeout: 2 ** 31 - 1 },
        {},
        { maxAttempts: undefined, timeout: undefined, deadline: undefined },
        undefined,
        RequestPolicy.standard
      ]) {
        const layer = fetchLayer({
          secretKey,
          policy,
          maxResponseBytes: Number.MAX_SAFE_INTEGER,
          apiVersion: "2024-10-01"
        })
        const { policy: built } = yield* ClerkHttp.pipe(Effect.provide(layer))
        expect(built).toEqual(policy ?? RequestPolicy.standard)
        const request = yield* requestThrough(layer)
        expect(request?.headers["clerk-api-version"]).toBe("2024-10-01")
      }
    })
  )
})

describe("from the environment", () => {
  const environments: ReadonlyArray<
    readonly [name: string, layerOf: (variables: { readonly [name: string]: string }) => AnyLayer]
  > = [
    ["layerConfig", (variables) => configLayer({}, variables)],
    ["layerDefault", (variables) => withVariables(ClerkHttp.layerDefault, variables)]
  ]
  for (const [name, layerOf] of environments) {
    it.effect(`${name} reads CLERK_SECRET_KEY and CLERK_API_URL`, () =>
      Effect.gen(function* () {
        const request = yield* requestThrough(
          layerOf({ CLERK_SECRET_KEY: "sk_test_env", CLERK_API_URL: "https://proxy.example/clerk/" })
        )
        expect(request?.url).toBe("https://proxy.example/clerk/v1/sessions/sess_1")
        expect(request?.headers["authorization"]).toBe("Bearer sk_test_env")
        const plain = yield* requestThrough(layerOf({ CLERK_SECRET_KEY: "sk_test_env" }))
        expect(plain?.url).toBe("https://api.clerk.com/v1/sessions/sess_1")
      })
    )

    it.effect(`${name} names the missing or invalid variable, and never its value`, () =>
      Effect.gen(function* () {
        expect(yield* told(layerOf({}))).toBe(`CLERK_SECRET_KEY (secretKey) ${missing}`)
        expect(yield* told(layerOf({ CLERK_SECRET_KEY: "hello" }), "hello")).toBe(
          `CLERK_SECRET_KEY (secretKey) ${form}`
        )
        expect(yield* told(layerOf({ CLERK_SECRET_KEY: "sk_test_pasted\n" }), "sk_test_pasted")).toBe(
          "CLERK_SECRET_KEY (secretKey) must not contain white space"
        )
        const CLERK_API_URL = "http://user:password@evil.example"
        const error = yield* refusal(
          layerOf({ CLERK_SECRET_KEY: "sk_test_env", CLERK_API_URL }),
          CLERK_API_URL
        )
        expect(error).toMatchObject({ setting: "apiUrl", variable: "CLERK_API_URL" })
      })
    )

    for (const blank of ["", " ", "\t\r\n"]) {
      it.effect(`${name} reads a variable that is ${JSON.stringify(blank)} as missing`, () =>
        Effect.gen(function* () {
          expect(yield* told(layerOf({ CLERK_SECRET_KEY: blank }))).toBe(
            `CLERK_SECRET_KEY (secretKey) ${missing}`
          )
          const request = yield* requestThrough(
            layerOf({
              CLERK_SECRET_KEY: "sk_live_env",
              CLERK_API_URL: blank,
              CLERK_ALLOW_INSECURE_HTTP: blank
            })
          )
          expect(request?.url).toBe("https://api.clerk.com/v1/sessions/sess_1")
        })
      )
    }

    it.effect(`${name} allows plain http by CLERK_ALLOW_INSECURE_HTTP`, () =>
      Effect.gen(function* () {
        const variables = { CLERK_SECRET_KEY: "sk_test_env", CLERK_API_URL: "http://clerk:4999" }
        for (const allowed of ["true", "1", "yes", "on"]) {
          const layer = layerOf({ ...variables, CLERK_ALLOW_INSECURE_HTTP: allowed })
          const request = yield* requestThrough(layer)
          expect(request?.url).toBe("http://clerk:4999/v1/sessions/sess_1")
        }
        for (const CLERK_ALLOW_INSECURE_HTTP of ["false", "0", "no", "off", "", " "]) {
          expect(yield* told(layerOf({ ...variables, CLERK_ALLOW_INSECURE_HTTP }))).toBe(
            `CLERK_API_URL (apiUrl) ${https}`
          )
        }
        for (const CLERK_ALLOW_INSECURE_HTTP of ["TRUE", "maybe", "2", " true"]) {
          expect(yield* told(layerOf({ ...variables, CLERK_ALLOW_INSECURE_HTTP }))).toBe(
            "CLERK_ALLOW_INSECURE_HTTP (allowInsecureHttp) must be true or false"
          )
        }
        const error = yield* refusal(
          layerOf({ ...variables, CLERK_SECRET_KEY: "sk_live_env", CLERK_ALLOW_INSECURE_HTTP: "true" }),
          "sk_live_env"
        )
        expect(error).toMatchObject({
          setting: "allowInsecureHttp",
          variable: "CLERK_ALLOW_INSECURE_HTTP",
          rule: expect.stringMatching(/^needs a test key/)
        })
      })
    )
  }

  it.effect("layerDefault builds a client for each environment, even for two in one program", () => {
    class First extends Tag("test/First")<First, ClerkHttpService>() {}
    class Second extends Tag("test/Second")<Second, ClerkHttpService>() {}
    const { calls, layer: recorder } = recordingFetch(() => jsonResponse({ errors: [] }, 404))
    const keyed = (key: string) => withVariables(ClerkHttp.layerDefault, { CLERK_SECRET_KEY: key })
    const Both = Layer.merge(
      Layer.provide(Layer.effect(First, ClerkHttp), keyed("sk_test_first")),
      Layer.provide(Layer.effect(Second, ClerkHttp), keyed("sk_test_second"))
    )
    return Effect.gen(function* () {
      yield* Effect.flip(Sessions.get("sess_1").pipe(Effect.provideServiceEffect(ClerkHttp, First)))
      yield* Effect.flip(Sessions.get("sess_1").pipe(Effect.provideServiceEffect(ClerkHttp, Second)))
      expect(calls.map(({ headers }) => headers["authorization"])).toEqual([
        "Bearer sk_test_first",
        "Bearer sk_test_second"
      ])
    }).pipe(Effect.provide(Layer.provide(Both, recorder)))
  })

  it.effect("layerConfig reads the key and the URL from the given Configs", () =>
    Effect.gen(function* () {
      const layer = configLayer(
        { secretKey: redactedConfig("MY_KEY"), apiUrl: stringConfig("MY_URL"), apiVersion: "2025-03-12" },
        { MY_KEY: "sk_test_mine", MY_URL: "https://mine.example", CLERK_SECRET_KEY: "sk_test_other" }
      )
      const request = yield* requestThrough(layer)
      expect(request?.url).toBe("https://mine.example/v1/sessions/sess_1")
      expect(request?.headers).toMatchObject({
        authorization: "Bearer sk_test_mine",
        "clerk-api-version": "2025-03-12"
      })
    })
  )

  it.effect("layerConfig reads a blank text from a custom Config as missing", () =>
    Effect.gen(function* () {
      const sources = { secretKey: redactedConfig("MY_KEY"), apiUrl: stringConfig("MY_URL") }
      for (const blank of ["", " \n"]) {
        const request = yield* requestThrough(configLayer(sources, { MY_KEY: "sk_test_mine", MY_URL: blank }))
        expect(request?.url).toBe("https://api.clerk.com/v1/sessions/sess_1")
        expect(yield* told(configLayer(sources, { MY_KEY: blank, MY_URL: blank }))).toBe(
          `secretKey ${missing}`
        )
      }
    })
  )

  it.effect("layerConfig reads allowInsecureHttp as a value or from a Config", () =>
    Effect.gen(function* () {
      const variables = { CLERK_SECRET_KEY: "sk_test_env", CLERK_API_URL: "http://clerk:4999", MY_FLAG: "on" }
      for (const allowInsecureHttp of [true, booleanConfig("MY_FLAG")]) {
        const request = yield* requestThrough(configLayer({ allowInsecureHttp }, variables))
        expect(request?.url).toBe("http://clerk:4999/v1/sessions/sess_1")
      }
      const layer = configLayer(
        { allowInsecureHttp: false },
        { ...variables, CLERK_ALLOW_INSECURE_HTTP: "true" }
      )
      expect(yield* told(layer)).toBe(`CLERK_API_URL (apiUrl) ${https}`)
    })
  )

  it.effect("layerConfig rejects a source that is not a Config", () =>
    Effect.gen(function* () {
      for (const [setting, source] of [
        ["secretKey", Redacted.make("sk_test_plain")],
        ["secretKey", "sk_test_plain"],
        ["apiUrl", "https://proxy.example"],
        ["allowInsecureHttp", "true"]
      ] as const) {
        expect(yield* told(configLayer(untyped({ [setting]: source })), source)).toBe(
          `${setting} must be a Config of Effect, which reads a variable`
        )
      }
    })
  )

  it.effect("layerConfig names no variable for a source that is not its own", () =>
    Effect.gen(function* () {
      const layer = configLayer({ secretKey: redactedConfig("MY_KEY") }, { MY_KEY: "pk_test_mine" })
      const error = yield* refusal(layer, "pk_test_mine")
      expect([error.setting, error.variable]).toEqual(["secretKey", undefined])
    })
  )

  it.effect("layerConfig does not change the failure of a custom Config", () =>
    Effect.gen(function* () {
      const error = yield* Layer.build(configLayer({ secretKey: redactedConfig("MY_KEY") })).pipe(
        Effect.scoped,
        Effect.flip
      )
      expect(isMissing(error, "MY_KEY")).toBe(true)
    })
  )
})
