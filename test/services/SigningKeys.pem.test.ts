import { generateKeyPairSync } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { type ClerkConfigError, SigningKeys } from "effect-clerk"
import { describe, expect, it } from "#test/vitest.js"
import { errorChannels } from "../support/channels.js"
import { base64urlOf, find, modulus } from "../support/keySets.js"
import { untyped } from "../support/requests.js"
import { ours } from "../support/tokenKeys.js"
import { ourPrivateKey, pemOf, sessionToken, theirPrivateKey } from "../support/tokens.js"
import { verifyAt } from "../support/verification.js"

const layerPem = (pem: unknown) => SigningKeys.layerPem(untyped<string>(pem))

const pem = pemOf(ours)
const base64 = pem.replace(/-----[A-Z ]+-----|\s/g, "")

/** Text in the form of an environment file. */
const escaped = (text: string, lineEnd = "\\n") => text.replaceAll("\n", lineEnd)

/** Text in the form of a secret store with one-line values. */
const encoded = (text: string) => Buffer.from(text).toString("base64")

const accepted: ReadonlyArray<readonly [string, string | Redacted.Redacted<string>]> = [
  ["as the dashboard shows it", pem],
  ["without the last line end", pem.trimEnd()],
  ["with space around it", `\n  ${pem}\t\n`],
  ["with the line ends of Windows", escaped(pem, "\r\n")],
  ["with the line ends of old Mac OS", escaped(pem, "\r")],
  ["with line ends written as two characters", escaped(pem)],
  ["with Windows's line ends written as four characters", escaped(pem, "\\r\\n")],
  ["on one line", escaped(pem, " ")],
  ["in double quotes", `"${pem}"`],
  ["in single quotes", `'${pem.trim()}'`],
  ["in quotes, with line ends written as two characters", `"${escaped(pem)}"`],
  ["with a byte order mark", `\uFEFF${pem}`],
  ["with indented lines", escaped(pem, "\n    ")],
  ["with one long line", `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----`],
  ["as base64 alone", base64],
  ["as base64 on lines", base64.replace(/.{64}/g, "$&\n")],
  ["as base64 in quotes with a line end", `"${base64}\\n"`],
  ["as base64 of the PEM", encoded(pem)],
  ["as base64 of the PEM without its last line end", encoded(pem.trimEnd())],
  ["as base64 of the PEM, without padding", encoded(pem).replace(/=+$/, "")],
  ["as base64 of the PEM, on lines", encoded(pem).replace(/.{76}/g, "$&\n")],
  ["as base64 of the PEM, in quotes with a line end", `"${encoded(pem)}\\n"`],
  ["as base64 of a PEM with line ends written as two characters", encoded(escaped(pem))],
  ["as base64 of a PEM in quotes", encoded(`"${escaped(pem)}"`)],
  ["as base64 of a PEM with the line ends of Windows", encoded(escaped(pem, "\r\n"))],
  ["as base64 of a PEM with a byte order mark", encoded(`\uFEFF${pem}`)],
  ["as base64 of the base64 alone", encoded(base64)],
  ["as base64 of base64 on lines", encoded(base64.replace(/.{64}/g, "$&\n"))],
  ["as base64 of base64 in quotes", encoded(`"${base64}"`)],
  ["as a Redacted", Redacted.make(pem)],
  ["as a Redacted on one line", Redacted.make(escaped(pem))]
]

describe("a key given as text is accepted", () => {
  it.effect.each(accepted)("%s", ([, text]) =>
    Effect.gen(function* () {
      const { userId } = yield* verifyAt(sessionToken())
      expect(userId).toBe("user_2g7np7Hrk0SN6kj5EDMLDaKNL0S")
    }).pipe(Effect.provide(layerPem(text)))
  )
})

describe("a key given as text", () => {
  it.effect("is the key of every token until the process ends", () =>
    Effect.gen(function* () {
      const found = yield* find("ins_1")
      expect(found).toEqual({ key: expect.objectContaining({ type: "public", extractable: false }) })
      expect([yield* find("ins_2"), yield* find(undefined)]).toEqual([found, found])
    }).pipe(Effect.provide(layerPem(pem)))
  )

  it.effect("rejects the tokens of another key", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(verifyAt(sessionToken({}, {}, theirPrivateKey)))
      expect(error).toMatchObject({ _tag: "ClerkTokenError", reason: "signature" })
    }).pipe(Effect.provide(layerPem(pem)))
  )
})

const spki = { type: "spki", format: "pem" } as const
const sharedPrivately =
  "is a private key: give the public one, and replace the private one, which has now been shared"
const notPem = "must be a public key in PEM form"
const notSpki = "must be an RSA public key in SPKI form"

const privatePem = String(ourPrivateKey.export({ type: "pkcs8", format: "pem" }))
const labelled = (label: string, text = base64) =>
  `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`
const madeOf = (n: bigint, e = 65_537n) => pemOf({ kty: "RSA", n: base64urlOf(n), e: base64urlOf(e) })

const refused: ReadonlyArray<readonly [string, unknown, string]> = [
  ["nothing", "", "is empty"],
  ["spaces", " \n\t", "is empty"],
  ["empty quotes", '""', "is empty"],
  ["a sentence", "the key, please", notPem],
  ["a word", "undefined", notSpki],
  ["the publishable key", "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k", notPem],
  ["the secret key", "sk_test_CanaryKey7Qm2xVb9Tz4Lw8CanaryKey", notPem],
  ["a private key", privatePem, sharedPrivately],
  ["a private key on one line", escaped(privatePem), sharedPrivately],
  ["a private key in quotes", `'${privatePem}'`, sharedPrivately],
  ["a private key as base64 alone", privatePem.replace(/-----[A-Z ]+-----|\s/g, ""), notSpki],
  ["a Redacted private key", Redacted.make(privatePem), sharedPrivately],
  ["a private key as base64 of the PEM", encoded(privatePem), sharedPrivately],
  ["base64 of two keys", encoded(pem + pem), "must be one key, not several"],
  [
    "base64 of a certificate",
    encoded(labelled("CERTIFICATE")),
    "is a certificate: give the public key alone"
  ],
  ["base64 of a key cut short", encoded(labelled("PUBLIC KEY", base64.slice(0, 200))), notSpki],
  ["base64 of a sentence", encoded("the key, please, and be quick about it"), notSpki],
  ["a private key in PKCS#1 form", labelled("RSA PRIVATE KEY"), sharedPrivately],
  ["a private key of another kind", labelled("EC PRIVATE KEY"), sharedPrivately],
  ["an encrypted private key", labelled("ENCRYPTED PRIVATE KEY"), sharedPrivately],
  ["a pair of keys", pem + privatePem, sharedPrivately],
  ["a certificate", labelled("CERTIFICATE"), "is a certificate: give the public key alone"],
  ["a request for one", labelled("CERTIFICATE REQUEST"), "is a certificate: give the public key alone"],
  [
    "the form PKCS#1",
    labelled("RSA PUBLIC KEY"),
    "is in PKCS#1 form: give it as SPKI, which begins with BEGIN PUBLIC KEY"
  ],
  ["two keys", pem + pem, "must be one key, not several"],
  ["two keys on one line", escaped(pem + pem), "must be one key, not several"],
  ["another label", labelled("SSH2 PUBLIC KEY"), notPem],
  ["text before the key", `Key:\n${pem}`, notPem],
  ["text after the key", `${pem}# ours`, notPem],
  ["a header within the key", pem.replace("\n", "\nProc-Type: 4\n"), notPem],
  ["a key in JSON", JSON.stringify({ key: pem }), notPem],
  ["a JWK", JSON.stringify({ kty: "RSA", n: ours.n, e: ours.e }), notPem],
  ["base64url", labelled("PUBLIC KEY", base64.replaceAll("+", "-").replaceAll("/", "_")), notPem],
  ["a key cut short", labelled("PUBLIC KEY", base64.slice(0, 200)), notSpki],
  ["a key without its first bytes", labelled("PUBLIC KEY", base64.slice(4)), notSpki],
  ["no key between the lines", labelled("PUBLIC KEY", ""), notPem],
  ["an elliptic curve", generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export(spki), notSpki],
  ["an Edwards curve", generateKeyPairSync("ed25519").publicKey.export(spki), notSpki],
  ["a key for PSS", generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).publicKey.export(spki), notSpki],
  ["512 bits", madeOf(modulus("pem", 512)), "must have at least 2048 bits"],
  ["1024 bits", madeOf(modulus("pem", 1024)), "must have at least 2048 bits"],
  ["2047 bits", madeOf(modulus("pem", 2047)), "must have at least 2048 bits"],
  ["8200 bits", madeOf(modulus("pem", 8200)), "must have at most 8192 bits"],
  ["an even modulus", madeOf(modulus("pem") - 1n), "has an even modulus"],
  ["the exponent 3", madeOf(modulus("pem"), 3n), "must have a public exponent such as 65537"],
  ["more text than any key", `${pem}${" ".repeat(16_384)}`, "is too long for a public key"],
  ["undefined", undefined, "must be a string"],
  ["null", null, "must be a string"],
  ["a number", 1, "must be a string"],
  ["bytes", Buffer.from(pem), "must be a string"],
  ["a list", [pem], "must be a string"],
  ["an object that converts to text", { toString: () => pem }, "must be a string"],
  ["a Redacted that holds no text", Redacted.make(undefined), "must be a string"]
]

const refusalOf = (layer: Layer.Layer<SigningKeys, ClerkConfigError>) =>
  Effect.flip(Effect.scoped(Layer.build(layer)))

/** Pieces of a text that are too long to occur by chance. */
const piecesOf = (given: unknown): ReadonlyArray<string> => {
  const text = String(Redacted.isRedacted(given) ? Redacted.value(given) : given)
  return (text.match(/[\w+/-]{16,}/g) ?? []).flatMap((run) => [run.slice(0, 16), run.slice(-16)])
}

describe("a key given as text is rejected when the layer is built, and not shown, if it is", () => {
  it.effect.each(refused)("%s", ([, given, rule]) =>
    Effect.gen(function* () {
      const error = yield* refusalOf(layerPem(given))
      expect(error).toMatchObject({ _tag: "ClerkConfigError", setting: "jwtKey", rule })
      expect(error.message).toBe(`jwtKey ${rule}`)
      const shown = errorChannels(error).map(([, text]) => text)
      expect(piecesOf(given).filter((piece) => shown.some((text) => text.includes(piece)))).toEqual([])
    })
  )

  it("long, with pieces that would reveal it", () => {
    expect(piecesOf(Redacted.make(privatePem)).length).toBeGreaterThan(20)
  })
})
