/** `app/api/me/route.ts` */
import { currentSession, failed } from "./session.js"

export const GET = async (request: Request): Promise<Response> => {
  try {
    const session = await currentSession(request.headers)
    if (session === undefined) return Response.json({ error: "sign in first" }, { status: 401 })
    return Response.json({ userId: session.userId, sessionId: session.sessionId })
  } catch (thrown) {
    return failed(request, thrown)
  }
}
