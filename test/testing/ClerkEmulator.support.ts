import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import {
  ClerkEmulator,
  type ClerkEmulatorOptions,
  type ClerkEmulatorService,
  DEFAULT_SECRET_KEY
} from "../../src/testing/ClerkEmulator.js"

export interface Ask {
  readonly body?: unknown
  readonly text?: string
  readonly version?: string
  readonly headers?: Record<string, string | undefined>
}

const defaultHeaders = (ask: Ask) => ({
  authorization: `Bearer ${Redacted.value(DEFAULT_SECRET_KEY)}`,
  "clerk-api-version": ask.version ?? "2026-05-12",
  ...(ask.body === undefined && ask.text === undefined ? {} : { "content-type": "application/json" }),
  ...ask.headers
})

/** The fields of Clerk's responses that the tests read by name. */
export interface Wire {
  readonly id: string
  readonly status: string
  readonly tasks: unknown
  readonly last_active_organization_id: string | null
  readonly latest_activity: unknown
  readonly jwt: string
  readonly object: string
  readonly cookies: ReadonlyArray<string>
  readonly data: ReadonlyArray<Wire>
  readonly total_count: number
  readonly errors: ReadonlyArray<{
    readonly code: string
    readonly long_message: string
    readonly meta: { readonly param_name?: string }
  }>
}

/** One exchange, with the parsed JSON of the response. */
export const ask = <A = Wire>(clerk: ClerkEmulatorService, line: string, ask: Ask = {}) => {
  const [method = "", url = ""] = line.split(" ")
  return Effect.map(
    clerk.handle({
      method,
      url,
      headers: defaultHeaders(ask),
      body: ask.text ?? (ask.body === undefined ? "" : JSON.stringify(ask.body))
    }),
    // Sound in a test: it compares each value that it reads.
    ({ body, headers, status }) => ({ status, headers, json: JSON.parse(body) as A })
  )
}

/** The parts of an error response: status, code and the invalid parameter. */
export const outcome = (clerk: ClerkEmulatorService, line: string, request: Ask = {}) =>
  Effect.map(ask<Partial<Wire>>(clerk, line, request), ({ json, status }) => {
    const error = json.errors?.[0]
    return [status, error?.code, error?.meta.param_name].filter((part) => part !== undefined).join(" ")
  })

/** An emulator with a user who has signed in. */
export const signedIn = (options?: ClerkEmulatorOptions) =>
  Effect.gen(function* () {
    const clerk = yield* ClerkEmulator.make(options)
    const user = yield* clerk.createUser()
    return { clerk, user, ...(yield* clerk.signIn(user.id)) }
  })
