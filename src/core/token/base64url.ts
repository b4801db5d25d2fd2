import { base64url } from "jose"

/** How many bits of the last character are not used, by the length modulo 4; a length of 1 is impossible. */
const unusedBits = [0, -1, 0b1111, 0b11]

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/**
 * Whether a text of base64url's alphabet is the one spelling of its bytes. Decoders ignore the unused bits of the last
 * character, so without this check one token could be written in 16 ways, and no list of tokens would hold.
 */
export const isCanonicalBase64url = (text: string): boolean => {
  const unused = unusedBits[text.length % 4] ?? -1
  return unused >= 0 && (unused === 0 || (alphabet.indexOf(text.charAt(text.length - 1)) & unused) === 0)
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The bytes of a text that is canonical base64url. They are new ones, so never in memory that threads share. */
export const decodeBase64url = (text: string): Uint8Array<ArrayBuffer> =>
  base64url.decode(text) as Uint8Array<ArrayBuffer>

/** The text that a canonical base64url is the UTF-8 of. Throws when it is that of none. */
export const decodeBase64urlText = (text: string): string => {
  // A character for each byte. In ASCII, which tokens mostly are, that is the text already.
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"))
  return /^[^\x80-\xff]*$/.test(binary) ? binary : utf8.decode(decodeBase64url(text))
}
