import { HttpApiBuilder, type HttpServerResponse } from "@effect/platform"
import { Array as Arr, Data, DateTime, Effect, flow, Order, Stream } from "effect"
import { type ClerkError, RequestPolicy, type SessionId, Sessions } from "effect-clerk"
import { CurrentSession } from "effect-clerk/http-api"
import { DevicesApi } from "./api.js"
import { endSession } from "./cookie.js"
import { type Notice, seeOther } from "./layout.js"
import { noSuchDevice, noticeOf, signedOutMeanwhile } from "./notices.js"
import { devicesPage, problemPage, signInAgainPage } from "./page.js"

/** Shorter limits than the client's own, because a user waits for the page. */
const whileSomebodyWaits = flow(
  RequestPolicy.retry({ maxAttempts: 2 }),
  RequestPolicy.timeout("3 seconds"),
  RequestPolicy.deadline("8 seconds")
)

/** The token is valid and its session has ended, because a token is valid until it expires. */
class SignedOutMeanwhile extends Data.TaggedError("SignedOutMeanwhile") {}

/** The user is in the verified token. The sessions come from Clerk. */
const devicesNow = Effect.gen(function* () {
  const { sessionId, userId } = yield* CurrentSession
  const signedIn = yield* Sessions.stream({ userId }).pipe(
    Stream.filter(({ status }) => status === "active" || status === "pending"),
    Stream.runCollect
  )
  const [others, [current]] = Arr.partition(signedIn, ({ id }) => id === sessionId)
  if (current === undefined) return yield* new SignedOutMeanwhile()
  const latestFirst = Order.reverse(DateTime.Order)
  return { current, others: Arr.sortWith(others, ({ lastActiveAt }) => lastActiveAt, latestFirst) }
})

const show = (notice?: Notice) =>
  Effect.zipWith(devicesNow, DateTime.now, (devices, now) => devicesPage(devices, now, notice))

const showRefusal = (error: ClerkError) => Effect.flatMap(noticeOf(error), show)

/** Only sessions of `devicesNow` can be revoked, so the id of another user's session is unknown. */
const signOut = (id: SessionId) =>
  Effect.gen(function* () {
    const { current, others } = yield* devicesNow
    const device = [current, ...others].find((session) => session.id === id)
    if (device === undefined) return yield* show(noSuchDevice)
    return yield* Sessions.revoke(id).pipe(
      Effect.as(device === current ? endSession(seeOther("/sign-in?done=here")) : seeOther("/?done=one")),
      Effect.catchAll(showRefusal)
    )
  })

/** A device that cannot be signed out does not prevent the next attempts. */
const signOutOthers = Effect.gen(function* () {
  const { others } = yield* devicesNow
  const [[failure]] = yield* Effect.partition(
    others,
    ({ id }) => Sessions.revoke(id).pipe(Effect.catchTag("ClerkNotFound", () => Effect.void)),
    { concurrency: 5 }
  )
  return failure === undefined ? seeOther("/?done=others") : yield* showRefusal(failure)
})

/** A failure that cannot be shown with the devices is shown without them. */
const answering = <R>(
  program: Effect.Effect<HttpServerResponse.HttpServerResponse, Sessions.ListError | SignedOutMeanwhile, R>
) =>
  program.pipe(
    whileSomebodyWaits,
    Effect.catchTag("SignedOutMeanwhile", () =>
      Effect.succeed(endSession(signInAgainPage(signedOutMeanwhile)))
    ),
    Effect.catchAll((error) => Effect.map(noticeOf(error), problemPage))
  )

const done = {
  one: { sentence: "That device is signed out." },
  others: { sentence: "All your other devices are signed out." }
}

export const DevicesLive = HttpApiBuilder.group(DevicesApi, "devices", (handlers) =>
  handlers
    .handle("show", ({ urlParams }) => answering(show(urlParams.done && done[urlParams.done])))
    .handle("revoke", ({ path }) => answering(signOut(path.id)))
    .handle("revokeOthers", () => answering(signOutOthers))
)
