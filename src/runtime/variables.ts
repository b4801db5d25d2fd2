import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { booleanConfig, redactedConfig } from "#major/config.js"
import { construct } from "#major/schemas.js"
import { isBlank } from "../core/input.js"
import { ClerkConfigError } from "../errors/ClerkConfigError.js"

/** Reads a variable with a secret from the `ConfigProvider`. An absent, empty or blank variable gives `undefined`. */
export const secretVariable = (
  setting: string,
  variable: string
): Effect.Effect<Redacted.Redacted<string> | undefined, ClerkConfigError> =>
  Config.option(redactedConfig(variable)).pipe(
    Effect.map(Option.filter((value) => !isBlank(Redacted.value(value)))),
    Effect.map(Option.getOrUndefined),
    // The failure may hold the value.
    Effect.mapError(() => construct(ClerkConfigError, { setting, variable, rule: "cannot be read" }))
  )

/** Reads a variable from the `ConfigProvider`. An absent, empty or blank variable gives `undefined`. */
export const textVariable = (
  setting: string,
  variable: string
): Effect.Effect<string | undefined, ClerkConfigError> =>
  Effect.map(secretVariable(setting, variable), (value) =>
    value === undefined ? undefined : Redacted.value(value)
  )

/** Reads a variable that is `true` or `false`, in the words of `Config.boolean`. Absent, empty or blank: `undefined`. */
export const flagVariable = (
  setting: string,
  variable: string
): Effect.Effect<boolean | undefined, ClerkConfigError> =>
  Effect.flatMap(textVariable(setting, variable), (text) =>
    text === undefined
      ? Effect.succeed(undefined)
      : Effect.mapError(booleanConfig(variable), () =>
          construct(ClerkConfigError, { setting, variable, rule: "must be true or false" })
        )
  )
