import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { broken, flag, optional, RuleBreak, readOptions } from "../core/input.js"
import { type PublishableKey, readPublishableKey } from "../core/keys/publishableKey.js"
import { type IncomingRequest, readCredential } from "../core/server/credential.js"
import { checkSettings, type TokenSettings, verifierReaders } from "../core/token/settings.js"
import type { ClerkConfigError } from "../errors/ClerkConfigError.js"
import type { ClerkKeysUnavailable, ClerkTokenError } from "../errors/TokenErrors.js"
import type { TokenClaims } from "../schema/SessionClaims.js"
import { configError } from "./errors.js"
import type { SigningKeysService } from "./keyCache.js"
import { makeVerify, optionDecoders, rejected, type ValidToken, verifyInTurn } from "./verify.js"

/** Authenticates a request by its headers. */
export type ServerAuth<Claims> = (
  request: IncomingRequest
) => Effect.Effect<ValidToken<Claims>, ClerkTokenError | ClerkKeysUnavailable>

/** The readers of the options that all servers have. */
export const serverReaders = {
  ...verifierReaders(optionDecoders),
  category: (value: unknown) =>
    value === undefined ? value : broken("is not an option here: a server accepts session tokens only"),
  requireClientUat: optional(flag)
}

/** Checks the combinations of a server's options. */
export const checkServerSettings = <Decode>(settings: Omit<TokenSettings<Decode>, "category">) =>
  checkSettings({ ...settings, category: "session" as const })

/** Reads the publishable key of an instance. */
export const readIdentity = (publishableKey: unknown): Effect.Effect<PublishableKey, ClerkConfigError> =>
  Effect.flatMap(
    Effect.promise(() => readPublishableKey(publishableKey)),
    (read) => (read instanceof RuleBreak ? Effect.fail(configError(read)) : Effect.succeed(read))
  )

export const missingParties = new RuleBreak(
  "authorizedParties",
  'is required where cookies are read: set it to your origins, such as ["https://app.example.com"], or set cookies to false'
)

const readAuthOptions = (options: unknown) => {
  const read = readOptions(
    Object(options),
    { unknown: "is not an option of authentication" },
    { ...serverReaders, cookies: (value = true) => flag(value), publishableKey: (value) => value }
  )
  if (read instanceof RuleBreak) return read
  if (read.cookies && read.authorizedParties === undefined) return missingParties
  if (!read.cookies && read.requireClientUat !== undefined) {
    return new RuleBreak("requireClientUat", "has no effect where cookies are not read")
  }
  const settings = checkServerSettings(read)
  return settings instanceof RuleBreak ? settings : { ...read, settings }
}

/** Makes the function that authenticates requests by their headers alone. */
export const makeServerAuth = (
  options: unknown,
  keys: SigningKeysService
): Effect.Effect<ServerAuth<TokenClaims<unknown>>, ClerkConfigError> =>
  Effect.gen(function* () {
    const read = readAuthOptions(options)
    if (read instanceof RuleBreak) return yield* configError(read)
    const { authorizedParties, cookies, publishableKey, requireClientUat = true, settings } = read
    const identity = publishableKey === undefined ? undefined : yield* readIdentity(publishableKey)
    const issuer = settings.issuer ?? identity?.issuer
    const verify = yield* makeVerify({ ...settings, issuer }, keys)
    const { cookieSuffix: suffix, isDevelopment = false } = identity ?? {}
    const owner = cookies ? { suffix, issuer, isDevelopment, requireClientUat } : undefined
    return (request) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const tokens = readCredential(request, owner, authorizedParties, Math.floor(now / 1000))
        return "_tag" in tokens ? rejected(tokens) : verifyInTurn(verify, tokens)
      })
  })
