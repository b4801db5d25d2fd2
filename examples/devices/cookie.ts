/** The cookie of an application over https, without `Secure`. With Clerk, Clerk's front end sets it. */
const attributes = "Path=/; HttpOnly; SameSite=Lax"

const withCookie = (response: Response, cookie: string): Response => {
  response.headers.append("set-cookie", cookie)
  return response
}

export const setSession = (response: Response, token: string): Response =>
  withCookie(response, `__session=${token}; ${attributes}`)

export const endSession = (response: Response): Response =>
  withCookie(response, `__session=; Max-Age=0; ${attributes}`)
