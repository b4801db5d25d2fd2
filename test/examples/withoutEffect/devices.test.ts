import { Layer } from "effect"
import { ClerkHttp } from "effect-clerk"
import { ClerkEmulator, ClerkTest, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import { expect, test } from "vitest"
import { Devices, DevicesUnavailable } from "./devices.js"

/** A Clerk in memory, in which Ada has three sessions. */
const emulator = ClerkHttp.layer({ secretKey: DEFAULT_SECRET_KEY }).pipe(
  Layer.provide(ClerkEmulator.layerHttpClient),
  Layer.provide(
    ClerkEmulator.layer({
      seed: {
        users: [{ id: "user_ada" }],
        sessions: [
          { id: "sess_laptop", userId: "user_ada" },
          { id: "sess_phone", userId: "user_ada", status: "pending", tasks: [{ key: "setup-mfa" }] },
          { id: "sess_old", userId: "user_ada", status: "ended" }
        ]
      }
    })
  )
)

test("finds a session, and no session with an unknown id", async () => {
  const devices = new Devices(emulator)
  expect(await devices.find("sess_laptop")).toMatchObject({ userId: "user_ada", status: "active" })
  expect(await devices.find("sess_unknown")).toBeUndefined()
  await devices.close()
})

test("ends the active and the pending session, and leaves the ended one", async () => {
  const devices = new Devices(emulator)
  expect(await devices.signOutEverywhere("user_ada")).toBe(2)
  expect(await devices.isActive("sess_laptop")).toBe(false)
  expect(await devices.isActive("sess_phone")).toBe(false)
  expect(await devices.isActive("sess_unknown")).toBe(false)
  expect(await devices.signOutEverywhere("user_ada")).toBe(0)
  await devices.close()
})

test("throws an error that says whether a retry can help", async () => {
  const devices = new Devices(ClerkTest.layer(ClerkTest.errorResponse(503, "service_unavailable")))
  const found = devices.find("sess_laptop")
  await expect(found).rejects.toThrow(/^Sessions.get: 503 service_unavailable/)
  await expect(found).rejects.toMatchObject({ name: "DevicesUnavailable", canRetry: true })
  await devices.close()
})

test("stops when the caller gives up", async () => {
  const devices = new Devices(ClerkTest.layer(ClerkTest.never))
  const signOut = devices.signOutEverywhere("user_ada", AbortSignal.timeout(20))
  await expect(signOut).rejects.toBeInstanceOf(DevicesUnavailable)
  await devices.close()
})
