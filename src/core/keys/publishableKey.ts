import * as base64url from "jose/base64url"
import { broken, inField, optional, RuleBreak, readOptions } from "../input.js"
import { decodeBase64urlText } from "../token/compact.js"
import { type BaseUrl, isLoopback, readBaseUrl } from "../wire/baseUrl.js"

/** The contents of a publishable key: the address of the Frontend API, and the suffix of the instance's cookies. */
export interface PublishableKey {
  readonly issuer: string
  readonly cookieSuffix: string
  /** Whether the key is of a development instance, whose cookies and redirects differ. */
  readonly isDevelopment: boolean
}

const noKey = broken("must be the key that starts with pk_test_ or pk_live_ in Clerk's dashboard")

/** The characters of a host name never need `+` or `/` in base64, and Clerk mostly leaves the padding out. */
const form = /^pk_(?:test|live)_([A-Za-z0-9]{1,400})={0,2}$/

/** A host name of Clerk or `localhost`, perhaps with a port. */
const hostForm = /^((?:(?:[a-z0-9-]+\.)+[a-z0-9-]+|localhost)(?::\d{1,5})?)\$$/

const decoded = (text: string): string => {
  try {
    return decodeBase64urlText(text)
  } catch {
    return ""
  }
}

/** Reads the address of the Frontend API in a publishable key: http if the host is this machine, as for an emulator. */
const issuerOf = (key: unknown): string | RuleBreak => {
  const encoded = typeof key === "string" ? form.exec(key)?.[1] : undefined
  const host = hostForm.exec(decoded(encoded ?? ""))?.[1]
  if (host === undefined || !URL.canParse(`https://${host}`)) return noKey
  const scheme = isLoopback(new URL(`https://${host}`).hostname) ? "http" : "https"
  return new URL(`${scheme}://${host}`).origin
}

/** Reads a publishable key. The cookies' suffix is the start of a digest of it, as in Clerk's SDKs. */
export const readPublishableKey = async (key: unknown): Promise<PublishableKey | RuleBreak> => {
  const issuer = issuerOf(key)
  if (typeof issuer !== "string") return inField("publishableKey", issuer)
  const text = String(key)
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text))
  return {
    issuer,
    cookieSuffix: base64url.encode(new Uint8Array(digest)).slice(0, 8),
    isDevelopment: text.startsWith("pk_test_")
  }
}

const readAddress = (url: unknown) => readBaseUrl(url, "must be https, except on a loopback address")

const readKeyAddress = (key: unknown): BaseUrl | RuleBreak => {
  const issuer = issuerOf(key)
  return typeof issuer === "string" ? readAddress(issuer) : issuer
}

/** Reads the address of the instance's Frontend API from the options of public keys. */
export const readFrontendApi = (options: unknown): BaseUrl | RuleBreak => {
  const read = readOptions(
    options,
    { unknown: "is not an option of public keys" },
    { publishableKey: optional(readKeyAddress), issuer: optional(readAddress) }
  )
  if (read instanceof RuleBreak) return read
  const { issuer, publishableKey } = read
  if (issuer !== undefined && publishableKey !== undefined) {
    return new RuleBreak(
      "issuer",
      "must not be given together with publishableKey: each says where the keys are"
    )
  }
  return (
    issuer ??
    publishableKey ??
    new RuleBreak(
      "publishableKey",
      "is missing: give the publishable key (pk_test_… or pk_live_…), or the issuer"
    )
  )
}
