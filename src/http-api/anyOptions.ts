import type { WithRevocations } from "../services/SessionTokens.js"
import * as Authenticator from "./Authenticator.js"

/** The options of a middleware, with revocations or without. */
export type AnyOptions = Authenticator.AuthOptions | WithRevocations<Authenticator.AuthOptions>

/** Makes the authenticator of a middleware, whose signatures have the requirement of `revocations`. */
export const makeAuthenticator = (options: AnyOptions) =>
  // Sound: `make` reads the option `revocations` in any options. Only the type of its result would differ.
  Authenticator.make(options as Authenticator.AuthOptions)
