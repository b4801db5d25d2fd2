import * as Predicate from "effect/Predicate"
import { own } from "../input.js"
import { isKeyId } from "../keys/keySet.js"
import type { TokenReason } from "../model.js"
import { decodeBase64urlText, isCanonicalBase64url } from "./base64url.js"

/** A token that is well formed, of which nothing is believed yet. */
export interface CompactToken {
  readonly kid: string | undefined
  /** What the signature is over: the first two parts with their dot. */
  readonly signed: string
  readonly payload: string
  readonly signature: string
}

/** A session cookie cannot hold more than 4 KB; four times that is never a session token. */
const maxToken = 16_384
const maxHeader = 2_048
/** What nests deeper is an attack on whoever walks through it. */
const maxDepth = 64

const compact = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/** Clerk's names for the classes of its tokens; a token made before there were any has none. */
const categories: Readonly<Record<string, "session" | "template" | "none">> = {
  cl_B7d4PD111AAA: "session",
  cl_B7d4PD222AAA: "template",
  // Carries no class, by Clerk's own word.
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
 * The object a part of a token holds, or `undefined`. One of which a member is there twice is not taken, because
 * readers do not agree which of the two counts.
 */
export const readPart = (part: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const json = decodeBase64urlText(part)
    const value: unknown = JSON.parse(json)
    if (!Predicate.isRecord(value)) return undefined
    const { depth, members } = shapeOf(json)
    return depth <= maxDepth && members === Object.keys(value).length ? value : undefined
  } catch {
    return undefined
  }
}

const unsupported = ["zip", "enc", "p2c", "p2s", "cty"]

/** What is wrong with a header, for tokens of a category. */
const headerFlaw = (
  header: Readonly<Record<string, unknown>>,
  category: "session" | "template"
): TokenReason | undefined => {
  if (unsupported.some((name) => Object.hasOwn(header, name))) return "format"
  if (Object.hasOwn(header, "crit") || Object.hasOwn(header, "b64")) return "header"
  if (own(header, "alg") !== "RS256") return "alg"
  if (Object.hasOwn(header, "typ") && header["typ"] !== "JWT") return "typ"
  if (Object.hasOwn(header, "cat")) {
    const cat = header["cat"]
    const is = typeof cat === "string" && Object.hasOwn(categories, cat) ? categories[cat] : undefined
    if (is !== category && (is !== "none" || category === "template")) return "category"
  } else if (category === "template") return "category"
  return Object.hasOwn(header, "kid") && !isKeyId(header["kid"]) ? "unknown-key" : undefined
}

interface Header {
  readonly text: string
  readonly category: "session" | "template"
  readonly kid: string | undefined
}

/** The last header that was good: until its key changes, all the tokens of an instance have the same. */
let known: Header | undefined

const readHeader = (text: string, category: "session" | "template"): Header | TokenReason => {
  if (known?.text === text && known.category === category) return known
  const header = readPart(text)
  if (header === undefined) return "format"
  const flaw = headerFlaw(header, category)
  if (flaw !== undefined) return flaw
  known = {
    // A part of a string keeps the whole of it in memory, which here is a token.
    text: new TextDecoder().decode(new TextEncoder().encode(text)),
    category,
    // `headerFlaw` lets nothing but a key id pass.
    kid: own(header, "kid") as string | undefined
  }
  return known
}

/** Takes a token apart as RFC 7515 has it, without any of the liberties decoders take. */
export const readCompact = (token: unknown, category: "session" | "template"): CompactToken | TokenReason => {
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
    : { kid: header.kid, signed: token.slice(0, last), payload, signature }
}
