import { HttpServerResponse } from "@effect/platform"

/** The cookie of an application over https, without `secure`. With Clerk, Clerk's front end sets it. */
const attributes = { httpOnly: true, sameSite: "lax", path: "/" } as const

export const setSession = (response: HttpServerResponse.HttpServerResponse, token: string) =>
  HttpServerResponse.unsafeSetCookie(response, "__session", token, attributes)

export const endSession = HttpServerResponse.expireCookie("__session", attributes)
