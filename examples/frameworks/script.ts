/** A script that signs a user out everywhere: `npx tsx script.ts user_…` */
import { Console, Effect, Stream } from "effect"
import { ClerkHttp, Sessions } from "effect-clerk"

const signOutEverywhere = (userId: string) =>
  Effect.gen(function* () {
    const all = yield* Stream.runCollect(Sessions.stream({ userId }))
    const open = Array.from(all).filter(({ status }) => status === "active" || status === "pending")
    yield* Effect.forEach(
      open,
      ({ id }) => Effect.catchTag(Sessions.revoke(id), "ClerkNotFound", () => Effect.void),
      { concurrency: 5, discard: true }
    )
    yield* Console.log(`Signed out ${userId}. Sessions: ${open.length}`)
  })

const [userId] = process.argv.slice(2)
const program =
  userId === undefined ? Effect.fail(new Error("Give the id of a user: user_…")) : signOutEverywhere(userId)

// The layer reads CLERK_SECRET_KEY. A failure is one line, and exit code 1.
await Effect.runPromise(
  Effect.matchEffect(Effect.provide(program, ClerkHttp.layerDefault), {
    onFailure: (error) =>
      Effect.sync(() => {
        console.error(error.message)
        process.exitCode = 1
      }),
    onSuccess: () => Effect.void
  })
)
