import * as base64url from "jose/base64url"
import { isRecord, own } from "../input.js"
import type { TokenReason } from "../model.js"

/*
 * Takes a token apart by RFC 7515, more strictly than most decoders.
 */

/** How many bits of the last character are not used, by the length modulo 4; a length of 1 is impossible. */
const unusedBits = [0, -1, 0b1111, 0b11]

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/**
 * Returns whether a text of base64url's alphabet is the only spelling of its bytes. Decoders ignore the unused bits of
 * the last character. Without this check one token could be written in 16 ways, and a list of revoked tokens would miss
 * 15 of them.
 */
export const isCanonicalBase64url = (text: string): boolean => {
  const unused = unusedBits[text.length % 4] ?? -1
  return unused >= 0 && (unused === 0 || (alphabet.indexOf(text.charAt(text.length - 1)) & unused) === 0)
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Decodes canonical base64url to bytes. They are new, so they are never in memory that threads share. */
export const decodeBase64url = (text: string): Uint8Array<ArrayBuffer> =>
  base64url.decode(text) as Uint8Array<ArrayBuffer>

/** Decodes canonical base64url to the text that is encoded in it as UTF-8. Throws where the bytes are not UTF-8. */
export const decodeBase64urlText = (text: string): string => {
  // One character for each byte. Tokens are mostly ASCII, where that is the text already.
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"))
  return /^[^\x80-\xff]*$/.test(binary) ? binary : utf8.decode(decodeBase64url(text))
}

/**
 * Returns whether a value may be a key id. Any other value belongs to no key and causes no fetch. A key id can be an
 * e-mail address, a time or a thumbprint. It is no path, because a user's own key source may look files up by it.
 */
export const isKeyId = (kid: unknown): kid is string =>
  typeof kid === "string" && /^(?!\.|.*\.\.)[A-Za-z0-9_.@:+=~-]{1,128}$/.test(kid)

/** A well-formed token. Nothing in it is verified. */
export interface CompactToken {
  /** The whole token. */
  readonly text: string
  readonly kid: string | undefined
  /** The text that is signed: the first two parts with their dot. */
  readonly signed: string
  readonly payload: string
  readonly signature: string
}

/** Four times the size of a session cookie, which is at most 4 KB. */
const maxToken = 16_384
const maxHeader = 2_048
/** Deeper nesting is an attack on recursive readers. */
const maxDepth = 64

const compact = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

export type Category = "session" | "template"

/** Clerk's names for the categories of its tokens. Old tokens have none. */
const categories: Readonly<Record<string, Category | "none">> = {
  cl_B7d4PD111AAA: "session",
  cl_B7d4PD222AAA: "template",
  // Clerk documents that this one states no category.
  cl_I7d4PD111III: "none"
}

/** Counts the members of the outermost object and the depth of a text that is known to be JSON. */
const shapeOf = (json: string): { readonly members: number; readonly depth: number } => {
  let depth = 0
  let deepest = 0
  let members = 0
  for (let at = 0; at < json.length; at++) {
    switch (json.charCodeAt(at)) {
      case 0x22: // a string: on to its end
        for (at++; json.charCodeAt(at) !== 0x22; at++) if (json.charCodeAt(at) === 0x5c) at++
        break
      case 0x3a: // a colon
        if (depth === 1) members++
        break
      case 0x7b:
      case 0x5b:
        deepest = Math.max(deepest, ++depth)
        break
      case 0x7d:
      case 0x5d:
        depth--
        break
    }
  }
  return { members, depth: deepest }
}

/**
 * Reads the object that a part of a token holds. Returns `undefined` for any other value. An object with a member that
 * occurs twice is not read either, because readers do not agree which of the two counts.
 */
export const readPart = (part: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const json = decodeBase64urlText(part)
    const value: unknown = JSON.parse(json)
    if (!isRecord(value)) return undefined
    const { depth, members } = shapeOf(json)
    return depth <= maxDepth && members === Object.keys(value).length ? value : undefined
  } catch {
    return undefined
  }
}

const unsupported = ["zip", "enc", "p2c", "p2s", "cty"]

/** Finds what is wrong with a header, for tokens of a category. */
const headerFlaw = (
  header: Readonly<Record<string, unknown>>,
  category: Category
): TokenReason | undefined => {
  if (unsupported.some((name) => Object.hasOwn(header, name))) return "format"
  if (Object.hasOwn(header, "crit") || Object.hasOwn(header, "b64")) return "header"
  if (own(header, "alg") !== "RS256") return "alg"
  if (Object.hasOwn(header, "typ") && header["typ"] !== "JWT") return "typ"
  if (Object.hasOwn(header, "cat")) {
    const cat = header["cat"]
    const is = typeof cat === "string" ? own(categories, cat) : undefined
    if (is !== category && (is !== "none" || category === "template")) return "category"
  } else if (category === "template") return "category"
  return Object.hasOwn(header, "kid") && !isKeyId(header["kid"]) ? "unknown-key" : undefined
}

interface Header {
  readonly text: string
  readonly category: Category
  readonly kid: string | undefined
}

/** The last valid header: until its key changes, all tokens of an instance have the same one. */
let known: Header | undefined

const readHeader = (text: string, category: Category): Header | TokenReason => {
  if (known?.text === text && known.category === category) return known
  const header = readPart(text)
  if (header === undefined) return "format"
  const flaw = headerFlaw(header, category)
  if (flaw !== undefined) return flaw
  known = {
    // Copied, because a part of a string keeps the whole string in memory, which here is a token.
    text: new TextDecoder().decode(new TextEncoder().encode(text)),
    category,
    // `headerFlaw` rejects everything but a key id.
    kid: own(header, "kid") as string | undefined
  }
  return known
}

/** Takes a token apart, or returns why it is malformed. */
export const readCompact = (token: unknown, category: Category): CompactToken | TokenReason => {
  if (typeof token !== "string" || token.length > maxToken || !compact.test(token)) return "format"
  const first = token.indexOf(".")
  const last = token.lastIndexOf(".")
  const protectedHeader = token.slice(0, first)
  const payload = token.slice(first + 1, last)
  const signature = token.slice(last + 1)
  if (protectedHeader.length > maxHeader) return "format"
  if (![protectedHeader, payload, signature].every(isCanonicalBase64url)) return "format"
  const header = readHeader(protectedHeader, category)
  return typeof header === "string"
    ? header
    : { text: token, kid: header.kid, signed: token.slice(0, last), payload, signature }
}
