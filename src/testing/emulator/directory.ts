import * as Effect from "effect/Effect"
import * as Ids from "./ids.js"
import type { CreateOrganizationOptions, CreateTemplateOptions, CreateUserOptions } from "./inputs.js"
import { type Instance, seconds } from "./instance.js"
import type { EmulatedOrganization, EmulatedUser } from "./model.js"

export const createUser = (
  { state }: Instance,
  { features = [], id, plan }: CreateUserOptions = {}
): Effect.Effect<EmulatedUser> =>
  Effect.map(id === undefined ? Ids.make("user") : Effect.succeed(id), (id) => {
    const user = { id, features, plan }
    state.users.set(id, user)
    return user
  })

export const createOrganization = (
  { state }: Instance,
  { features = [], id, members = [], plan, slug }: CreateOrganizationOptions = {}
): Effect.Effect<EmulatedOrganization> =>
  Effect.map(id === undefined ? Ids.make("org") : Effect.succeed(id), (id) => {
    const organization: EmulatedOrganization = {
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
    state.organizations.set(id, organization)
    return organization
  })

export const createTemplate = (
  { state }: Instance,
  { claims = {}, lifetime = "60 seconds", name }: CreateTemplateOptions
): Effect.Effect<void> =>
  Effect.sync(() => {
    state.templates.set(name, { name, claims, lifetimeSeconds: seconds(lifetime) })
  })
