/** Clerk for the server of any framework, as functions that return promises. */
import { Duration, Effect, Layer, ManagedRuntime } from "effect"
import { ClerkError, ClerkHttp, type SessionClaims, Sessions, SigningKeys } from "effect-clerk"
import { RequestAuth } from "effect-clerk/http-api"

/** Ends the program with the message alone, because the stack of a wrong setting helps nobody. */
const quit = (message: string): never => {
  console.error(message)
  process.exit(1)
}

const variable = (name: string, example: string): string =>
  process.env[name]?.trim() || quit(`${name} is missing. Set it in the environment: ${name}=${example}`)

export const port = Number(process.env["PORT"] || 3000)
if (!(Number.isInteger(port) && port >= 0 && port < 65_536)) quit("PORT must be a number from 0 to 65535")

/** The address of this server in a browser. Redirects return to it. */
export const origin = process.env["APP_ORIGIN"] || new URL(`http://localhost:${port}`).origin
if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
  quit("APP_ORIGIN must be an origin such as https://app.example.com, without a path or a slash at the end")
}

/** The sign-in page: a URL, or a path of this server. */
const signInPage = variable("CLERK_SIGN_IN_URL", "https://accounts.example.com/sign-in")
if (!/^(https?:\/\/|\/)/.test(signInPage) || !URL.canParse(signInPage, origin)) {
  quit("CLERK_SIGN_IN_URL must be a URL such as https://accounts.example.com/sign-in, or a path")
}

const publishableKey = variable("CLERK_PUBLISHABLE_KEY", "pk_test_…")
const keys = `${process.env["CLERK_SECRET_KEY"]} ${publishableKey}`
if (/^sk_test_.* pk_live_|^sk_live_.* pk_test_/.test(keys)) {
  quit(
    "CLERK_SECRET_KEY and CLERK_PUBLISHABLE_KEY must be of one instance: sk_test_… and pk_test_…, or sk_live_… and pk_live_…"
  )
}
if (publishableKey.startsWith("pk_live_") && !origin.startsWith("https:")) {
  quit("APP_ORIGIN must be the https address of this server in a browser, such as https://app.example.com")
}

// The client reads CLERK_SECRET_KEY. The keys come from CLERK_JWT_KEY, or else from Clerk.
const runtime = ManagedRuntime.make(Layer.merge(ClerkHttp.layerDefault, SigningKeys.layerConfig))

// Once for the program, because concurrent requests of one browser share a refresh.
const [decide, signOutCookies] = await runtime
  .runPromise(
    Effect.all([
      RequestAuth.make({ publishableKey, authorizedParties: [origin], origin }),
      RequestAuth.signOutCookies(publishableKey)
    ])
  )
  .catch((thrown: unknown) => quit(ClerkError.from(thrown)?.message ?? String(thrown)))

/** Finds out who sends a request. */
export const authenticate = (request: RequestAuth.RequestInput): Promise<RequestAuth.Outcome> =>
  runtime.runPromise(decide(request))

/** The address of the sign-in page, which sends the user back to a path of this server. */
export const signInUrl = (path: `/${string}`): string => {
  const url = new URL(signInPage, origin)
  url.searchParams.set("redirect_url", origin + path)
  return url.href
}

/** Counts the devices on which a user is signed in. */
export const countDevices = ({ userId }: SessionClaims): Promise<number> =>
  runtime.runPromise(
    Effect.map(
      Sessions.list({ userId, status: "active", limit: 100 }),
      ({ data, totalCount }) => totalCount ?? data.length
    )
  )

/** Ends the session at Clerk. Returns the `Set-Cookie` values that remove it from the browser. */
export const signOut = async ({ sessionId }: SessionClaims): Promise<ReadonlyArray<string>> => {
  const revoke = Sessions.revoke(sessionId)
  // A session that Clerk no longer has is signed out too.
  await runtime.runPromise(Effect.catchTag(revoke, "ClerkNotFound", () => Effect.void))
  return signOutCookies
}

/** The response to a request that failed: 503 without Clerk, 500 for any other error. */
export const failure = (thrown: unknown) => {
  const error = ClerkError.from(thrown)
  console.error(error?.message ?? thrown)
  const headers: Record<string, string> = {}
  if (error === undefined) return { status: 500, message: "Something went wrong", headers } as const
  if ("retryAfter" in error && error.retryAfter !== undefined) {
    headers["retry-after"] = String(Math.ceil(Duration.toSeconds(error.retryAfter)))
  }
  return { status: 503, message: "Please try again in a minute", headers } as const
}

/** Closes the connections to Clerk, at the end of the program. */
export const close = (): Promise<void> => runtime.dispose()
