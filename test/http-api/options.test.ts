import { Effect, Layer, Schema } from "effect"
import { type Authorization, ClerkConfigError, type SigningKeys } from "effect-clerk"
import {
  Authenticator,
  ClerkAuth,
  ClerkAuthOptional,
  ClerkAuthRequiring,
  ClerkRouter
} from "effect-clerk/http-api"
import { HttpServerRequest } from "#test/httpServer.js"
import { scopedDiscard } from "#test/layers.js"
import { describe, expect, it } from "#test/vitest.js"
import { withPollutedPrototype } from "../support/pollution.js"
import { app, bearer, clerkWithKeys, cookie, newUser, standard } from "../support/protectedServers.js"
import { untyped } from "../support/requests.js"
import { untouchedKeys } from "../support/verification.js"

class Requiring extends ClerkAuthRequiring<Requiring>()("Requiring", { role: "org:admin" }) {}

type Build = (options: Authenticator.AuthOptions) => Effect.Effect<unknown, ClerkConfigError, SigningKeys>

const built =
  <A>(make: (options: Authenticator.AuthOptions) => Layer.Layer<A, ClerkConfigError, SigningKeys>): Build =>
  (options) =>
    Effect.scoped(Layer.build(make(options)))

const builds: ReadonlyArray<readonly [name: string, build: Build]> = [
  ["Authenticator.make", Authenticator.make],
  ["ClerkAuth.layer", built(ClerkAuth.layer)],
  ["ClerkAuthOptional.layer", built(ClerkAuthOptional.layer)],
  ["the layer of a ClerkAuthRequiring", built(Requiring.layer)],
  ["ClerkRouter.signedIn", built((options) => ClerkRouter.signedIn(options).layer)],
  ["ClerkRouter.optional", built((options) => ClerkRouter.optional(options).layer)],
  ["ClerkRouter.requiring", built((options) => ClerkRouter.requiring({ role: "org:admin" }, options).layer)]
]

const errorOf = (build: Build, options: unknown) =>
  Effect.flip(Effect.provide(build(untyped(options)), untouchedKeys))

const noParties =
  'is required where cookies are read: set it to your origins, such as ["https://app.example.com"], or set cookies to false'

describe.each(builds)("%s rejects", (_, build) => {
  const rejected: ReadonlyArray<readonly [name: string, options: unknown, setting: string, rule?: string]> = [
    ["no parties where cookies are read", {}, "authorizedParties", noParties],
    ["no options at all", undefined, "authorizedParties", noParties],
    ["parties that are undefined", { authorizedParties: undefined }, "authorizedParties", noParties],
    ["parties that are undefined, beside cookies", { cookies: true }, "authorizedParties", noParties],
    ["null for parties", { authorizedParties: null }, "authorizedParties"],
    ["an empty list of parties", { authorizedParties: [] }, "authorizedParties"],
    ["a text for parties", { authorizedParties: app }, "authorizedParties"],
    ["a pattern for parties", { authorizedParties: /./ }, "authorizedParties"],
    ["a party with a slash at its end", { authorizedParties: [`${app}/`] }, "authorizedParties"],
    ["a party without a scheme", { authorizedParties: ["app.emulator.test"] }, "authorizedParties"],
    ["invalid parties without cookies too", { cookies: false, authorizedParties: [] }, "authorizedParties"],
    ["a text for cookies", { ...standard, cookies: "false" }, "cookies"],
    ["null for cookies", { ...standard, cookies: null }, "cookies"],
    ["a text for requireClientUat", { ...standard, requireClientUat: "false" }, "requireClientUat"],
    ["null for requireClientUat", { ...standard, requireClientUat: null }, "requireClientUat"],
    [
      "requireClientUat where cookies are not read",
      { cookies: false, requireClientUat: false },
      "requireClientUat",
      "has no effect where cookies are not read"
    ],
    [
      "requireClientUat, also true, where cookies are not read",
      { cookies: false, authorizedParties: [app], requireClientUat: true },
      "requireClientUat",
      "has no effect where cookies are not read"
    ],
    ["a category", { ...standard, category: "template" }, "category"],
    ["even the category there is", { ...standard, category: "session" }, "category"],
    ["an invalid publishable key", { ...standard, publishableKey: "pk_x" }, "publishableKey"],
    ["an empty publishable key", { ...standard, publishableKey: "" }, "publishableKey"],
    ["an issuer that is no URL", { ...standard, issuer: "clerk.example.com" }, "issuer"],
    ["an unknown option", { ...standard, authorisedParties: [app] }, "authorisedParties"],
    [
      "a misspelt option, with the name that was meant",
      { ...standard, publishablekey: "pk_x" },
      "publishablekey",
      "is not an option of authentication; did you mean publishableKey?"
    ],
    [
      "a requirement among the options",
      { ...standard, permision: "org:teams:delete" },
      "permision",
      "is not an option of authentication"
    ],
    [
      "an option that is inherited and would be dropped",
      Object.assign(Object.create({ issuer: "https://clerk.example.com" }), standard),
      "issuer",
      "must be set on the object itself, not inherited"
    ],
    ["an invalid clock skew", { ...standard, clockSkew: "1 hour" }, "clockSkew"],
    ["a cache without a capacity", { ...standard, cache: {} }, "cache.capacity"]
  ]

  it.effect.each(rejected)("%s", ([, options, setting, rule]) =>
    Effect.gen(function* () {
      const error = yield* errorOf(build, options)
      expect(error).toBeInstanceOf(ClerkConfigError)
      expect(error.setting).toBe(setting)
      if (rule !== undefined) expect(error.rule).toBe(rule)
    })
  )
})

describe("requirements that no session can meet", () => {
  const levels =
    "must be strict_mfa, strict, moderate, lax, or a level (first_factor, second_factor or multi_factor) and a duration within"
  const object = 'must be an object, such as { permission: "org:teams:delete" }'
  const rejected: ReadonlyArray<readonly [requirements: unknown, message: string]> = [
    [{ permision: "org:teams:delete" }, "permision is not a requirement; did you mean permission?"],
    [{ role: "org:admin", permissions: "x" }, "permissions is not a requirement; did you mean permission?"],
    [{ Role: "org:admin" }, "Role is not a requirement; did you mean role?"],
    [standard, "authorizedParties is not a requirement"],
    [{}, "requirements must name at least one of role, permission, feature, plan, reverification"],
    [
      { role: undefined },
      "requirements must name at least one of role, permission, feature, plan, reverification"
    ],
    [undefined, `requirements ${object}`],
    ["org:admin", `requirements ${object}`],
    [{ role: "" }, "role must be a name that is not empty"],
    [{ role: ["org:admin"] }, "role must be a name that is not empty"],
    [{ plan: null }, "plan must be a name that is not empty"],
    [{ permission: "teams:delete" }, "permission must have the form org:<feature>:<permission>"],
    [{ permission: "org:teams" }, "permission must have the form org:<feature>:<permission>"],
    [{ permission: "org:teams:" }, "permission must have the form org:<feature>:<permission>"],
    [{ permission: "org:org:teams:delete" }, "permission must have the form org:<feature>:<permission>"],
    [{ permission: " org:teams:delete" }, "permission must have the form org:<feature>:<permission>"],
    [{ permission: "org:teams:delete all" }, "permission must have the form org:<feature>:<permission>"],
    [{ role: "org:" }, "role must have the form org:<role>"],
    [{ role: "org:org:admin" }, "role must have the form org:<role>"],
    [{ role: "org:admin " }, "role must have the form org:<role>"],
    [{ feature: "teams:reports" }, "feature must have the form <feature>, u:<feature> or o:<feature>"],
    [{ feature: "o:" }, "feature must have the form <feature>, u:<feature> or o:<feature>"],
    [{ plan: "o:u:pro" }, "plan must have the form <plan>, u:<plan> or o:<plan>"],
    [{ reverification: "strickt" }, `reverification ${levels}`],
    [{ reverification: { level: "third_factor", within: "1 day" } }, `reverification ${levels}`],
    [{ reverification: { level: "first_factor", within: "soon" } }, `reverification ${levels}`],
    [{ reverification: { level: "first_factor", afterMinutes: 5 } }, `reverification ${levels}`]
  ]
  const makes: ReadonlyArray<
    readonly [
      string,
      (requirements: Authorization.Requirements) => Layer.Layer<never, ClerkConfigError, SigningKeys>
    ]
  > = [
    ["ClerkRouter.requiring", (requirements) => ClerkRouter.requiring(requirements, standard).layer],
    [
      "ClerkAuthRequiring",
      (requirements) => {
        class Strange extends ClerkAuthRequiring<Strange>()("Strange", requirements) {}
        return scopedDiscard(Layer.build(Strange.layer(standard)))
      }
    ]
  ]
  for (const [name, make] of makes) {
    it.effect(`stop the layer of ${name} from being built, with a message that names the mistake`, () =>
      Effect.gen(function* () {
        for (const [requirements, message] of rejected) {
          const layer = Layer.provide(make(untyped(requirements)), untouchedKeys)
          const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
          expect(error).toBeInstanceOf(ClerkConfigError)
          expect(error.message).toBe(message)
        }
      })
    )
  }
})

/** Authenticates a request as a server would. */
const authenticated = <A, E>(
  self: Effect.Effect<A, E, HttpServerRequest.HttpServerRequest>,
  headers: Record<string, string>,
  method = "GET"
) =>
  Effect.provideService(
    self,
    HttpServerRequest.HttpServerRequest,
    HttpServerRequest.fromWeb(new Request("http://api.test/", { method, headers }))
  )

const setUp = Effect.gen(function* () {
  const { clerk, keys } = yield* clerkWithKeys()
  const user = yield* newUser(clerk)
  const foreign = yield* clerk.mintSessionToken(user.sessionId, {
    origin: app,
    claims: { iss: "https://clerk.other.test" }
  })
  const reasonOf = (options: unknown, headers: Record<string, string>, method?: string) =>
    Authenticator.make(untyped<Authenticator.AuthOptions>(options)).pipe(
      Effect.flatMap((authenticate) =>
        Effect.match(authenticated(authenticate, headers, method), {
          onSuccess: () => "passes",
          onFailure: (error) => (error._tag === "ClerkTokenError" ? error.reason : error._tag)
        })
      ),
      Effect.provide(keys)
    )
  return { clerk, user, foreign, reasonOf }
})

describe("the issuer", () => {
  it.live("is the one of the publishable key, unless it is given", () =>
    Effect.gen(function* () {
      const { clerk, foreign, reasonOf, user } = yield* setUp
      const { publishableKey } = clerk
      const own = cookie(user.token)
      expect(yield* reasonOf(standard, cookie(foreign))).toBe("passes")
      expect(yield* reasonOf({ ...standard, publishableKey }, own)).toBe("passes")
      expect(yield* reasonOf({ ...standard, publishableKey }, cookie(foreign))).toBe("missing")
      expect(yield* reasonOf({ ...standard, publishableKey }, bearer(foreign))).toBe("iss")
      const given = { ...standard, publishableKey, issuer: "https://clerk.other.test" }
      expect(yield* reasonOf(given, cookie(foreign))).toBe("passes")
      expect(yield* reasonOf(given, own)).toBe("missing")
      expect(yield* reasonOf(given, bearer(user.token))).toBe("iss")
    })
  )
})

describe("the stored options", () => {
  it.live("are a copy, so that a party that is added later is not accepted", () =>
    Effect.gen(function* () {
      const evil = "https://evil.test"
      const parties = [app]
      const authenticate = yield* Authenticator.make({ authorizedParties: parties })
      parties.push(evil)
      const rejected = yield* Effect.flip(
        authenticated(authenticate, { ...cookie("x"), origin: evil }, "POST")
      )
      expect(rejected).toMatchObject({ _tag: "ClerkTokenError", reason: "cross-origin" })
    }).pipe(Effect.provide(untouchedKeys))
  )
})

describe("an inherited property is not an option:", () => {
  const polluted: ReadonlyArray<readonly [name: string, entries: object, options: object, setting: string]> =
    [
      ["parties", { authorizedParties: ["https://evil.test"] }, {}, "authorizedParties"],
      ["cookies", { cookies: false }, {}, "authorizedParties"]
    ]
  for (const [name, entries, options, setting] of polluted) {
    it.live(name, () =>
      Effect.gen(function* () {
        const { reasonOf } = yield* setUp
        const error = yield* Effect.flip(reasonOf(options, {})).pipe(withPollutedPrototype({ ...entries }))
        expect(error.setting).toBe(setting)
      })
    )
  }

  it.live("a publishable key, an issuer, a category, a schema for claims", () =>
    Effect.gen(function* () {
      const { reasonOf, user } = yield* setUp
      const entries = {
        publishableKey: "pk_x",
        issuer: "https://evil.test",
        category: "template",
        claims: Schema.Struct({ tenant: Schema.String }),
        allowPending: true
      }
      expect(yield* reasonOf(standard, cookie(user.token)).pipe(withPollutedPrototype(entries))).toBe(
        "passes"
      )
    })
  )
})
