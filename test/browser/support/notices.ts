import { Effect, Redacted } from "effect"
import { ClerkEmulator, type PreparedResponse } from "effect-clerk/testing"
import { userId } from "../../../examples/devices/demo.js"

/** An error response as Clerk writes it, with texts that are not meant for the users of an application. */
export const refusal = (
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {}
): PreparedResponse => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify({
    errors: [{ code, message: "words of Clerk's", long_message: "longer words of Clerk's" }],
    clerk_trace_id: "0f6a9a1f"
  })
})

/** Responds to the next requests to Clerk with these, one after the other. */
export const refuse = (...refusals: ReadonlyArray<PreparedResponse>) =>
  Effect.flatMap(ClerkEmulator, ({ respondNext }) => Effect.forEach(refusals, respondNext, { discard: true }))

/** The same, starting after the next request that lists devices. */
export const refuseAfterList = (...refusals: ReadonlyArray<PreparedResponse>) =>
  Effect.gen(function* () {
    const clerk = yield* ClerkEmulator
    const list = yield* clerk.handle({
      method: "GET",
      url: `/v1/sessions?user_id=${userId}&paginated=true&limit=500`,
      headers: { authorization: `Bearer ${Redacted.value(clerk.secretKey)}` },
      body: ""
    })
    yield* refuse(list, ...refusals)
  })
