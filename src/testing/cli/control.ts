import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { byteLengthOf, inWords, limits, readJson, textOf } from "../../core/emulator/limits.js"
import type { EmulatorRequest, EmulatorResponse } from "../../core/emulator/model.js"
import { nearest, RuleBreak } from "../../core/input.js"
import { EmulatorUsageError } from "../emulator/methods.js"
import { type Controlled, commands } from "./commands.js"

/** The path of the control API. Clerk has no such path. */
export const controlPath = "/__emulator"

/** Returns a URL without its query. */
export const pathOf = (url: string): string => url.replace(/[?#].*/s, "")

export const isControl = (url: string): boolean => /^\/__emulator(?:[/?]|$)/.test(url)

const json = (
  status: number,
  value: unknown,
  headers: EmulatorResponse["headers"] = {}
): EmulatorResponse => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  // The line break is for a terminal.
  body: `${JSON.stringify(value ?? {})}\n`
})

export const errorJson = (
  status: number,
  error: string,
  headers?: EmulatorResponse["headers"]
): EmulatorResponse => json(status, { error }, headers)

const list = Object.entries(commands).map(
  ([name, { does, method }]) => `${method} ${controlPath}/${name}: ${does}`
)

const names = Object.keys(commands)

/** Does not contain the given name, which can be a secret. */
const unknownCommand = (name: string): string => {
  const meant = nearest(name, names)
  const advice = meant === undefined ? `The commands are ${names.join(", ")}.` : `Did you mean ${meant}?`
  return `Unknown command. ${advice} GET ${controlPath} describes all commands`
}

/** Reads the body of a command. Returns the error response of an invalid one. */
const readInput = (body: EmulatorRequest["body"]): { readonly input: unknown } | EmulatorResponse => {
  if (byteLengthOf(body) > limits.bodyBytes) {
    return errorJson(413, `the body is larger than ${inWords(limits.bodyBytes)} bytes`)
  }
  const text = textOf(body)
  if (text === undefined) return errorJson(400, "the body is not valid UTF-8")
  const input = text.trim() === "" ? {} : readJson(text)
  return input instanceof RuleBreak ? errorJson(400, `the body ${input.rule}`) : { input }
}

/** The name of a command in a URL, and the first parameter of the query. */
const parse = (url: string) => {
  const [path = "", query = ""] = url.slice(controlPath.length).split(/\?(.*)/s)
  return {
    name: path.replace(/^\/|\/$/g, ""),
    parameter: [...new URLSearchParams(query).keys()][0]
  }
}

/** Executes a command of the control API. */
export const control =
  (controlled: Controlled) =>
  ({ body, method, url }: EmulatorRequest): Effect.Effect<EmulatorResponse> => {
    const { name, parameter } = parse(url)
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (name !== "" && command === undefined) {
      return Effect.succeed(errorJson(404, unknownCommand(name)))
    }
    const expected = command?.method ?? "GET"
    if (method !== expected && !(method === "HEAD" && expected === "GET")) {
      return Effect.succeed(
        errorJson(405, `${name || "the list of commands"} requires the method ${expected}`, {
          allow: expected
        })
      )
    }
    if (parameter !== undefined) {
      return Effect.succeed(
        errorJson(400, "the query must be empty: the control API takes its input as JSON in the body")
      )
    }
    if (command === undefined) return Effect.succeed(json(200, { commands: list }))
    const read = command.method === "GET" ? { input: undefined } : readInput(body)
    if ("status" in read) return Effect.succeed(read)
    return Effect.matchCauseEffect(command.run(controlled, read.input), {
      onSuccess: (value) => Effect.succeed(json(200, value)),
      onFailure: (cause) => {
        // In process, a usage error is a defect of the test. Here it is an invalid request.
        const defect = Cause.squash(cause)
        return defect instanceof EmulatorUsageError
          ? Effect.succeed(errorJson(defect.status, defect.sentence))
          : Effect.failCause(cause)
      }
    })
  }
