import type { HttpClientRequest } from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** The body of a platform request as text, whatever it was made from. */
export const requestText = ({ body }: HttpClientRequest): Effect.Effect<string, unknown> => {
  switch (body._tag) {
    case "Empty":
      return Effect.succeed("")
    case "Uint8Array":
      return Effect.succeed(new TextDecoder().decode(body.body))
    case "Stream":
      return Stream.mkString(Stream.decodeText(body.stream))
    case "FormData":
      return Effect.tryPromise(() => new Response(body.formData).text())
    case "Raw":
      // Sound because `Response` turns what is no body of the web into text, as `fetch` would.
      return Effect.tryPromise(() => new Response(body.body as BodyInit).text())
  }
}
