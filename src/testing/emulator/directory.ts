import * as Effect from "effect/Effect"
import * as Ids from "./ids.js"
import type { CreateOrganizationOptions, CreateTemplateOptions, CreateUserOptions } from "./inputs.js"
import { type Instance, seconds } from "./instance.js"
import type { EmulatedOrganization, EmulatedUser } from "./model.js"
import * as State from "./state.js"

export const createUser = (
  { state }: Instance,
  { features = [], id, plan }: CreateUserOptions = {}
): Effect.Effect<EmulatedUser> =>
  Effect.gen(function* () {
    const user = { id: id ?? (yield* Ids.make("user")), features, plan }
    yield* State.putOrDie(state, "users", user.id, user)
    return user
  })

export const createOrganization = (
  { state }: Instance,
  { features = [], id: given, members = [], plan, slug }: CreateOrganizationOptions = {}
): Effect.Effect<EmulatedOrganization> =>
  Effect.gen(function* () {
    const id = given ?? (yield* Ids.make("org"))
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
    yield* State.putOrDie(state, "organizations", id, organization)
    return organization
  })

export const createTemplate = (
  { state }: Instance,
  { claims = {}, lifetime = "60 seconds", name }: CreateTemplateOptions
): Effect.Effect<void> =>
  State.putOrDie(state, "templates", name, { name, claims, lifetimeSeconds: seconds(lifetime) })
