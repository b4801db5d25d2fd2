import * as Option from "effect/Option"
import type { EmulatorRequest } from "../../core/emulator/model.js"
import { isLoopback } from "../../core/wire/baseUrl.js"

/** From which hosts and web origins requests are taken. */
export interface Access {
  /** The address the server listens on, as in `127.0.0.1`, `::1` or `0.0.0.0`. */
  readonly address: string
  readonly allowedHosts: ReadonlyArray<string>
  readonly allowedOrigins: ReadonlyArray<string>
}

/** The host name of an address or of a `Host` header, in the form of `URL.hostname`. */
const hostnameOf = (host: string): string | undefined => {
  // What else a URL may have there (a user, a path) has no place in a `Host` header.
  const url = /^[\w.:[\]-]+$/.test(host) ? `http://${host}` : ""
  return URL.canParse(url) ? new URL(url).hostname : undefined
}

const listensOnLoopback = ({ address }: Access): boolean =>
  isLoopback(address.includes(":") ? `[${address}]` : address)

/** A name for a message: what an attacker or a typing error sent is not repeated unless it is a plain name. */
const shown = (name: string | undefined, otherwise: string): string =>
  name !== undefined && name.length <= 255 ? name : otherwise

/**
 * Why the host a request names is rejected. A web page of any site can send requests to a loopback address under a
 * name of its own (DNS rebinding), so on loopback only names of this machine are taken. On another address the
 * allowed hosts, if there are any, are the only ones besides.
 */
const foreignHost = (access: Access, host: string | undefined): string | undefined => {
  // HTTP/1.0, which no browser speaks, has no such header.
  if (host === undefined) return undefined
  const hostname = hostnameOf(host)
  if (hostname !== undefined && (isLoopback(hostname) || access.allowedHosts.includes(hostname)))
    return undefined
  if (!listensOnLoopback(access) && access.allowedHosts.length === 0) return undefined
  return `the host ${shown(hostname, "of this request")} is not allowed: use localhost or 127.0.0.1, or start the emulator with --allow-host ${shown(hostname, "<name>")}`
}

const isLoopbackOrigin = (origin: string): boolean => {
  if (!/^https?:\/\/[\w.:[\]-]+$/.test(origin)) return false
  const url = Option.liftThrowable((text: string) => new URL(text))(origin)
  return Option.exists(url, ({ hostname }) => isLoopback(hostname))
}

/** A web origin that may read the control API. */
export const allowedOrigin = (access: Access, { headers }: EmulatorRequest): string | undefined => {
  const { origin } = headers
  return origin !== undefined && (isLoopbackOrigin(origin) || access.allowedOrigins.includes(origin))
    ? origin
    : undefined
}

const foreignOrigin = (access: Access, request: EmulatorRequest): string | undefined => {
  const { origin } = request.headers
  if (origin === undefined || allowedOrigin(access, request) !== undefined) return undefined
  const isPlain = /^https?:\/\/[\w.:[\]-]{1,255}$/.test(origin)
  const name = isPlain ? origin : origin === "null" ? "null" : "of this request"
  return `the origin ${name} is not allowed: serve the page from localhost${isPlain ? `, or start the emulator with --allow-origin ${origin}` : ""}`
}

/** Why a request is rejected before it is read, if it is. Only the control API looks at the origin. */
export const rejection = (access: Access, request: EmulatorRequest, isControl: boolean): string | undefined =>
  foreignHost(access, request.headers["host"]) ?? (isControl ? foreignOrigin(access, request) : undefined)
