import * as Effect from "effect/Effect"
import { access as accessDenied, notServedCode, toResponse } from "../../core/emulator/errorResponses.js"
import type { EmulatorRequest, EmulatorResponse } from "../../core/emulator/model.js"
import { healthResponse, receive } from "../../core/emulator/respond.js"
import { isLoopback } from "../../core/wire/baseUrl.js"
import type { Controlled } from "./commands.js"
import { control, controlPath, errorJson, isControl, pathOf } from "./control.js"
import type { Log, Respond } from "./server.js"

export interface DispatchOptions extends Controlled {
  readonly allowedHosts: ReadonlyArray<string>
  readonly allowedOrigins: ReadonlyArray<string>
  readonly log: Log
}

/** Returns the host name of an address or of a `Host` header, in the form of `URL.hostname`. */
const hostnameOf = (host: string): string | undefined => {
  // A `Host` header must not have the other parts of a URL, such as a user or a path.
  const url = /^[\w.:[\]-]+$/.test(host) ? `http://${host}` : ""
  return URL.canParse(url) ? new URL(url).hostname : undefined
}

/**
 * Returns why the host of a request is rejected. A web page of any site can send requests to a loopback address under
 * its own name (DNS rebinding). So a loopback address allows only the names of this machine and `allowedHosts`. Another
 * address allows every name, unless `allowedHosts` has some.
 */
const hostRejection = (
  allowedHosts: ReadonlyArray<string>,
  { headers }: EmulatorRequest,
  address: string
): string | undefined => {
  const { host } = headers
  // HTTP/1.0 has no such header, and no browser uses it.
  if (host === undefined) return undefined
  const hostname = hostnameOf(host)
  if (hostname !== undefined && (isLoopback(hostname) || allowedHosts.includes(hostname))) return undefined
  const isOnLoopback = isLoopback(address.includes(":") ? `[${address}]` : address)
  if (!isOnLoopback && allowedHosts.length === 0) return undefined
  // The message shows only a plain name, not the text of an attacker.
  const name = hostname !== undefined && hostname.length <= 255 ? hostname : undefined
  const remedy = `use localhost or 127.0.0.1, or start the emulator with --allow-host ${name ?? "<name>"}`
  return `the host ${name ?? "of this request"} is not allowed: ${remedy}`
}

const isPlainOrigin = (origin: string): boolean => /^https?:\/\/[\w.:[\]-]{1,255}$/.test(origin)

const isAllowedOrigin = (allowedOrigins: ReadonlyArray<string>, origin: string): boolean =>
  allowedOrigins.includes(origin) ||
  (isPlainOrigin(origin) && URL.canParse(origin) && isLoopback(new URL(origin).hostname))

const originRejection = (origin: string): string => {
  const isPlain = isPlainOrigin(origin)
  const name = isPlain || origin === "null" ? origin : "of this request"
  return `the origin ${name} is not allowed: serve the page from localhost${isPlain ? `, or start the emulator with --allow-origin ${origin}` : ""}`
}

/** `/_emulator`, `/__emulators`, …: Clerk has no such path, so the control API is meant. */
const isNearControl = (url: string): boolean => /^\/+_*emulat/i.test(url)

const preflight: EmulatorResponse = { status: 204, headers: { allow: "GET, HEAD, POST, OPTIONS" }, body: "" }

const corsHeaders = (origin: string): EmulatorResponse["headers"] => ({
  "access-control-allow-origin": origin,
  "access-control-allow-methods": "GET, HEAD, POST",
  "access-control-allow-headers": "*",
  "access-control-max-age": "600"
})

/** Passes a request to the control API, to the health check or to Clerk. */
export const dispatch = ({ allowedHosts, allowedOrigins, log, ...controlled }: DispatchOptions): Respond => {
  const run = control(controlled)
  return (request, address) => {
    const { headers, method, url } = request
    const badHost = hostRejection(allowedHosts, request, address)
    if (isControl(url)) {
      const { origin } = headers
      const isAllowed = origin !== undefined && isAllowedOrigin(allowedOrigins, origin)
      const rejection = badHost ?? (origin === undefined || isAllowed ? undefined : originRejection(origin))
      const response =
        rejection !== undefined
          ? Effect.succeed(errorJson(403, rejection))
          : method === "OPTIONS"
            ? Effect.succeed(preflight)
            : run(request)
      return Effect.map(response, ({ body, headers, status }) => {
        if (status >= 400) log(`${status} ${method} ${url}: ${body.trim()}`)
        return {
          status,
          headers: { ...headers, vary: "origin", ...(isAllowed ? corsHeaders(origin) : {}) },
          body
        }
      })
    }
    if (badHost !== undefined) {
      // The query of a handshake holds tokens.
      log(`403 ${method} ${pathOf(url)}: ${badHost}`)
      return Effect.succeed(toResponse(accessDenied(badHost)))
    }
    if (isNearControl(url)) {
      return Effect.succeed(errorJson(404, `there is no such path; the control API is at ${controlPath}`))
    }
    const health = healthResponse(receive(request), { control: controlPath })
    if (health !== undefined) return Effect.succeed(health)
    return Effect.tap(controlled.clerk.exchange(request), ({ body, status }) =>
      Effect.sync(() => {
        // An application may show no more than the status.
        if (status !== 501 || !body.includes(notServedCode)) return
        log(
          `501 ${method} ${pathOf(url)}: the emulator does not serve this endpoint. GET / lists those that it serves.`
        )
      })
    )
  }
}
