import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "@effect/platform"
import { Schema } from "effect"
import { SessionId } from "effect-clerk"
import { ClerkAuth } from "effect-clerk/http-api"
import { browsers } from "../../devices/demo.js"

const Html = HttpApiSchema.Text({ contentType: "text/html" })

const SeeOther = HttpApiSchema.Empty(303)

class Devices extends HttpApiGroup.make("devices")
  .add(
    HttpApiEndpoint.get("show", "/")
      .setUrlParams(Schema.Struct({ done: Schema.optional(Schema.Literal("one", "others")) }))
      .addSuccess(Html)
  )
  .add(
    HttpApiEndpoint.post("revoke")`/devices/${HttpApiSchema.param("id", SessionId)}/revoke`.addSuccess(
      SeeOther
    )
  )
  .add(HttpApiEndpoint.post("revokeOthers", "/devices/revoke-others").addSuccess(SeeOther))
  .middleware(ClerkAuth) {}

class SignIn extends HttpApiGroup.make("signIn")
  .add(
    HttpApiEndpoint.get("choose", "/sign-in")
      .setUrlParams(Schema.Struct({ done: Schema.optional(Schema.Literal("here")) }))
      .addSuccess(Html)
  )
  .add(
    HttpApiEndpoint.post("enter", "/sign-in")
      .setPayload(
        Schema.Struct({ browser: Schema.Literal(...browsers) }).pipe(
          HttpApiSchema.withEncoding({ kind: "UrlParams" })
        )
      )
      .addSuccess(SeeOther)
  ) {}

export class DevicesApi extends HttpApi.make("your-devices").add(Devices).add(SignIn) {}
