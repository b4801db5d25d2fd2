import { createServer } from "node:http"
import { createClerkClient } from "@clerk/backend"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, SigningKeys } from "effect-clerk"
import { ClerkEmulator, DEFAULT_SECRET_KEY } from "effect-clerk/testing"
import { HttpServer, HttpServerRequest } from "#test/httpServer.js"
import { unwrap } from "#test/layers.js"
import { NodeHttpServer } from "#test/node.js"
import { expect } from "#test/vitest.js"

export const secretKey = Redacted.value(DEFAULT_SECRET_KEY)

const old = "/speaking-2025-03-12"

/** Requests on this path use an older version of the API, with any version header. */
const olderByPath = Effect.updateService(
  ClerkEmulator.httpApp,
  HttpServerRequest.HttpServerRequest,
  (request) =>
    request.url.startsWith(old)
      ? request.modify({
          url: request.url.slice(old.length),
          headers: { ...request.headers, "clerk-api-version": "2025-03-12" } as typeof request.headers
        })
      : request
)

/** One emulator on a socket, with our client and theirs pointed at it. */
export const stage = SigningKeys.layerJwks.pipe(
  Layer.provideMerge(
    unwrap(
      HttpServer.addressFormattedWith((apiUrl) =>
        Effect.succeed(
          ClerkHttp.layerFetch({ secretKey: DEFAULT_SECRET_KEY, apiUrl, policy: { maxAttempts: 1 } })
        )
      )
    )
  ),
  Layer.provideMerge(HttpServer.serve(olderByPath)),
  Layer.provideMerge(ClerkEmulator.layer()),
  Layer.provideMerge(Layer.orDie(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" })))
)

export type Theirs = ReturnType<typeof createClerkClient>["sessions"]

/** A signed-in user whose session and tokens have all fields. */
export const someone = Effect.gen(function* () {
  const clerk = yield* ClerkEmulator
  const apiUrl = yield* HttpServer.addressFormattedWith(Effect.succeed)
  const theirs: Theirs = createClerkClient({ secretKey, apiUrl }).sessions
  const theirsOfOld: Theirs = createClerkClient({ secretKey, apiUrl: `${apiUrl}${old}` }).sessions
  const user = yield* clerk.createUser({ plan: "plus", features: ["avatars"] })
  const organization = yield* clerk.createOrganization({
    slug: "acme",
    plan: "pro",
    features: ["teams"],
    members: [{ userId: user.id, role: "org:admin", permissions: ["org:teams:read", "org:teams:delete"] }]
  })
  yield* clerk.createTemplate({ name: "hasura", claims: { role: "editor" }, lifetime: "5 minutes" })
  const browser = yield* clerk.signIn(user.id, {
    organizationId: organization.id,
    actor: { sub: "user_support" },
    activity: { isMobile: true, deviceType: "phone", browserName: "Safari", city: "Lima", country: "PE" }
  })
  return { clerk, apiUrl, theirs, theirsOfOld, user, organization, ...browser }
})

/** A field of a response by its name here, with our value and their value as plain data. */
export type Field<Ours, Theirs> = readonly [
  name: string,
  ours: (value: Ours) => unknown,
  theirs: (value: Theirs) => unknown
]

export const expectSame = <Ours, Theirs>(
  fields: ReadonlyArray<Field<Ours, Theirs>>,
  ours: Ours,
  theirs: Theirs,
  apartFrom: ReadonlyArray<string> = []
): void => {
  const compared = fields.filter(([name]) => !apartFrom.includes(name))
  expect(compared.length).toBe(fields.length - apartFrom.length)
  expect(Object.fromEntries(compared.map(([name, read]) => [name, read(ours)]))).toEqual(
    Object.fromEntries(compared.map(([name, , read]) => [name, read(theirs)]))
  )
}
