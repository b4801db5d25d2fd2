import { Clock, Duration, Effect, Layer, Redacted, Schema } from "effect"
import { ClerkHttp, SigningKeys } from "effect-clerk"
import { ClerkEmulator } from "effect-clerk/testing"
import { deviceName, placeName } from "./page.js"

export type Browser = typeof Browser.Type

/** The browsers of the demo. */
export const Browser = Schema.Literal("mac", "iphone", "windows", "android")

const seen = (
  ago: Duration.DurationInput,
  browserName: string,
  deviceType: string,
  city: string,
  country: string,
  ipAddress: string
) => ({
  ago,
  activity: {
    browserName,
    deviceType,
    isMobile: deviceType === "iPhone" || deviceType === "Android",
    city,
    country,
    ipAddress
  }
})

const devices = {
  mac: seen("4 minutes", "Chrome", "Mac", "Athens", "GR", "192.0.2.17"),
  iphone: seen("3 hours", "Safari", "iPhone", "Thessaloniki", "GR", "198.51.100.4"),
  windows: seen("2 days", "Firefox", "Windows", "Berlin", "DE", "203.0.113.80"),
  android: seen("6 days", "Chrome", "Android", "Kraków", "PL", "2001:db8::5e:2a11"),
  unfinished: seen("50 minutes", "Edge", "Windows", "Toronto", "CA", "203.0.113.9")
}

const clientId = (browser: Browser) => `client_${browser}`

/** One user of the in-memory Clerk, who is signed in on several devices. */
export class Demo extends Effect.Service<Demo>()("examples/devices/Demo", {
  effect: Effect.gen(function* () {
    const clerk = yield* ClerkEmulator
    const { id: userId } = yield* clerk.createUser()
    const now = yield* Clock.currentTimeMillis
    const wasActive = (sessionId: string, ago: Duration.DurationInput) =>
      clerk.updateSession(sessionId, { lastActiveAt: now - Duration.toMillis(ago) })

    for (const browser of Browser.literals) {
      const { activity, ago } = devices[browser]
      const { session } = yield* clerk.signIn(userId, { clientId: clientId(browser), activity })
      yield* wasActive(session.id, ago)
    }
    const { activity, ago } = devices.unfinished
    const tasks = [{ key: "setup-mfa" }]
    const { session } = yield* clerk.signIn(userId, { status: "pending", tasks, activity })
    yield* wasActive(session.id, ago)

    return {
      userId,
      browsers: Browser.literals.map((key) => {
        const { activity } = devices[key]
        return { key, name: `${deviceName(activity)}, ${placeName(activity)}` }
      }),

      /** Returns the session token of a browser, which has to sign in again if it was signed out. */
      signIn: (browser: Browser, origin: string) =>
        Effect.gen(function* () {
          const mine = (yield* clerk.sessions).find(
            (session) => session.clientId === clientId(browser) && session.status === "active"
          )
          if (mine === undefined) {
            const { activity } = devices[browser]
            const { sessionToken } = yield* clerk.signIn(userId, {
              clientId: clientId(browser),
              activity,
              origin
            })
            return sessionToken
          }
          yield* clerk.updateSession(mine.id, { lastActiveAt: yield* Clock.currentTimeMillis })
          return yield* clerk.mintSessionToken(mine.id, { origin })
        })
    }
  })
}) {}

const secretKey = Redacted.make("sk_test_devices")

export const issuer = "https://devices.clerk.example"

// Clerk's tokens are valid for a minute, and its front end renews them while a page is open. The demo does not.
const EmulatorLive = ClerkEmulator.layer({ secretKey, issuer, tokenLifetime: "1 hour" })

/** Clerk in memory, with its client and its keys, which an application builds in the same way. */
export const ClerkInMemory = Layer.merge(SigningKeys.layerJwks, Demo.Default).pipe(
  Layer.provideMerge(ClerkHttp.layer({ secretKey })),
  Layer.provide(ClerkEmulator.layerHttpClient),
  Layer.provideMerge(EmulatorLive)
)
