// Checked by `npm run check`, never run. It states what the types of request authentication promise.
import { Effect, type Option, type Redacted, Schema } from "effect"
import type {
  ClerkConfigError,
  ClerkHttp,
  ClerkKeysUnavailable,
  SessionClaims,
  SigningKeys
} from "effect-clerk"
import { Authenticator, ClerkRouter, RequestAuth } from "effect-clerk/http-api"
import { expectTypeOf } from "vitest"
import type { Success } from "../support/types.js"

const options = {
  publishableKey: "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k",
  authorizedParties: ["https://app.example.com"],
  origin: "https://app.example.com"
}

expectTypeOf(RequestAuth.make(options)).toEqualTypeOf<
  Effect.Effect<
    (
      request: RequestAuth.RequestInput
    ) => Effect.Effect<RequestAuth.Outcome, ClerkKeysUnavailable, ClerkHttp>,
    ClerkConfigError,
    SigningKeys
  >
>()

// A web Request, Node's request and a plain object are requests.
expectTypeOf<Request>().toExtend<RequestAuth.RequestInput>()
expectTypeOf<{
  readonly method: string
  readonly url: string
  readonly headers: Record<string, string | ReadonlyArray<string> | undefined>
}>().toExtend<RequestAuth.RequestInput>()

expectTypeOf<RequestAuth.Outcome["_tag"]>().toEqualTypeOf<"SignedIn" | "SignedOut" | "Handshake">()
expectTypeOf<keyof RequestAuth.SignedIn>().toEqualTypeOf<"_tag" | "session" | "token" | "setCookies">()
expectTypeOf<keyof RequestAuth.SignedOut>().toEqualTypeOf<"_tag" | "reason" | "setCookies">()
expectTypeOf<keyof RequestAuth.Handshake>().toEqualTypeOf<"_tag" | "reason" | "location" | "setCookies">()
expectTypeOf<RequestAuth.SignedIn["session"]>().toEqualTypeOf<SessionClaims>()
expectTypeOf<RequestAuth.SignedIn["token"]>().toEqualTypeOf<Redacted.Redacted<string>>()
expectTypeOf<RequestAuth.Handshake["location"]>().toEqualTypeOf<Redacted.Redacted<string>>()
expectTypeOf<RequestAuth.Outcome["setCookies"]>().toEqualTypeOf<ReadonlyArray<Redacted.Redacted<string>>>()

// The claims of a schema are in the session.
const tenants = RequestAuth.make({ ...options, claims: Schema.Struct({ tenant: Schema.String }) })
expectTypeOf<
  Extract<Success<ReturnType<Success<typeof tenants>>>, { readonly _tag: "SignedIn" }>["session"]["custom"]
>().toEqualTypeOf<{ readonly tenant: string }>()

// @ts-expect-error: the origin is missing
RequestAuth.make({ publishableKey: "pk_test_x", authorizedParties: ["https://app.example.com"] })
// @ts-expect-error: the authorized parties are missing
RequestAuth.make({ publishableKey: "pk_test_x", origin: "https://app.example.com" })
// @ts-expect-error: without cookies there is no client_uat
Authenticator.make({ cookies: false, requireClientUat: true })

expectTypeOf(ClerkRouter.pages(options)).toEqualTypeOf<ClerkRouter.PagesMiddleware>()

expectTypeOf(RequestAuth.signOutCookies("pk_test_x")).toEqualTypeOf<
  Effect.Effect<ReadonlyArray<string>, ClerkConfigError>
>()
// @ts-expect-error: the publishable key is missing
RequestAuth.signOutCookies()

const connection = RequestAuth.connection({ authorizedParties: ["https://app.example.com"] })
expectTypeOf<Success<ReturnType<Success<typeof connection>>>>().toEqualTypeOf<
  RequestAuth.SignedIn | RequestAuth.SignedOut
>()

const chosen = RequestAuth.byHost({ "a.example.com": () => Effect.succeed(1) })
expectTypeOf<Success<ReturnType<typeof chosen>>>().toEqualTypeOf<Option.Option<number>>()
