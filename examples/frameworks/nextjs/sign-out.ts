/** `app/sign-out/route.ts` */
import { signOut } from "../clerk.js"
import { currentSession, failed } from "./session.js"

const seeOther = (location: string) => new Response(null, { status: 303, headers: { location } })

/** Offers the sign-out again. This is a page load, so the proxy refreshes an expired session. */
export const GET = async (request: Request): Promise<Response> => {
  try {
    if ((await currentSession(request.headers)) === undefined) return seeOther("/")
    return new Response(`<form method="post" action="/sign-out"><button>Sign out</button></form>`, {
      headers: { "content-type": "text/html; charset=utf-8" }
    })
  } catch (thrown) {
    return failed(request, thrown)
  }
}

/** Signs the user out. A POST, so that no link of another site can do it. */
export const POST = async (request: Request): Promise<Response> => {
  try {
    const session = await currentSession(request.headers)
    // A POST never refreshes. More than a minute after the page, its token has expired.
    if (session === undefined) return seeOther("/sign-out")
    const response = seeOther("/")
    for (const cookie of await signOut(session)) response.headers.append("set-cookie", cookie)
    return response
  } catch (thrown) {
    return failed(request, thrown)
  }
}
