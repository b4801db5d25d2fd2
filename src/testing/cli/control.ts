import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { byteLengthOf, inWords, limits, readJson, textOf } from "../../core/emulator/limits.js"
import type { EmulatorRequest, EmulatorResponse } from "../../core/emulator/model.js"
import { RuleBreak } from "../../core/input.js"
import { EmulatorUsageError } from "../emulator/methods.js"
import { EmulatorSeedError } from "../emulator/seed.js"
import { sentenceOf } from "../input.js"
import { type Controlled, commands } from "./commands.js"

/** The path of the control API; Clerk has none like it. */
export const controlPath = "/__emulator"

export const isControl = (url: string): boolean => /^\/__emulator(?:[/?]|$)/.test(url)

const json = (
  status: number,
  value: unknown,
  headers: EmulatorResponse["headers"] = {}
): EmulatorResponse => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  // Ends its line: most who ask sit at a terminal.
  body: `${JSON.stringify(value ?? {})}\n`
})

export const refused = (
  status: number,
  error: string,
  headers?: EmulatorResponse["headers"]
): EmulatorResponse => json(status, { error }, headers)

const list = Object.entries(commands).map(
  ([name, { does, method }]) => `${method} ${controlPath}/${name}: ${does}`
)

const names = Object.keys(commands).join(", ")

const readInput = (body: EmulatorRequest["body"]): Either.Either<unknown, EmulatorResponse> => {
  if (byteLengthOf(body) > limits.bodyBytes) {
    return Either.left(refused(413, `the body is larger than ${inWords(limits.bodyBytes)} bytes`))
  }
  const text = textOf(body)
  if (text === undefined) return Either.left(refused(400, "the body is not valid UTF-8"))
  if (text.trim() === "") return Either.right({})
  const json = readJson(text)
  return json instanceof RuleBreak ? Either.left(refused(400, `the body ${json.rule}`)) : Either.right(json)
}

/** What a test got wrong is a defect in process; from outside it is a bad request. */
const misuse = (cause: Cause.Cause<never>): Option.Option<EmulatorUsageError> =>
  Option.filter(Cause.dieOption(cause), (defect) => defect instanceof EmulatorUsageError)

/** The name of a command in a URL, and the first parameter of the query. */
const parse = (url: string) => {
  const [path = "", query = ""] = url.slice(controlPath.length).split(/\?(.*)/s)
  return {
    name: path.replace(/^\/|\/$/g, ""),
    parameter: [...new URLSearchParams(query).keys()][0]
  }
}

/** Carries out a command for the emulator itself. */
export const control =
  (controlled: Controlled) =>
  ({ body, method, url }: EmulatorRequest): Effect.Effect<EmulatorResponse> => {
    const { name, parameter } = parse(url)
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (name !== "" && command === undefined) {
      return Effect.succeed(refused(404, `there is no such command; GET ${controlPath} lists them: ${names}`))
    }
    const expected = command?.method ?? "GET"
    if (method !== expected && !(method === "HEAD" && expected === "GET")) {
      return Effect.succeed(refused(405, `${name || "the list"} is a ${expected}`, { allow: expected }))
    }
    if (parameter !== undefined) {
      return Effect.succeed(
        refused(400, "the query must be empty: the control API takes its input as JSON in the body")
      )
    }
    if (command === undefined) return Effect.succeed(json(200, { commands: list }))
    const input = command.method === "GET" ? Either.right(undefined) : readInput(body)
    if (Either.isLeft(input)) return Effect.succeed(input.left)
    return command.run(controlled, input.right).pipe(
      Effect.map((value) => json(200, value)),
      Effect.catchAll((error) =>
        Effect.succeed(
          refused(400, error instanceof EmulatorSeedError ? error.message : sentenceOf(error, "the body"))
        )
      ),
      Effect.catchAllCause((cause) =>
        Option.match(misuse(cause), {
          onNone: () => Effect.failCause(cause),
          onSome: ({ sentence, status }) => Effect.succeed(refused(status, sentence))
        })
      )
    )
  }
