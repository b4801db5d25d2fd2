import * as Effect from "effect/Effect"
import * as Ids from "./ids.js"
import type { CreateOrganizationOptions, CreateTemplateOptions, CreateUserOptions } from "./inputs.js"
import { type Instance, seconds } from "./instance.js"
import type { EmulatedOrganization, EmulatedTemplate, EmulatedUser } from "./model.js"
import * as State from "./state.js"

/** A new user, not yet in the state. */
export const newUser = ({ features = [], id, plan }: CreateUserOptions): Effect.Effect<EmulatedUser> =>
  Effect.gen(function* () {
    return { id: id ?? (yield* Ids.make("user")), features, plan }
  })

/** A new organization, not yet in the state. */
export const newOrganization = ({
  features = [],
  id: given,
  members = [],
  plan,
  slug
}: CreateOrganizationOptions): Effect.Effect<EmulatedOrganization> =>
  Effect.gen(function* () {
    const id = given ?? (yield* Ids.make("org"))
    return {
      id,
      slug: slug ?? id.toLowerCase().replaceAll("_", "-"),
      features,
      plan,
      members: members.map(({ permissions = [], role = "org:member", userId }) => ({
        userId,
        role,
        permissions
      }))
    }
  })

/** A new template, not yet in the state. */
export const newTemplate = ({
  claims = {},
  lifetime = "60 seconds",
  name
}: CreateTemplateOptions): EmulatedTemplate => ({ name, claims, lifetimeSeconds: seconds(lifetime) })

export const createUser = ({ state }: Instance, options: CreateUserOptions): Effect.Effect<EmulatedUser> =>
  Effect.tap(newUser(options), (user) => State.putOrDie(state, "users", user.id, user))

export const createOrganization = (
  { state }: Instance,
  options: CreateOrganizationOptions
): Effect.Effect<EmulatedOrganization> =>
  Effect.tap(newOrganization(options), (organization) =>
    State.putOrDie(state, "organizations", organization.id, organization)
  )

export const createTemplate = ({ state }: Instance, options: CreateTemplateOptions): Effect.Effect<void> =>
  State.putOrDie(state, "templates", options.name, newTemplate(options))
