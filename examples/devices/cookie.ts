import { HttpServerResponse } from "@effect/platform"

/** As an application over https would set it, `secure` aside; with Clerk it is Clerk's front end that does. */
const attributes = { httpOnly: true, sameSite: "lax", path: "/" } as const

export const setSession = (response: HttpServerResponse.HttpServerResponse, token: string) =>
  HttpServerResponse.unsafeSetCookie(response, "__session", token, attributes)

export const endSession = HttpServerResponse.expireCookie("__session", attributes)
