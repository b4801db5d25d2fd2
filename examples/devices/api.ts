import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiMiddleware, HttpApiSchema } from "effect/http-api"
import { SessionId } from "effect-clerk"
import { ClerkAuth } from "effect-clerk/http-api"
import { browsers } from "./demo.js"

const Html = Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/html" }))

const SeeOther = HttpApiSchema.Empty(303)

class Devices extends HttpApiGroup.make("devices")
  .add(
    HttpApiEndpoint.get("show", "/", {
      query: { done: Schema.optional(Schema.Literals(["one", "others"])) },
      success: Html
    }),
    HttpApiEndpoint.post("revoke", "/devices/:id/revoke", { params: { id: SessionId }, success: SeeOther }),
    HttpApiEndpoint.post("revokeOthers", "/devices/revoke-others", { success: SeeOther })
  )
  .middleware(ClerkAuth) {}

class SignIn extends HttpApiGroup.make("signIn").add(
  HttpApiEndpoint.get("choose", "/sign-in", {
    query: { done: Schema.optional(Schema.Literal("here")) },
    success: Html
  }),
  HttpApiEndpoint.post("enter", "/sign-in", {
    payload: Schema.Struct({ browser: Schema.Literals(browsers) }).pipe(HttpApiSchema.asFormUrlEncoded()),
    success: SeeOther
  })
) {}

/** Turns the errors of `ClerkAuth` and of invalid requests into pages. It is around the other middleware. */
export class ErrorPages extends HttpApiMiddleware.Service<ErrorPages>()("examples/devices/ErrorPages") {}

export class DevicesApi extends HttpApi.make("your-devices")
  .add(Devices)
  .add(SignIn)
  .middleware(ErrorPages) {}
