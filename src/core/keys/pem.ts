import { exportJWK } from "jose/key/export"
import { importSPKI } from "jose/key/import"
import { broken, type RuleBreak } from "../input.js"
import { importRsaKey } from "../token/signature.js"
import { rsaFlaw } from "./keySet.js"

/** The labels of keys that are pasted by mistake, with the rule that the error states. */
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
 * Decodes a text that is encoded in base64 once more, as some secret stores keep values of several lines. The result is
 * a PEM, or the base64 of one, which begins with `MII` for every RSA key. Returns `undefined` for any other text.
 */
const decodedOnce = (plain: string): string | undefined => {
  try {
    const bytes = Uint8Array.from(atob(plain.replace(/\s+|=+$/g, "")), (character) => character.charCodeAt(0))
    const decoded = new TextDecoder().decode(bytes).trim()
    return /^["']?(?:-----BEGIN |MII[A-Za-z0-9+/=\s]+["']?$)/.test(decoded) ? decoded : undefined
  } catch {
    return undefined
  }
}

const readPem = (text: string): string | RuleBreak => {
  // Far more than any key has. A longer text is not read.
  if (text.length > 16_384) return broken("is too long for a public key")
  const plain = unescaped(text)
  if (plain === "") return broken("is empty")
  const decoded = decodedOnce(plain)
  if (decoded !== undefined) return readPem(decoded)
  for (const [label, rule] of wrongLabels) if (label.test(plain)) return broken(rule)
  const blocks = plain.match(/-----BEGIN /g)?.length ?? 0
  if (blocks > 1) return broken("must be one key, not several")
  const body = plain.replace(/^-----BEGIN PUBLIC KEY-----|-----END PUBLIC KEY-----$/g, "").replace(/\s+/g, "")
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(body)) return broken("must be a public key in PEM form")
  return `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----`
}

/**
 * Reads an RSA public key in SPKI form: PEM, PEM with escaped line ends, or the base64 alone. Each may be encoded in
 * base64 once more.
 */
export const importPublicKeyPem = async (input: unknown): Promise<CryptoKey | RuleBreak> => {
  if (typeof input !== "string") return broken("must be a string")
  const pem = readPem(input)
  if (typeof pem !== "string") return pem
  const key = await importSPKI(pem, "RS256", { extractable: true }).catch(() => undefined)
  const { n, e } = key === undefined ? {} : await exportJWK(key)
  if (n === undefined || e === undefined) return broken("must be an RSA public key in SPKI form")
  const flaw = rsaFlaw({ n, e })
  return flaw === undefined ? importRsaKey({ n, e }) : broken(flaw)
}
