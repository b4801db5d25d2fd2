import { Data, DateTime, Effect, flow, Stream } from "effect"
import { type ClerkError, RequestPolicy, type Session, type SessionId, Sessions } from "effect-clerk"
import { CurrentSession } from "effect-clerk/http-api"
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

const latestFirst = (a: Session, b: Session) =>
  DateTime.toEpochMillis(b.lastActiveAt) - DateTime.toEpochMillis(a.lastActiveAt)

/** The user is in the verified token. The sessions come from Clerk. */
const devicesNow = Effect.gen(function* () {
  const { sessionId, userId } = yield* CurrentSession
  const found = yield* Sessions.stream({ userId }).pipe(
    Stream.filter(({ status }) => status === "active" || status === "pending"),
    Stream.runCollect
  )
  const signedIn = Array.from(found)
  const current = signedIn.find(({ id }) => id === sessionId)
  if (current === undefined) return yield* new SignedOutMeanwhile()
  return { current, others: signedIn.filter((session) => session !== current).sort(latestFirst) }
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
    return yield* Effect.matchEffect(Sessions.revoke(id), {
      onFailure: showRefusal,
      onSuccess: () =>
        device === current
          ? endSession(seeOther("/sign-in?done=here"))
          : Effect.succeed(seeOther("/?done=one"))
    })
  })

/** A device that cannot be signed out does not prevent the next attempts. */
const signOutOthers = Effect.gen(function* () {
  const { others } = yield* devicesNow
  const failures = yield* Effect.forEach(
    others,
    ({ id }) =>
      Effect.match(Sessions.revoke(id), {
        onFailure: (error) => (error._tag === "ClerkNotFound" ? undefined : error),
        onSuccess: () => undefined
      }),
    { concurrency: 5 }
  )
  const failure = failures.find((error) => error !== undefined)
  return failure === undefined ? seeOther("/?done=others") : yield* showRefusal(failure)
})

/** A failure that cannot be shown with the devices is shown without them. */
const answering = <R>(program: Effect.Effect<Response, Sessions.ListError | SignedOutMeanwhile, R>) =>
  Effect.matchEffect(whileSomebodyWaits(program), {
    onFailure: (error) =>
      error._tag === "SignedOutMeanwhile"
        ? endSession(signInAgainPage(signedOutMeanwhile))
        : Effect.map(noticeOf(error), problemPage),
    onSuccess: Effect.succeed
  })

export const isDone = (done: string | undefined): done is "one" | "others" | undefined =>
  done === undefined || done === "one" || done === "others"

const notices = {
  one: { sentence: "That device has been signed out." },
  others: { sentence: "All your other devices have been signed out." }
}

/** The responses to the requests of a user who is signed in. */
export const devices = {
  show: (done: "one" | "others" | undefined) => answering(show(done && notices[done])),
  signOut: (id: SessionId) => answering(signOut(id)),
  signOutOthers: answering(signOutOthers)
}
