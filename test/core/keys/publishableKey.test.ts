import { createClerkClient } from "@clerk/backend"
import { Effect } from "effect"
import { ClerkEmulator } from "effect-clerk/testing"
import { describe, expect, it } from "#test/vitest.js"
import { RuleBreak } from "../../../src/core/input.js"
import { readPublishableKey } from "../../../src/core/keys/publishableKey.js"

const read = (key: unknown) =>
  Effect.flatMap(
    Effect.promise(() => readPublishableKey(key)),
    (read) => (read instanceof RuleBreak ? Effect.fail(read) : Effect.succeed(read))
  )

const keyOf = (text: string, prefix = "pk_test_") => prefix + Buffer.from(text).toString("base64")

describe("a publishable key contains the host of the Frontend API", () => {
  // Of every length modulo three, so that there are two, one and no characters of padding.
  const hosts = [
    "brief-lemur-9.clerk.accounts.dev",
    "clerk.example.com",
    "clerk.a.example.org",
    "clerk.test:8443"
  ]

  it.effect.each(hosts)("%s, with and without the padding of base64", (host) =>
    Effect.gen(function* () {
      for (const prefix of ["pk_test_", "pk_live_"]) {
        const key = keyOf(`${host}$`, prefix)
        expect((yield* read(key)).issuer).toBe(`https://${host}`)
        expect((yield* read(key.replace(/=+$/, ""))).issuer).toBe(`https://${host}`)
      }
    })
  )

  it.effect.each(["localhost", "localhost:4810", "clerk.localhost:4810", "127.0.0.1:4810", "127.1.2.3"])(
    "%s, over http because it is a loopback host",
    (host) =>
      Effect.gen(function* () {
        expect((yield* read(keyOf(`${host}$`))).issuer).toBe(`http://${host}`)
      })
  )

  const padded = keyOf("clerk.example.com$")
  const others: ReadonlyArray<readonly [name: string, key: unknown]> = [
    ["nothing", ""],
    ["a prefix alone", "pk_test_"],
    ["no string", 1],
    ["null", null],
    ["a list of keys", [padded]],
    ["a secret key", keyOf("clerk.example.com$", "sk_test_")],
    ["another prefix", keyOf("clerk.example.com$", "pk_prod_")],
    ["spaces around it", ` ${padded}`],
    ["a line break after it", `${padded}\n`],
    ["a host without the dollar sign", keyOf("clerk.example.com")],
    ["two dollar signs", keyOf("clerk.example.com$$")],
    ["something after the dollar sign", keyOf("clerk.example.com$.evil.test")],
    ["a host of one word", keyOf("intranet$")],
    ["a host of one word with a port", keyOf("emulator:4000$")],
    ["a port that does not exist", keyOf("localhost:65536$")],
    ["an empty label", keyOf("clerk..com$")],
    ["dots alone", keyOf("...$")],
    ["a path", keyOf("clerk.example.com/evil$")],
    ["a user", keyOf("clerk.example.com@evil.test$")],
    ["a scheme", keyOf("https://clerk.example.com$")],
    ["a query", keyOf("clerk.example.com?a$")],
    ["capitals", keyOf("Clerk.Example.com$")],
    ["letters that look like others", keyOf("clerk.exаmple.com$")],
    ["no base64", "pk_test_%%%%"],
    ["a length base64 never has", "pk_test_Y2xlc"],
    ["padding within", keyOf("clerk.example.com$").replace("Y2x", "Y=x")],
    ["more than any host name", keyOf(`${"a.".repeat(400)}com$`)]
  ]

  it.effect.each(others)("but %s is rejected, and is not shown", ([, key]) =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(read(key))
      expect(refused).toEqual(
        new RuleBreak(
          "publishableKey",
          "must be the key that starts with pk_test_ or pk_live_ in Clerk's dashboard"
        )
      )
    })
  )
})

describe("the suffix of the instance's cookies", () => {
  // The suffixes that Clerk's own tests expect for these keys.
  const published = [
    ["pk_live_Y2xlcmsuY2xlcmsuZGV2JA", "1Z8AzTQD"],
    ["pk_test_Y2xlcmsuY2xlcmsuZGV2JA", "QvfNY2dr"],
    ["pk_test_ZW5vdWdoLWFscGFjYS04Mi5jbGVyay5hY2NvdW50cy5sY2xjbGVyay5jb20k", "jtYvyt_H"],
    ["pk_test_eHh4eHh4LXhhYWFhYS1hYS5jbGVyay5hY2NvdW50cy5sY2xjbGVyay5jb20k", "tZJdb-5s"]
  ] as const

  it.effect.each(published)("of %s is %s", ([key, suffix]) =>
    Effect.gen(function* () {
      expect((yield* read(key)).cookieSuffix).toBe(suffix)
    })
  )

  it.live("is the one that Clerk's own backend reads", () =>
    Effect.gen(function* () {
      const clerk = yield* ClerkEmulator.make({ issuer: "https://clerk.a.example.org", production: true })
      const user = yield* clerk.createUser()
      const { sessionToken } = yield* clerk.signIn(user.id)
      // A key with other padding is another key, with another suffix.
      for (const publishableKey of [clerk.publishableKey, clerk.publishableKey.replace(/=+$/, "")]) {
        const backend = createClerkClient({
          secretKey: "sk_live_backend",
          publishableKey,
          jwtKey: clerk.publicKeyPem,
          telemetry: { disabled: true }
        })
        const userOf = (suffix: string) =>
          Effect.promise(async () => {
            const uat = Math.floor(Date.now() / 1000) - 10
            const cookie = `__session_${suffix}=${sessionToken}; __client_uat_${suffix}=${uat}`
            const request = new Request("https://app.emulator.test/", { headers: { cookie } })
            return (await backend.authenticateRequest(request, { publishableKey })).toAuth()?.userId ?? null
          })
        const { cookieSuffix } = yield* read(publishableKey)
        expect(yield* userOf(cookieSuffix)).toBe(user.id)
        expect(yield* userOf("AAAAAAAA")).toBe(null)
      }
    })
  )
})
