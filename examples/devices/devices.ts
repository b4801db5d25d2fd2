import { HttpApiBuilder, type HttpServerResponse } from "@effect/platform"
import { Array as Arr, Data, DateTime, Effect, flow, Order, Stream } from "effect"
import { type ClerkError, RequestPolicy, type Session, type SessionId, Sessions } from "effect-clerk"
import { CurrentSession } from "effect-clerk/http-api"
import { DevicesApi } from "./api.js"
import { endSession } from "./cookie.js"
import { type Notice, respond, seeOther } from "./layout.js"
import { type Devices, devicesPage, noticePage } from "./page.js"
import { noSuchDevice, refusalOf, signedOutMeanwhile } from "./refusals.js"

/** Less patience than a client has by itself: somebody waits for the page. */
const whileSomebodyWaits = flow(
  RequestPolicy.retry({ attempts: 2 }),
  RequestPolicy.timeout("3 seconds"),
  RequestPolicy.deadline("8 seconds")
)

/** The token is good and its session is over: a token outlives its session until it expires. */
class SignedOutMeanwhile extends Data.TaggedError("SignedOutMeanwhile") {}

const latestFirst = Order.mapInput(Order.reverse(DateTime.Order), (session: Session) => session.lastActiveAt)

/** Whose devices these are is in the verified token; how they stand is asked of Clerk. */
const devicesNow = Effect.gen(function* () {
  const { sessionId, userId } = yield* CurrentSession
  const signedIn = yield* Sessions.stream({ userId }).pipe(
    Stream.filter(({ status }) => status === "active" || status === "pending"),
    Stream.runCollect
  )
  const [others, [current]] = Arr.partition(signedIn, ({ id }) => id === sessionId)
  if (current === undefined) return yield* new SignedOutMeanwhile()
  return { current, others: Arr.sort(others, latestFirst) } satisfies Devices
})

const show = (notice?: Notice) =>
  Effect.zipWith(devicesNow, DateTime.now, (devices, now) => respond(devicesPage(devices, now, notice)))

const refusal = (error: ClerkError) => Effect.as(Effect.logWarning(error.message), refusalOf(error))

/** Only what `devicesNow` gives can be revoked, so the id of somebody else's session is one that does not exist. */
const signOut = (id: SessionId) =>
  Effect.gen(function* () {
    const { current, others } = yield* devicesNow
    const device = [current, ...others].find((session) => session.id === id)
    if (device === undefined) return yield* show(noSuchDevice)
    const outcome = yield* Effect.either(Sessions.revoke(id))
    if (outcome._tag === "Left") return yield* Effect.flatMap(refusal(outcome.left), show)
    return device === current ? endSession(seeOther("/sign-in?done=here")) : seeOther("/?done=one")
  })

/** A device that cannot be signed out does not keep the next ones from being tried. */
const signOutOthers = Effect.gen(function* () {
  const { others } = yield* devicesNow
  const [failures] = yield* Effect.partition(others, ({ id }) => Sessions.revoke(id), { concurrency: 5 })
  const [failure] = failures
  return failure === undefined ? seeOther("/?done=others") : yield* Effect.flatMap(refusal(failure), show)
})

const signedOutPage = endSession(respond(noticePage(signedOutMeanwhile, "/sign-in", "Sign in again")))

const answering = <R>(
  program: Effect.Effect<HttpServerResponse.HttpServerResponse, Sessions.ListError | SignedOutMeanwhile, R>
) =>
  program.pipe(
    whileSomebodyWaits,
    Effect.catchTag("SignedOutMeanwhile", () => Effect.succeed(signedOutPage)),
    Effect.catchAll((error) =>
      Effect.map(refusal(error), (notice) => respond(noticePage(notice, "/", "Show your devices")))
    )
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
