import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { EmulatorRequest, EmulatorResponse } from "../emulator/model.js"
import { EmulatorSeedError, issuesOf } from "../emulator/seed.js"
import { type Controlled, commands } from "./commands.js"

/** Under which path an emulator takes orders; Clerk has none like it. */
export const controlPath = "/__emulator"

export const isControl = (url: string): boolean => /^\/__emulator(?:[/?]|$)/.test(url)

const json = (status: number, value: unknown): EmulatorResponse => ({
  status,
  headers: { "content-type": "application/json" },
  // Ends its line: most who ask sit at a terminal.
  body: `${JSON.stringify(value ?? {})}\n`
})

const refused = (status: number, error: string) => json(status, { error })

const list = Object.entries(commands).map(
  ([name, { does, method }]) => `${method} ${controlPath}/${name}: ${does}`
)

const readJson = (text: string): Either.Either<unknown, string> =>
  text.trim() === ""
    ? Either.right({})
    : Either.try({ try: (): unknown => JSON.parse(text), catch: () => "the body is not JSON" })

/** What a test got wrong is a defect in process; from outside it is a bad request. */
const misuse = (cause: Cause.Cause<never>): string | undefined =>
  Option.getOrUndefined(
    Option.flatMap(Cause.dieOption(cause), (defect) =>
      defect instanceof Error && defect.message.startsWith("ClerkEmulator: ")
        ? Option.some(defect.message.slice("ClerkEmulator: ".length))
        : Option.none()
    )
  )

/** Carries out an order for the emulator itself. */
export const control =
  (controlled: Controlled) =>
  ({ body, method, url }: EmulatorRequest): Effect.Effect<EmulatorResponse> => {
    const name = url
      .slice(controlPath.length)
      .replace(/\?.*$/, "")
      .replace(/^\/|\/$/g, "")
    if (name === "") return Effect.succeed(json(200, { commands: list }))
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (command === undefined) {
      return Effect.succeed(refused(404, `there is no such command; GET ${controlPath} lists them`))
    }
    if (method !== command.method) return Effect.succeed(refused(405, `${name} is a ${command.method}`))
    const input = readJson(body)
    if (Either.isLeft(input)) return Effect.succeed(refused(400, input.left))
    return command.run(controlled, input.right).pipe(
      Effect.map((value) => json(200, value)),
      Effect.catchAll((error) => {
        const seedError = error instanceof EmulatorSeedError
        return Effect.succeed(
          refused(400, (seedError ? error : new EmulatorSeedError({ issues: issuesOf(error) })).message)
        )
      }),
      Effect.catchAllCause((cause) => {
        const message = misuse(cause)
        return message === undefined
          ? Effect.failCause(cause)
          : Effect.succeed(refused(message.endsWith(" already") ? 409 : 404, message))
      })
    )
  }
