import { Clock, Duration, Effect, Layer, Redacted } from "effect"
import { ClerkHttp, SigningKeys } from "effect-clerk"
import { ClerkEmulator } from "effect-clerk/testing"
import { deviceName, placeName } from "./page.js"

/** The browsers of the demo. */
export const browsers = ["mac", "iphone", "windows", "android"] as const

export type Browser = (typeof browsers)[number]

export const isBrowser = (name: unknown): name is Browser => browsers.some((browser) => browser === name)

const seen = (
  ago: Duration.Duration,
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
  mac: seen(Duration.minutes(4), "Chrome", "Mac", "Athens", "GR", "192.0.2.17"),
  iphone: seen(Duration.hours(3), "Safari", "iPhone", "Thessaloniki", "GR", "198.51.100.4"),
  windows: seen(Duration.days(2), "Firefox", "Windows", "Berlin", "DE", "203.0.113.80"),
  android: seen(Duration.days(6), "Chrome", "Android", "Kraków", "PL", "2001:db8::5e:2a11"),
  unfinished: seen(Duration.minutes(50), "Edge", "Windows", "Toronto", "CA", "203.0.113.9")
}

export const browserName = (browser: Browser): string => {
  const { activity } = devices[browser]
  return `${deviceName(activity)}, ${placeName(activity)}`
}

/** The user of the in-memory Clerk, who is signed in on several devices. */
export const userId = "user_demo"

const clientId = (browser: Browser) => `client_${browser}`

const signInEverywhere = Effect.gen(function* () {
  const clerk = yield* ClerkEmulator
  yield* clerk.createUser({ id: userId })
  const now = yield* Clock.currentTimeMillis
  const wasActive = (sessionId: string, ago: Duration.Duration) =>
    clerk.updateSession(sessionId, { lastActiveAt: now - Duration.toMillis(ago) })

  for (const browser of browsers) {
    const { activity, ago } = devices[browser]
    const { session } = yield* clerk.signIn(userId, { clientId: clientId(browser), activity })
    yield* wasActive(session.id, ago)
  }
  const { activity, ago } = devices.unfinished
  const tasks = [{ key: "setup-mfa" }]
  const { session } = yield* clerk.signIn(userId, { status: "pending", tasks, activity })
  yield* wasActive(session.id, ago)
})

/** Signs a browser in again, and returns its cookies. */
export const signIn = (browser: Browser, origin: string) =>
  Effect.gen(function* () {
    const clerk = yield* ClerkEmulator
    const { activity } = devices[browser]
    const cookies = yield* clerk.signInBrowser(userId, { clientId: clientId(browser), activity, origin })
    const mine = (yield* clerk.sessions).find((session) => session.clientId === clientId(browser))
    if (mine !== undefined) {
      yield* clerk.updateSession(mine.id, { lastActiveAt: yield* Clock.currentTimeMillis })
    }
    return cookies
  })

const secretKey = Redacted.make("sk_test_devices")

/** Cookies ignore ports, so Clerk has another name for this machine than the application. */
const issuerFor = (origin: string) => origin.replace("127.0.0.1", "localhost")

/** Clerk in memory, with its client and its keys, which an application at the origin builds in the same way. */
export const clerkInMemory = (origin: string) =>
  Layer.merge(SigningKeys.layerJwks, Layer.effectDiscard(signInEverywhere)).pipe(
    Layer.provideMerge(ClerkHttp.layer({ secretKey })),
    Layer.provide(ClerkEmulator.layerHttpClient),
    Layer.provideMerge(ClerkEmulator.layer({ secretKey, issuer: issuerFor(origin) }))
  )
