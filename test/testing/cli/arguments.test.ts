import * as Redacted from "effect/Redacted"
import { DEFAULT_WEBHOOK_SECRET } from "effect-clerk/testing"
import { describe, expect, it } from "#test/vitest.js"
import { readArguments } from "../../../src/testing/cli/arguments.js"

describe("the command line", () => {
  it("without flags serves this machine on port 4999 with the default key", () => {
    const command = readArguments([])
    expect(command).toMatchObject({ _tag: "serve", port: 4999, host: "127.0.0.1", seedFile: undefined })
    expect(command._tag === "serve" && Redacted.value(command.secretKey)).toBe("sk_test_emulator")
  })

  it("reads port, host, seed and key", () => {
    const command = readArguments([
      "--port",
      "0",
      "--host=::1",
      "--seed",
      "users.json",
      "--secret-key",
      "sk_test_mine"
    ])
    expect(command).toMatchObject({ _tag: "serve", port: 0, host: "::1", seedFile: "users.json" })
    expect(command._tag === "serve" && Redacted.value(command.secretKey)).toBe("sk_test_mine")
  })

  it("reads an empty value as a missing one, as from an unset shell variable", () => {
    const flags = [
      "--port",
      "",
      "--host=",
      "--seed",
      " ",
      "--secret-key",
      "",
      "--allow-host",
      "",
      "--allow-origin="
    ]
    const command = readArguments(flags)
    expect(command).toEqual(readArguments([]))
  })

  it("accepts any number of allowed hosts and origins", () => {
    const command = readArguments([
      "--allow-host",
      "host.docker.internal",
      "--allow-host=Clerk",
      "--allow-origin",
      "https://app.test:8443"
    ])
    expect(command).toMatchObject({
      allowedHosts: ["host.docker.internal", "clerk"],
      allowedOrigins: ["https://app.test:8443"]
    })
  })

  it.each([
    ["1000/10s", 10_000],
    ["1000/500ms", 500],
    ["1000/1m", 60_000],
    ["1000/1h", 3_600_000]
  ] as const)("reads the rate limit %s", (text, window) => {
    expect(readArguments(["--rate-limit", text])).toMatchObject({ rateLimit: { limit: 1000, window } })
  })

  it("reads the URL and the secret of webhooks", () => {
    const flags = ["--webhook-url", "http://localhost:3000/webhooks", "--webhook-secret", "whsec_c2VjcmV0"]
    const command = readArguments(flags)
    expect(command).toMatchObject({ webhookUrl: "http://localhost:3000/webhooks" })
    expect(command._tag === "serve" && Redacted.value(command.webhookSecret)).toBe("whsec_c2VjcmV0")
    expect(readArguments([])).toMatchObject({
      webhookUrl: undefined,
      webhookSecret: DEFAULT_WEBHOOK_SECRET,
      rateLimit: undefined
    })
  })

  const optionList =
    "The options are --port, --host, --seed, --secret-key, --token-lifetime, --rate-limit, --webhook-url, --webhook-secret, --allow-host, --allow-origin, --help, --version."

  it("accepts --help and --version", () => {
    expect(readArguments(["--help", "--port", "x"])).toEqual({ _tag: "help" })
    expect(readArguments(["--version"])).toEqual({ _tag: "version" })
  })

  it.each([
    ["1s", 1],
    ["5s", 5],
    ["10m", 600],
    ["24h", 86_400]
  ] as const)("reads the lifetime of session tokens %s", (text, seconds) => {
    expect(readArguments(["--token-lifetime", text])).toMatchObject({ tokenLifetime: seconds * 1_000 })
    expect(readArguments([])).toMatchObject({ tokenLifetime: 60_000 })
  })

  const wrong: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
    [["--prot", "1"], "Unknown option --prot. Did you mean --port?"],
    [["--tokenLifetime=5s"], "Unknown option --tokenLifetime. Did you mean --token-lifetime?"],
    [["-p", "1"], `Unknown option -p. ${optionList}`],
    [["--sk_live_1234567890"], `Unknown option --***. ${optionList}`],
    [
      ["users.json"],
      "Unexpected argument users.json. Put the name of an option before it, such as --seed users.json."
    ],
    [["sk_live_1234567890"], "Unexpected argument ***. Put the name of an option before it."],
    [["users\n.json"], "Unexpected argument users .json. Put the name of an option before it."],
    [["--port", "http"], "--port must be a number from 0 to 65535."],
    [["--port", "65536"], "--port must be a number from 0 to 65535."],
    [["--port", "-1"], "--port needs a value, which must be a number from 0 to 65535."],
    [["--host", "a b"], "--host must be an address such as 127.0.0.1, ::1 or localhost."],
    [["--seed"], "--seed needs a value, which must be the path of a JSON file."],
    ...["5", "500ms", "0s", "86401s", "25h", "1d", "-5s", "5 seconds"].map(
      (lifetime) =>
        [
          [`--token-lifetime=${lifetime}`],
          "--token-lifetime must be a duration from 1 second to 24 hours, such as 5s, 10m or 1h."
        ] as const
    ),
    ...["1000", "1000/10", "0/1s", "1/0s", "-1/1s", "1000/2h", "1e3/1s", "2000000/1s"].map(
      (limit) =>
        [
          [`--rate-limit=${limit}`],
          "--rate-limit must be a number of requests from 1 to 1,000,000 and a window from 1ms to 1h, such as 1000/10s, 100/500ms or 600/1m."
        ] as const
    ),
    ...["localhost:3000", "ftp://localhost", "http://"].map(
      (url) =>
        [
          ["--webhook-url", url],
          "--webhook-url must be an http or https URL, such as http://localhost:3000/webhooks."
        ] as const
    ),
    [
      ["--webhook-secret", "secret"],
      "--webhook-secret must be whsec_ followed by base64, such as whsec_c2VjcmV0."
    ],
    ...["clerk:4999", "http://clerk", "a b", "*"].map(
      (host) =>
        [
          ["--allow-host", host],
          "--allow-host must be a host name without a port, such as host.docker.internal."
        ] as const
    ),
    ...["app.test", "https://app.test/", "https://app.test/path", "*", "null", "HTTPS://app.test"].map(
      (origin) =>
        [
          ["--allow-origin", origin],
          "--allow-origin must be a web origin, such as http://app.test:3000."
        ] as const
    ),
    [["--help=yes"], "--help takes no value."]
  ]
  it.each(wrong)("reports a mistake in one sentence: %j", (args, sentence) => {
    expect(readArguments(args)).toEqual({ _tag: "invalid", sentence })
  })

  it.each(["sk_live_1234567890", "secret-1234567890", "sk_test_", "sk_test_a b"])(
    "rejects a key that is not made up for tests, and does not show it: %s",
    (key) => {
      expect(readArguments(["--secret-key", key])).toEqual({
        _tag: "invalid",
        sentence:
          "--secret-key must be a key made up for tests, which starts with sk_test_. Do not use a key of Clerk's dashboard here."
      })
    }
  )
})
