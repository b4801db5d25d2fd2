import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Claims from "./claims.js"
import * as Ids from "./ids.js"
import type { MintOptions, MintTokenOptions } from "./inputs.js"
import * as Instance from "./instance.js"
import type { EmulatedTemplate } from "./model.js"
import type * as State from "./state.js"
import * as Tokens from "./tokens.js"

const times = (options: MintOptions, lifetimeSeconds: number) =>
  Effect.map(Clock.currentTimeMillis, (now) => ({
    issuedAt: now - Duration.toMillis(options.age ?? 0),
    lifetimeSeconds: options.expiresIn === undefined ? lifetimeSeconds : Instance.seconds(options.expiresIn)
  }))

const headerOf = (instance: Instance.Instance, category: keyof typeof Tokens.category) => ({
  cat: Tokens.category[category],
  kid: instance.keys.published[0].kid,
  typ: "JWT"
})

const sessionClaims = (instance: Instance.Instance, session: State.SessionRecord, options: MintOptions) =>
  Effect.map(Effect.all([Ids.hex(5), times(options, instance.tokenLifetimeSeconds)]), ([jti, times]) =>
    Claims.sessionClaims(
      instance.state,
      { issuer: instance.issuer, jti, session },
      times,
      options.version ?? 2,
      options.origin
    )
  )

const templateClaims = (
  instance: Instance.Instance,
  session: State.SessionRecord,
  template: EmulatedTemplate,
  options: MintOptions
) =>
  Effect.map(Effect.all([Ids.hex(5), times(options, template.lifetimeSeconds)]), ([jti, times]) =>
    Claims.templateClaims({ issuer: instance.issuer, jti, session }, times, template.claims)
  )

const nobodysClaims = (instance: Instance.Instance, options: MintOptions) =>
  Effect.map(
    Effect.all([Ids.hex(5), times(options, instance.tokenLifetimeSeconds)]),
    ([jti, { issuedAt, lifetimeSeconds }]) => {
      const iat = Math.floor(issuedAt / 1000)
      return { exp: iat + lifetimeSeconds, iat, iss: instance.issuer, jti, nbf: Claims.notBefore(iat) }
    }
  )

/** A session token of the instance; without an origin it has no `azp`, as over the Backend API. */
export const sessionToken = (
  instance: Instance.Instance,
  session: State.SessionRecord,
  options: MintOptions
): Effect.Effect<string> =>
  Effect.flatMap(sessionClaims(instance, session, options), (claims) =>
    Tokens.sign(
      instance.keys.published[0],
      { ...headerOf(instance, "session"), ...options.header },
      { ...claims, ...options.claims }
    )
  )

export const templateToken = (
  instance: Instance.Instance,
  session: State.SessionRecord,
  template: EmulatedTemplate,
  options: MintOptions
): Effect.Effect<string> =>
  Effect.flatMap(templateClaims(instance, session, template, options), (claims) =>
    Tokens.sign(instance.keys.published[0], headerOf(instance, "template"), claims)
  )

/** Any token, as right or wrong as it is asked for. */
export const anyToken = (
  instance: Instance.Instance,
  session: State.SessionRecord | undefined,
  template: EmulatedTemplate | undefined,
  options: MintTokenOptions
): Effect.Effect<string> =>
  Effect.gen(function* () {
    const claims: Claims.Claims =
      session === undefined
        ? yield* nobodysClaims(instance, options)
        : template === undefined
          ? yield* sessionClaims(instance, session, options)
          : yield* templateClaims(instance, session, template, options)
    const sign = options.sign ?? "current-key"
    const changes = options.claims ?? (sign === "tampered" ? { sub: "user_tampered" } : {})
    const category = template === undefined ? "session" : "template"
    return yield* Tokens.forge(instance.keys.published[0], {
      header: { ...headerOf(instance, category), ...options.header },
      payload: options.payload ?? JSON.stringify({ ...claims, ...changes }),
      signedPayload: JSON.stringify(claims),
      sign
    })
  })
