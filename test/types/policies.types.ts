// Checked by `npm run check`, never run. It states what the types of the policies promise.
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { flow } from "effect/Function"
import {
  ClerkError,
  type ClerkHttp,
  ClerkHttp as ClerkHttpTag,
  type ClerkTimeout,
  RequestPolicy,
  type Session,
  Sessions
} from "effect-clerk"
import { expectTypeOf } from "vitest"
import { Tag } from "#test/context.js"

class Database extends Tag("Database")<Database, { readonly url: string }>() {}
class NotFound {
  readonly _tag = "NotFound"
}

type Get = Effect.Effect<Session, Sessions.GetError, ClerkHttp>
type Program = Effect.Effect<number, NotFound, Database | ClerkHttp>

const get = Sessions.get("sess_1")
declare const program: Program

// Around an operation they keep its success and its error, and require ClerkHttp.
expectTypeOf(get.pipe(RequestPolicy.retry({ maxAttempts: 5 }))).toEqualTypeOf<Get>()
expectTypeOf(get.pipe(RequestPolicy.timeout("2 seconds"))).toEqualTypeOf<Get>()
expectTypeOf(get.pipe(RequestPolicy.use(RequestPolicy.standard))).toEqualTypeOf<Get>()
expectTypeOf(get.pipe(RequestPolicy.noRetry)).toEqualTypeOf<Get>()
expectTypeOf(get.pipe(RequestPolicy.none)).toEqualTypeOf<Get>()
// An operation can run out of time by itself, so a deadline adds nothing to it.
expectTypeOf(get.pipe(RequestPolicy.deadline("10 seconds"))).toEqualTypeOf<Get>()

// Around a program they keep all three; a deadline adds its own failure.
expectTypeOf(program.pipe(RequestPolicy.retry({ maxAttempts: 5 }))).toEqualTypeOf<Program>()
expectTypeOf(program.pipe(RequestPolicy.timeout(2_000))).toEqualTypeOf<Program>()
expectTypeOf(program.pipe(RequestPolicy.use({ maxAttempts: 2 }))).toEqualTypeOf<Program>()
expectTypeOf(program.pipe(RequestPolicy.noRetry)).toEqualTypeOf<Program>()
expectTypeOf(program.pipe(RequestPolicy.none)).toEqualTypeOf<Program>()
expectTypeOf(program.pipe(RequestPolicy.deadline("10 seconds"))).toEqualTypeOf<
  Effect.Effect<number, NotFound | ClerkTimeout, Database | ClerkHttp>
>()
expectTypeOf(Effect.succeed(1).pipe(RequestPolicy.deadline("10 seconds"))).toEqualTypeOf<
  Effect.Effect<number, ClerkTimeout>
>()

// They compose with pipe and with flow.
expectTypeOf(
  get.pipe(
    RequestPolicy.timeout("2 seconds"),
    RequestPolicy.retry({ maxAttempts: 5 }),
    RequestPolicy.deadline("10 seconds")
  )
).toEqualTypeOf<Get>()
const patient = flow(RequestPolicy.retry({ maxAttempts: 5 }), RequestPolicy.deadline("1 minute"))
expectTypeOf(get.pipe(patient)).toEqualTypeOf<Get>()
expectTypeOf(program.pipe(patient)).toEqualTypeOf<
  Effect.Effect<number, NotFound | ClerkTimeout, Database | ClerkHttp>
>()
expectTypeOf(
  Effect.retry(get.pipe(RequestPolicy.noRetry), { while: ClerkError.isRetryable, times: 2 })
).toEqualTypeOf<Get>()

// An operation with a policy is composed, so it does not run before ClerkHttp is provided.
// @ts-expect-error ClerkHttp is missing
Effect.runPromise(get.pipe(RequestPolicy.noRetry))
Effect.runPromise(get.pipe(RequestPolicy.noRetry, Effect.provide(ClerkHttpTag.layerDefault)))

// Settings have exactly their documented fields, and so has a retry event.
expectTypeOf(RequestPolicy.standard).toEqualTypeOf<RequestPolicy.Settings>()
expectTypeOf<RequestPolicy.RetryEvent>().toEqualTypeOf<{
  readonly operation: string
  readonly attempt: number
  readonly failure: string
  readonly delay: Duration.Duration
}>()
// @ts-expect-error a setting that does not exist
RequestPolicy.use({ retries: 3 })
// @ts-expect-error not a setting of retries
RequestPolicy.retry({ timeout: "2 seconds" })
// @ts-expect-error not a duration
RequestPolicy.timeout("soon")
// @ts-expect-error a hook that needs services of its own
RequestPolicy.retry({ onRetry: () => Effect.asVoid(Database) })
// @ts-expect-error a hook that can fail
RequestPolicy.retry({ onRetry: () => Effect.fail(new NotFound()) })
