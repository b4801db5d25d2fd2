import * as Effect from "effect/Effect"
import { access as accessDenied, toResponse } from "../../core/emulator/errorResponses.js"
import type { EmulatorResponse } from "../../core/emulator/model.js"
import { healthResponse, receive } from "../../core/emulator/respond.js"
import * as Access from "./access.js"
import type { Controlled } from "./commands.js"
import { control, controlPath, isControl, refused } from "./control.js"
import type { Log, Respond } from "./server.js"

export interface DispatchOptions extends Controlled {
  readonly allowedHosts: ReadonlyArray<string>
  readonly allowedOrigins: ReadonlyArray<string>
  readonly log: Log
}

/** `/_emulator`, `/__emulators`, …: Clerk has nothing like it, so only the control API can be meant. */
const isNearControl = (url: string): boolean => /^\/+_*emulat/i.test(url)

const withHeaders = (response: EmulatorResponse, headers: EmulatorResponse["headers"]): EmulatorResponse => ({
  ...response,
  headers: { ...response.headers, ...headers }
})

const preflight: EmulatorResponse = { status: 204, headers: { allow: "GET, HEAD, POST, OPTIONS" }, body: "" }

const corsOf = (origin: string | undefined): EmulatorResponse["headers"] =>
  origin === undefined
    ? { vary: "origin" }
    : {
        vary: "origin",
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET, HEAD, POST",
        "access-control-allow-headers": "*",
        "access-control-max-age": "600"
      }

/** Sends a request to the control API, to the health check or to Clerk. */
export const dispatch = ({ allowedHosts, allowedOrigins, log, ...controlled }: DispatchOptions): Respond => {
  const command = control(controlled)
  return (request, address) => {
    const access = { address, allowedHosts, allowedOrigins }
    const { method, url } = request
    const isCommand = isControl(url)
    const rejection = Access.rejection(access, request, isCommand)
    if (isCommand) {
      const response =
        rejection !== undefined
          ? Effect.succeed(refused(403, rejection))
          : method === "OPTIONS"
            ? Effect.succeed(preflight)
            : command(request)
      return response.pipe(
        Effect.tap(({ body, status }) =>
          Effect.sync(() => {
            if (status >= 400) log(`${status} ${method} ${url}: ${body.trim()}`)
          })
        ),
        Effect.map((response) => withHeaders(response, corsOf(Access.allowedOrigin(access, request))))
      )
    }
    if (rejection !== undefined) {
      log(`403 ${method} ${url}: ${rejection}`)
      return Effect.succeed(toResponse(accessDenied(rejection)))
    }
    if (isNearControl(url)) {
      return Effect.succeed(refused(404, `there is no such path; the control API is at ${controlPath}`))
    }
    const health = healthResponse(receive(request), { control: controlPath })
    return health === undefined ? controlled.clerk.exchange(request) : Effect.succeed(health)
  }
}
