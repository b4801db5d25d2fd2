import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"
import { exportJWK, importSPKI } from "jose"
import { ClerkConfigError } from "../../errors/ClerkConfigError.js"
import { importRsaKey, rsaFlaw } from "./rsaKey.js"

/** The labels of what people paste by mistake, and what to tell them. */
const wrongLabels: ReadonlyArray<readonly [RegExp, string]> = [
  [
    /PRIVATE KEY/,
    "is a private key: give the public one, and replace the private one, which has now been shared"
  ],
  [/CERTIFICATE/, "is a certificate: give the public key alone"],
  [/RSA PUBLIC KEY/, "is in PKCS#1 form: give it as SPKI, which begins with BEGIN PUBLIC KEY"]
]

/** Undoes what environment files do to a PEM: quotes around it, line ends written as two characters. */
const unescaped = (text: string): string =>
  text
    .trim()
    .replace(/^(["'])(.*)\1$/s, "$2")
    .replaceAll("\\r", "")
    .replaceAll("\\n", "\n")
    .trim()

/**
 * The text that was encoded in base64 once more, as some secret stores keep values of several lines. It is a PEM, or the
 * base64 of one, which begins with `MII` for every RSA key.
 */
const decodedOnce = (plain: string): string | undefined => {
  const unpadded = plain.replace(/\s+|=+$/g, "")
  const padded = unpadded.padEnd(Math.ceil(unpadded.length / 4) * 4, "=")
  const decoded = Either.getOrUndefined(Encoding.decodeBase64String(padded))?.trim()
  return decoded !== undefined && /^["']?(?:-----BEGIN |MII[A-Za-z0-9+/=\s]+["']?$)/.test(decoded)
    ? decoded
    : undefined
}

const pemOf = (text: string): string | { readonly rule: string } => {
  // Far more than any key has; what is longer is not looked at.
  if (text.length > 16_384) return { rule: "is too long for a public key" }
  const plain = unescaped(text)
  if (plain === "") return { rule: "is empty" }
  const decoded = decodedOnce(plain)
  if (decoded !== undefined) return pemOf(decoded)
  for (const [label, rule] of wrongLabels) if (label.test(plain)) return { rule }
  const blocks = plain.match(/-----BEGIN /g)?.length ?? 0
  if (blocks > 1) return { rule: "must be one key, not several" }
  const body = plain.replace(/^-----BEGIN PUBLIC KEY-----|-----END PUBLIC KEY-----$/g, "").replace(/\s+/g, "")
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(body)) return { rule: "must be a public key in PEM form" }
  return `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----`
}

/**
 * Reads an RSA public key in SPKI form: PEM, PEM with escaped line ends, or the base64 alone; each also encoded in base64
 * once more.
 */
export const importPublicKeyPem = (input: unknown): Effect.Effect<CryptoKey, ClerkConfigError> => {
  const refuse = (rule: string) => Effect.fail(new ClerkConfigError({ setting: "jwtKey", rule }, true))
  return Effect.gen(function* () {
    const text: unknown = Redacted.isRedacted(input) ? Redacted.value(input) : input
    if (typeof text !== "string") return yield* refuse("must be a string")
    const pem = pemOf(text)
    if (typeof pem !== "string") return yield* refuse(pem.rule)
    const { kty, n, e } = yield* Effect.tryPromise(async () =>
      exportJWK(await importSPKI(pem, "RS256", { extractable: true }))
    ).pipe(Effect.catchAll(() => refuse("must be an RSA public key in SPKI form")))
    if (kty !== "RSA" || n === undefined || e === undefined) return yield* refuse("must be an RSA public key")
    const flaw = rsaFlaw({ n, e })
    return flaw === undefined ? yield* importRsaKey({ n, e }) : yield* refuse(flaw)
  })
}
