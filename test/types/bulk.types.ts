// Checked by `npm run check`, never run. It states what the types of SignOutEverywhere promise.
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import type {
  ClerkConfigError,
  ClerkForbidden,
  ClerkHttp,
  ClerkInvalidRequest,
  ClerkTransportError,
  ClerkUnauthorized
} from "effect-clerk"
import { SignOutEverywhere } from "effect-clerk/bulk"
import { expectTypeOf } from "vitest"
import type { WorkflowEngine } from "#major/workflowEngine.js"
import { Tag } from "#test/context.js"

class Database extends Tag("Database")<Database, { readonly ids: ReadonlyArray<string> }>() {}

// The requirements of the source are those of the layer. Its errors are not: the job handles them.
expectTypeOf(
  SignOutEverywhere.layer({
    source: (cursor) => {
      expectTypeOf(cursor).toEqualTypeOf<string | undefined>()
      return Effect.flatMap(Database, ({ ids }) =>
        ids.length === 0 ? Effect.fail("no users" as const) : Effect.succeed({ users: ids })
      )
    }
  })
).toEqualTypeOf<Layer.Layer<never, ClerkConfigError, WorkflowEngine | ClerkHttp | Database>>()

expectTypeOf(
  SignOutEverywhere.layer({ source: () => Effect.succeed({ users: [], next: "1" }), chunk: 10, parallel: 1 })
).toEqualTypeOf<Layer.Layer<never, ClerkConfigError, WorkflowEngine | ClerkHttp>>()

// @ts-expect-error: a page has users
SignOutEverywhere.layer({ source: () => Effect.succeed({ ids: ["user_1"] }) })

// Who starts or watches a job needs the engine only, not Clerk.
expectTypeOf(SignOutEverywhere.start({ job: "incident" })).toEqualTypeOf<
  Effect.Effect<SignOutEverywhere.Run, ClerkInvalidRequest, WorkflowEngine>
>()
expectTypeOf(SignOutEverywhere.progress("incident")).toEqualTypeOf<
  Effect.Effect<SignOutEverywhere.Progress, ClerkInvalidRequest, WorkflowEngine>
>()
expectTypeOf(SignOutEverywhere.watch("incident")).toEqualTypeOf<
  Stream.Stream<SignOutEverywhere.Progress, ClerkInvalidRequest, WorkflowEngine>
>()
expectTypeOf(SignOutEverywhere.failed("incident")).toEqualTypeOf<
  Stream.Stream<SignOutEverywhere.FailedUser, ClerkInvalidRequest, WorkflowEngine>
>()

// @ts-expect-error: a job has a name
SignOutEverywhere.start({ cutoff: new Date() })

// @ts-expect-error: a number could be seconds or milliseconds
SignOutEverywhere.start({ job: "incident", cutoff: 1_700_000_000 })

// A chunk needs Clerk only, and its failures say that no other request can succeed.
declare const cutoff: DateTime.Utc
expectTypeOf(SignOutEverywhere.chunk(["user_1"], { cutoff })).toEqualTypeOf<
  Effect.Effect<
    SignOutEverywhere.ChunkResult,
    ClerkUnauthorized | ClerkForbidden | ClerkTransportError | ClerkInvalidRequest,
    ClerkHttp
  >
>()

// @ts-expect-error: all chunks of a job need the same cutoff, so there is no default
SignOutEverywhere.chunk(["user_1"], {})
