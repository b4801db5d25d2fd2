import { constants, generateKeyPairSync } from "node:crypto"
import * as Effect from "effect/Effect"
import { afterEach, beforeEach, describe, expect, it } from "#test/vitest.js"
import { importKeySet } from "../../../src/core/keys/keySet.js"
import { backend, importRsaKey, isSignedBy, type NodeCrypto } from "../../../src/core/token/signature.js"
import { nodeCrypto, withNodeCrypto, withWebCrypto } from "../../support/backends.js"
import { base64urlOf, modulus } from "../../support/keySets.js"
import { withPollutedPrototype } from "../../support/pollution.js"
import { SeededRandom } from "../../support/random.js"
import { ours, theirs } from "../../support/tokenKeys.js"
import { ourKey, ourPrivateKey, publicJwk, signatureOf, theirKey } from "../../support/tokens.js"

const ourNumbers = { n: String(ours.n), e: String(ours.e) }

const theirNumbers = { n: String(theirs.n), e: String(theirs.e) }

const text = "header.payload"
const good = { signed: text, signature: signatureOf(text) }

const importOurs = Effect.promise(() => importRsaKey(ourNumbers))

/** The verdict, whether it comes at once or later. */
const verdictOf = (key: CryptoKey, signature: string, signed = text) =>
  Effect.promise(async () => isSignedBy({ key }, { signed, signature }))

/** The verdicts of both backends, which must not differ. */
const verdictsOf = (...given: Parameters<typeof verdictOf>) =>
  Effect.all({
    node: withNodeCrypto(verdictOf(...given)),
    webCrypto: withWebCrypto(verdictOf(...given))
  })

const both = (verdict: boolean) => ({ node: verdict, webCrypto: verdict })

describe("a signature", () => {
  it.effect("is verified at once with an imported key where node:crypto exists", () =>
    withNodeCrypto(
      Effect.sync(() => {
        expect(isSignedBy({ key: ourKey }, good)).toBe(true)
        expect(isSignedBy({ key: theirKey }, good)).toBe(false)
      })
    )
  )

  it.effect("is verified later where node:crypto is missing", () =>
    withWebCrypto(
      Effect.gen(function* () {
        const verdicts = [ourKey, theirKey].map((key) => isSignedBy({ key }, good))
        expect(verdicts).toEqual([expect.any(Promise), expect.any(Promise)])
        expect(yield* Effect.promise(() => Promise.all(verdicts))).toEqual([true, false])
      })
    )
  )

  it.effect(
    "is verified by WebCrypto with a key of the caller's own, even with a copy of an imported one",
    () =>
      withNodeCrypto(
        Effect.gen(function* () {
          const { n, e } = publicJwk(ours, "ins_1")
          const own = yield* Effect.promise(() =>
            crypto.subtle.importKey(
              "jwk",
              { kty: "RSA", n, e } as JsonWebKey,
              { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
              false,
              ["verify"]
            )
          )
          const found = { key: theirKey, freshUntilNanos: 1n }
          for (const key of [own, structuredClone(ourKey)]) {
            const verdict = isSignedBy({ ...found, key }, good)
            expect(verdict).toBeInstanceOf(Promise)
            expect(yield* Effect.promise(async () => verdict)).toBe(true)
          }
        })
      )
  )

  it.effect("is invalid with a value that is no key, or a key of another kind", () =>
    Effect.gen(function* () {
      const hmac = yield* Effect.promise(() =>
        crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"])
      )
      for (const key of [hmac, {}, undefined, "key"]) {
        expect(yield* verdictsOf(key as CryptoKey, good.signature)).toEqual(both(false))
      }
    })
  )

  it.effect("is verified although every object inherits options of node:crypto", () =>
    withPollutedPrototype({
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: "x",
      dsaEncoding: "x"
    })(
      withNodeCrypto(
        Effect.gen(function* () {
          const key = yield* importOurs
          expect(isSignedBy({ key }, good)).toBe(true)
          expect(isSignedBy({ key }, { ...good, signed: "header.other" })).toBe(false)
        })
      )
    )
  )
})

describe("node:crypto", () => {
  const { getBuiltinModule } = process
  const chosen = { ...backend }

  beforeEach(() => {
    Object.assign(chosen, backend)
    Object.assign(backend, { isChosen: false, node: undefined })
  })

  afterEach(() => {
    process.getBuiltinModule = getBuiltinModule
    Object.assign(backend, chosen)
  })

  /** Puts another value in the place of the function that looks modules up. */
  const lookUp = (getBuiltinModule: unknown) => Object.assign(process, { getBuiltinModule })

  it.effect("is looked up with the first key, once, and used after its self-test", () =>
    Effect.gen(function* () {
      const names: Array<string> = []
      lookUp((name: string) => {
        names.push(name)
        return nodeCrypto
      })
      expect(names).toEqual([])
      const key = yield* importOurs
      yield* importOurs
      expect(names).toEqual(["node:crypto"])
      expect(isSignedBy({ key }, good)).toBe(true)
    })
  )

  const verifying = (verify: () => unknown) => ({
    ...nodeCrypto,
    createVerify: () => ({ update: () => ({ verify }) })
  })
  const fail = (): never => {
    throw new Error("not supported")
  }
  const unfit: ReadonlyArray<readonly [name: string, getBuiltinModule: unknown]> = [
    ["cannot be looked up", undefined],
    ["is looked up by a function that throws", fail],
    ["is missing", () => undefined],
    ["is no module", () => ({})],
    ["cannot import a key", () => ({ ...nodeCrypto, createPublicKey: fail })],
    [
      "imports a key of another type",
      () => ({
        ...nodeCrypto,
        createPublicKey: (key: object) =>
          Object.defineProperty(nodeCrypto.createPublicKey(key), "asymmetricKeyType", { value: "rsa-pss" })
      })
    ],
    ["cannot verify", () => ({ ...nodeCrypto, createVerify: fail })],
    ["accepts every signature", () => verifying(() => true)],
    ["rejects every signature", () => verifying(() => false)],
    ["throws for every signature", () => verifying(fail)],
    [
      "returns no boolean",
      () => ({
        ...nodeCrypto,
        createVerify: (algorithm: "RSA-SHA256") => {
          const verify = nodeCrypto.createVerify(algorithm)
          const update = (text: string) => {
            verify.update(text)
            return { verify: (...given: Parameters<typeof verify.verify>) => Number(verify.verify(...given)) }
          }
          return { update }
        }
      })
    ]
  ]

  for (const [name, getBuiltinModule] of unfit) {
    it.effect(`is not used when it ${name}`, () =>
      Effect.gen(function* () {
        lookUp(getBuiltinModule)
        const key = yield* importOurs
        expect(backend).toEqual({ isChosen: true, node: undefined })
        expect(yield* verdictOf(key, good.signature)).toBe(true)
        expect(yield* verdictOf(key, good.signature, "header.other")).toBe(false)
      })
    )
  }

  it.effect("is not used any more, with any key, once it fails to import one", () =>
    Effect.gen(function* () {
      const { createPublicKey } = nodeCrypto
      const failing = { at: Number.POSITIVE_INFINITY, made: 0 }
      lookUp(() => ({
        ...nodeCrypto,
        createPublicKey: (key: object) => (++failing.made < failing.at ? createPublicKey(key) : fail())
      }))
      const first = yield* importOurs
      expect(isSignedBy({ key: first }, good)).toBe(true)
      failing.at = failing.made + 1
      const second = yield* importOurs
      failing.at = Number.POSITIVE_INFINITY
      for (const key of [first, second, yield* importOurs]) {
        const verdict = isSignedBy({ key }, good)
        expect(verdict).toBeInstanceOf(Promise)
        expect(yield* Effect.promise(async () => verdict)).toBe(true)
      }
    })
  )

  it.effect("rejects a signature that it throws for", () =>
    Effect.gen(function* () {
      const key = yield* importOurs
      backend.node = verifying(fail) as unknown as NodeCrypto // has the parts in use
      expect(isSignedBy({ key }, good)).toBe(false)
    })
  )
})

describe("both backends", () => {
  const bytes = Buffer.from(good.signature, "base64url")
  const encode = (signature: Uint8Array) => Buffer.from(signature).toString("base64url")
  const n = BigInt(`0x${Buffer.from(ourNumbers.n, "base64url").toString("hex")}`)
  const numberOf = (signature: string) => BigInt(`0x${Buffer.from(signature, "base64url").toString("hex")}`)

  const padding = (saltLength: number) => ({
    key: ourPrivateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength
  })

  const invalid: ReadonlyArray<readonly [name: string, signature: string]> = [
    ["empty", ""],
    ["of one byte", encode(Buffer.of(1))],
    ["of 255 bytes", encode(bytes.subarray(0, -1))],
    ["of 255 bytes, without the first one", encode(bytes.subarray(1))],
    ["of 257 bytes, with a zero before", encode(Buffer.concat([Buffer.alloc(1), bytes]))],
    ["of 257 bytes, with a zero after", encode(Buffer.concat([bytes, Buffer.alloc(1)]))],
    ["of 12,000 bytes", encode(Buffer.alloc(12_000, bytes))],
    ["of zeros", encode(Buffer.alloc(256))],
    ["the number one", encode(Buffer.concat([Buffer.alloc(255), Buffer.of(1)]))],
    ["of ones", encode(Buffer.alloc(256, 0xff))],
    ["the modulus", base64urlOf(n)],
    ["the modulus less one", base64urlOf(n - 1n)],
    ["the modulus and one", base64urlOf(n + 1n)],
    ["negated", base64urlOf(n - numberOf(good.signature))],
    ["made with SHA-1", signatureOf(text, ourPrivateKey, "sha1")],
    ["made with SHA-384", signatureOf(text, ourPrivateKey, "sha384")],
    ["made with SHA-512", signatureOf(text, ourPrivateKey, "sha512")],
    ["made with PSS and a salt", signatureOf(text, padding(32))],
    ["made with PSS and no salt", signatureOf(text, padding(0))]
  ]

  for (const [name, signature] of invalid) {
    it.effect(`reject a signature that is ${name}`, () =>
      Effect.gen(function* () {
        expect(yield* verdictsOf(ourKey, signature)).toEqual(both(false))
      })
    )
  }

  it.effect("accept a signature that begins with a zero, and reject it without the zero", () =>
    Effect.gen(function* () {
      const signed = "header.25"
      const signature = Buffer.from(signatureOf(signed), "base64url")
      expect(signature[0]).toBe(0)
      expect(yield* verdictsOf(ourKey, encode(signature), signed)).toEqual(both(true))
      expect(yield* verdictsOf(ourKey, encode(signature.subarray(1)), signed)).toEqual(both(false))
    })
  )

  it.effect("reject a valid signature to which the modulus was added", () =>
    Effect.gen(function* () {
      const signed = "header.6"
      const signature = numberOf(signatureOf(signed))
      expect(signature + n).toBeLessThan(2n ** 2048n)
      expect(yield* verdictsOf(ourKey, base64urlOf(signature), signed)).toEqual(both(true))
      expect(yield* verdictsOf(ourKey, base64urlOf(signature + n), signed)).toEqual(both(false))
    })
  )

  it.effect("accept and reject with keys of other sizes and exponents", () =>
    Effect.gen(function* () {
      for (const options of [{ modulusLength: 2048, publicExponent: 65_539 }, { modulusLength: 2049 }]) {
        const { privateKey, publicKey } = generateKeyPairSync("rsa", options)
        const { e = "", n = "" } = publicKey.export({ format: "jwk" })
        const key = yield* Effect.promise(() => importRsaKey({ n, e }))
        expect(yield* verdictsOf(key, signatureOf(text, privateKey))).toEqual(both(true))
        expect(yield* verdictsOf(key, good.signature)).toEqual(both(false))
      }
    })
  )

  /** KEY_SEED replays the same keys. */
  const seed = Number(process.env["KEY_SEED"] ?? Date.now() % 2 ** 31)

  it.effect(
    `use the same keys of mutated sets, and with them accept the same tokens (KEY_SEED=${seed})`,
    () =>
      Effect.gen(function* () {
        const random = new SeededRandom(seed)
        const among = <A>(values: ReadonlyArray<A>): A => values[random.integer(values.length)] as A // never empty
        const padded = (number: string) =>
          encode(Buffer.concat([Buffer.of(0), Buffer.from(number, "base64url")]))
        const exponents = [1n, 3n, 65_536n, 65_539n, 2n ** 32n - 1n, 2n ** 32n + 1n, 2n ** 33n + 1n]
        const edits: ReadonlyArray<readonly [name: string, values: ReadonlyArray<unknown>]> = [
          ["kty", ["EC", "oct", "rsa", undefined]],
          ["use", ["enc", "sig", undefined]],
          ["alg", ["RS512", "PS256", "RS256", undefined]],
          ["key_ops", [["encrypt"], ["verify"], ["sign", "verify"], []]],
          ...["d", "p", "q", "dp", "dq", "qi", "oth", "k"].map((name) => [name, ["AQAB", null]] as const),
          [
            "n",
            [
              padded(ourNumbers.n),
              padded(padded(ourNumbers.n)),
              `${ourNumbers.n}=`,
              `${ourNumbers.n.slice(0, -1)}x`,
              `${ourNumbers.n}A`,
              ourNumbers.n.replace("-", "+"),
              theirNumbers.n,
              ...[1024, 2047, 2048, 4096, 8192, 8193, 16_384].map((bits) =>
                base64urlOf(modulus("mutated", bits))
              ),
              base64urlOf(modulus("mutated") - 1n)
            ]
          ],
          ["e", [padded("AQAB"), padded(padded("AQAB")), "AQAB=", "AQAC", "", ...exponents.map(base64urlOf)]]
        ]
        const outcomeOf = (key: object) =>
          Effect.gen(function* () {
            const { node } = backend
            const set = yield* Effect.promise(() => importKeySet([key]))
            // A key that only one backend can import would end the use of the other.
            expect(backend.node).toBe(node)
            if (typeof set === "string") return set
            const keys = [...set.values()]
            return yield* Effect.forEach(keys, (key) => verdictOf(key, good.signature))
          })
        const outcomes = new Set<string>()
        for (let made = 0; made < 300; made++) {
          const changes = Array.from({ length: 1 + random.integer(2) }, () => {
            const [name, values] = among(edits)
            return [name, among(values)] as const
          })
          const key = { ...publicJwk(ours, "ins_1"), ...Object.fromEntries(changes) }
          const [withNode, without] = yield* Effect.all([
            withNodeCrypto(outcomeOf(key)),
            withWebCrypto(outcomeOf(key))
          ])
          expect(withNode, JSON.stringify(key)).toEqual(without)
          outcomes.add(String(withNode))
        }
        expect([...outcomes].sort()).toEqual(["empty", "false", "true"])
      })
  )
})
