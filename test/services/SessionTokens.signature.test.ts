import { generateKeyPairSync } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SessionTokens, SigningKeys } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"
import { describe, expect, it } from "#test/vitest.js"
import { fetchLayer, secretKey } from "../support/clientLayers.js"
import { json, loopback } from "../support/loopback.js"
import { ours, theirs } from "../support/tokenKeys.js"
import {
  claims,
  encode,
  header,
  keysOf,
  kid,
  now,
  otherKid,
  ourKeys,
  ourPrivateKey,
  pemOf,
  publicJwk,
  sessionToken,
  signatureOf,
  theirPrivateKey,
  tokenOf
} from "../support/tokens.js"
import { reasonOf, refusalOf, verifyAt } from "../support/verification.js"

const good = sessionToken()
const [head = "", payload = "", signature = ""] = good.split(".")

/** The keys that Clerk publishes for an instance, over a separate client. */
const published = (...keys: ReadonlyArray<object>) =>
  SigningKeys.layerJwks.pipe(Layer.provide(ClerkTest.layer(() => ClerkTest.json(200, { keys }))))

describe("a signature of another key or text is rejected:", () => {
  const bytes = Buffer.from(signature, "base64url")
  const attacker = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const attackerJwk = { ...attacker.publicKey.export({ format: "jwk" }), kid, alg: "RS256", use: "sig" }
  const signedByAttacker = (changes: object) =>
    tokenOf({ ...header(), ...changes }, claims(), attacker.privateKey)
  const other = sessionToken({ sub: "user_other" })
  const [, otherPayload, otherSignature] = other.split(".")
  const resigned = (digest: string) =>
    `${head}.${payload}.${signatureOf(`${head}.${payload}`, ourPrivateKey, digest)}`
  const pss = signatureOf(`${head}.${payload}`, { key: ourPrivateKey, padding: 6, saltLength: 32 })
  const cases: ReadonlyArray<readonly [name: string, token: string]> = [
    ["by another key under our key id", sessionToken({}, {}, theirPrivateKey)],
    ["by a key in the header (jwk)", signedByAttacker({ jwk: attackerJwk })],
    ["by a certificate in the header", signedByAttacker({ x5c: [encode("certificate")], x5t: "AAAA" })],
    ["of another token of ours", `${head}.${payload}.${otherSignature}`],
    ["under the payload of another token of ours", `${head}.${otherPayload}.${signature}`],
    ["under another header", `${encode(header({ typ: undefined }))}.${payload}.${signature}`],
    [
      "under the same header written with spaces",
      `${encode(JSON.stringify(header(), null, 1))}.${payload}.${signature}`
    ],
    ["over the payload alone", `${head}.${payload}.${signatureOf(payload)}`],
    [
      "over the decoded parts",
      `${head}.${payload}.${signatureOf(JSON.stringify(header()) + JSON.stringify(claims()))}`
    ],
    ["made with SHA-512", resigned("sha512")],
    ["made with SHA-1", resigned("sha1")],
    ["made with PSS padding", `${head}.${payload}.${pss}`],
    ["of zeros", `${head}.${payload}.${encode(Buffer.alloc(256))}`],
    ["of ones", `${head}.${payload}.${encode(Buffer.alloc(256, 0xff))}`],
    ["the number one", `${head}.${payload}.${encode(Buffer.concat([Buffer.alloc(255), Buffer.of(1)]))}`],
    ["the modulus", `${head}.${payload}.${ours.n}`],
    ["of one byte", `${head}.${payload}.AA`],
    ["short of its last byte", `${head}.${payload}.${encode(bytes.subarray(0, -1))}`],
    ["with a zero byte before it", `${head}.${payload}.${encode(Buffer.concat([Buffer.alloc(1), bytes]))}`],
    ["with a zero byte after it", `${head}.${payload}.${encode(Buffer.concat([bytes, Buffer.alloc(1)]))}`],
    ["twice", `${head}.${payload}.${encode(Buffer.concat([bytes, bytes]))}`],
    ["backwards", `${head}.${payload}.${encode(Buffer.from(bytes).reverse())}`]
  ]
  for (const [name, token] of cases) {
    it.effect(name, () =>
      Effect.gen(function* () {
        expect(yield* reasonOf(token)).toBe("signature")
      })
    )
  }

  it.effect("with a key that cannot verify", () =>
    Effect.gen(function* () {
      const { publicKey } = yield* Effect.promise(() =>
        crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"])
      )
      expect(yield* reasonOf(good, undefined, { keys: keysOf({ [kid]: publicKey }) })).toBe("signature")
    })
  )

  it.effect(
    "with any single character of a valid token changed to any other",
    () =>
      Effect.gen(function* () {
        const alphabet = Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        const verify = yield* SessionTokens.verifier()
        yield* verifyAt(good)
        const reasons = new Map<string, number>()
        const flips = Array.from(good).flatMap((character, at) =>
          alphabet
            .filter((each) => each !== character)
            .map((each) => `${good.slice(0, at)}${each}${good.slice(at + 1)}`)
        )
        yield* Effect.forEach(
          flips,
          (token) =>
            Effect.map(Effect.flip(verify(token)), ({ reason }) =>
              reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
            ),
          { concurrency: 64, discard: true }
        )
        expect(flips.length).toBe(Array.from(reasons.values()).reduce((sum, count) => sum + count, 0))
        expect(flips.length).toBe(63 * good.length + 2) // the two dots are not in the alphabet of 64
        expect([...reasons.keys()].sort()).toEqual([
          "alg",
          "category",
          "format",
          "signature",
          "typ",
          "unknown-key"
        ])
      }).pipe(Effect.provide(ourKeys)),
    60_000
  )
})

describe("the keys of two instances in one process", () => {
  const ourInstance = published(publicJwk(ours, kid))
  const theirInstance = published(publicJwk(theirs, otherKid))
  const theirToken = sessionToken({}, { kid: otherKid }, theirPrivateKey)

  it.effect("verify the tokens of their own instance only", () =>
    Effect.gen(function* () {
      yield* Effect.provide(verifyAt(good), ourInstance)
      yield* Effect.provide(verifyAt(theirToken), theirInstance)
      expect(yield* reasonOf(theirToken, undefined, { keys: ourInstance })).toBe("unknown-key")
      expect(yield* reasonOf(good, undefined, { keys: theirInstance })).toBe("unknown-key")
    })
  )

  it.effect("are not confused when both have the same id", () =>
    Effect.gen(function* () {
      const alike = published(publicJwk(theirs, kid))
      yield* Effect.provide(verifyAt(good), ourInstance)
      expect(yield* reasonOf(good, undefined, { keys: alike })).toBe("signature")
      const theirs_ = sessionToken({}, {}, theirPrivateKey)
      yield* Effect.provide(verifyAt(theirs_), alike)
      expect(yield* reasonOf(theirs_, undefined, { keys: ourInstance })).toBe("signature")
    })
  )

  it.effect("are not confused with a single key, which is used for any id", () =>
    Effect.gen(function* () {
      const keys = SigningKeys.layerPem(pemOf(ours)).pipe(Layer.orDie)
      yield* Effect.provide(verifyAt(good), keys)
      yield* Effect.provide(verifyAt(sessionToken({}, { kid: undefined })), keys)
      expect(yield* reasonOf(theirToken, undefined, { keys })).toBe("signature")
    })
  )
})

describe("an unknown key id is rejected:", () => {
  const keys = published(publicJwk(ours, kid))
  it.effect("also with the only key held", () =>
    Effect.gen(function* () {
      yield* verifyAt(good)
      const error = yield* Effect.flip(verifyAt(sessionToken({}, { kid: "ins_unknown" })))
      expect(error).toMatchObject({ reason: "unknown-key" })
    }).pipe(Effect.provide(keys))
  )

  for (const [name, id] of [
    ["an unknown one", "ins_unknown"],
    ["none", undefined],
    ["ours in capitals", kid.toUpperCase()],
    ["the beginning of ours", kid.slice(0, -1)],
    ["__proto__", "__proto__"],
    ["constructor", "constructor"],
    ["the longest possible one", "a".repeat(128)]
  ] as const) {
    it.effect(name, () =>
      Effect.gen(function* () {
        expect(yield* reasonOf(sessionToken({}, { kid: id }), undefined, { keys })).toBe("unknown-key")
      })
    )
  }
})

it.live("the key URL in a token is never fetched, with a valid signature or not", () =>
  Effect.scoped(
    Effect.gen(function* () {
      const canary = yield* loopback(json({ keys: [publicJwk(theirs, otherKid)] }))
      const clerk = yield* loopback(json({ keys: [publicJwk(ours, kid)] }))
      const keys = SigningKeys.layerJwks.pipe(Layer.provide(fetchLayer({ secretKey, apiUrl: clerk.url })))
      const urls = {
        jku: `${canary.url}/jwks`,
        x5u: `${canary.url}/cert`,
        jwks_uri: canary.url,
        iss: canary.url
      }
      const current = Math.floor(Date.now() / 1000)
      const live = { iat: current, nbf: current, exp: current + 60, iss: canary.url, jku: canary.url }
      const reasons = yield* Effect.forEach(
        [
          sessionToken(live, { ...urls, kid: otherKid }, theirPrivateKey),
          sessionToken(live, urls, theirPrivateKey),
          sessionToken(live, urls)
        ],
        (token) =>
          Effect.match(SessionTokens.verify(token), {
            onFailure: (error) => ("reason" in error ? error.reason : error),
            onSuccess: () => "accepted"
          })
      ).pipe(Effect.provide(Layer.orDie(keys)))
      expect(reasons).toEqual(["unknown-key", "signature", "accepted"])
      expect(clerk.received.map(({ method, url }) => `${method} ${url}`)).toEqual(["GET /v1/jwks"])
      expect(canary.connections()).toBe(0)
    })
  )
)

describe("an error before the signature is verified shows nothing of the claims:", () => {
  const secret = "CanaryClaim7f3a9c"
  const told = {
    sub: secret,
    sid: secret,
    azp: secret,
    iss: secret,
    aud: secret,
    sts: secret,
    v: secret,
    o: secret
  }
  for (const [name, claimed] of [
    ["good claims", claims()],
    ["claims that are expired", claims({ exp: now - 600, iat: now - 660 })],
    ["claims that begin tomorrow", claims({ nbf: now + 86_400 })],
    ["claims that are all invalid", claims(told)],
    ["claims that are no JSON", secret]
  ] as const) {
    it.effect(`${name} look the same`, () =>
      Effect.gen(function* () {
        const options = {
          authorizedParties: ["https://only.example.com"],
          issuer: "https://other.example.com"
        }
        const forged = yield* refusalOf(tokenOf(header(), claimed, theirPrivateKey), options)
        expect(JSON.parse(JSON.stringify(forged))).toEqual({
          _tag: "ClerkTokenError",
          reason: "signature",
          message:
            "Token rejected (signature): its signature does not match the key; check that token and key are of one instance"
        })
        const unknown = yield* refusalOf(tokenOf(header({ kid: "ins_unknown" }), claimed), options)
        expect(JSON.parse(JSON.stringify(unknown))).toEqual({
          _tag: "ClerkTokenError",
          reason: "unknown-key",
          message:
            "Token rejected (unknown-key): the instance has no key with its key id (kid); check that token and key are of one instance"
        })
      })
    )
  }
})
