import * as Errors from "./errorResponses.js"
import type { EmulatedOperationName } from "./operationNames.js"

interface Route {
  readonly method: "GET" | "POST"
  readonly path: string
  /** The last API version that has the route. */
  readonly until?: string
  /** A route of the Frontend API, which needs no secret key. Absent for the Backend API. */
  readonly frontend?: Frontend
  readonly operation: EmulatedOperationName
}

/** How browsers use a route of the Frontend API: scripts of any web origin read it, or the browser loads it as a document. */
export type Frontend = "script" | "document"

const get = (path: string, operation: Route["operation"], frontend?: Frontend): Route => ({
  method: "GET",
  path,
  operation,
  ...(frontend === undefined ? {} : { frontend })
})
const post = (path: string, operation: Route["operation"], frontend?: Frontend): Route => ({
  ...get(path, operation, frontend),
  method: "POST"
})

const session = "/v1/sessions/{session_id}"

const routes: ReadonlyArray<Route> = [
  get("/v1/jwks", "SigningKeys.jwks"),
  get("/.well-known/jwks.json", "SigningKeys.jwks", "script"),
  get("/v1/client/handshake", "FrontendApi.handshake", "document"),
  get("/sign-in", "FrontendApi.signInPage", "document"),
  post("/sign-in", "FrontendApi.signIn", "document"),
  get("/sign-out", "FrontendApi.signOut", "document"),
  post("/sign-out", "FrontendApi.signOut", "document"),
  get("/v1/clients/handshake_payload", "Clients.getHandshakePayload"),
  get("/v1/sessions", "Sessions.list"),
  post("/v1/sessions", "Sessions.create"),
  get(session, "Sessions.get"),
  post(`${session}/refresh`, "Sessions.refresh"),
  post(`${session}/revoke`, "Sessions.revoke"),
  { ...post(`${session}/verify`, "Sessions.verify"), until: "2025-03-12" },
  post(`${session}/tokens`, "Sessions.createToken"),
  post(`${session}/tokens/{template_name}`, "Sessions.createTokenFromTemplate"),
  post("/v1/users/{user_id}/password/set_compromised", "Users.setPasswordCompromised")
]

/** The endpoints that the emulator serves: `GET /v1/jwks`. */
export const servedEndpoints: ReadonlyArray<string> = routes.map(({ method, path }) => `${method} ${path}`)

/** The other resources of Clerk's Backend API. The emulator serves a part of `clients` and `users`. */
const unservedResources = new Set([
  ...["accountless_applications", "actor_tokens", "agents", "allowlist_identifiers", "api_keys"],
  ...["beta_features", "billing", "blocklist_identifiers", "clients", "domains", "email", "email_addresses"],
  ...["enterprise_connections", "instance", "invitations", "jwt_templates", "m2m_tokens", "machines"],
  ...["oauth_applications", "organization_permissions", "organization_roles", "organizations"],
  ...["phone_numbers", "proxy_checks", "redirect_urls", "role_sets", "saml_connections", "sign_in_tokens"],
  ...["sign_ups", "testing_tokens", "users", "waitlist_entries", "webhooks"]
])

/** Paths of the Frontend API that Clerk's browser client requests. */
const unservedFrontend = /^\/(?:v1\/(?:client|dev_browser|environment|me)|npm)(?:\/|$)/

/** Returns whether Clerk serves a path that no route matches. */
const isUnserved = (path: string): boolean =>
  unservedFrontend.test(path) || unservedResources.has(/^\/v1\/(\w+)(?:\/|$)/.exec(path)?.[1] ?? "")

/** Returns the parameters of a path, still encoded, if the path matches the template. */
const match = (template: string, path: string): Record<string, string> | undefined => {
  const names = template.split("/")
  const segments = path.split("/")
  if (names.length !== segments.length) return undefined
  const parameters: Record<string, string> = {}
  for (const [index, name] of names.entries()) {
    const segment = segments[index] ?? ""
    if (name.startsWith("{")) {
      if (segment === "") return undefined
      parameters[name.slice(1, -1)] = segment
    } else if (name !== segment) return undefined
  }
  return parameters
}

/** Finds the route of a request, with the parameters of its path, still encoded. */
export const findRoute = (method: string, path: string, apiVersion: string) => {
  const found = routes.flatMap((route) => {
    const parameters =
      route.until === undefined || apiVersion <= route.until ? match(route.path, path) : undefined
    return parameters === undefined ? [] : [{ operation: route.operation, method: route.method, parameters }]
  })
  if (found.length === 0) return isUnserved(path) ? Errors.notServed(method, path) : Errors.noRoute
  return found.find((route) => route.method === method) ?? Errors.method
}

/** Returns how browsers use a path of the Frontend API, or `undefined` for any other path. */
export const frontendOf = (path: string): Frontend | undefined =>
  routes.find((route) => route.path === path)?.frontend ??
  (unservedFrontend.test(path) ? "script" : undefined)

/** Returns the operation of a request of any API version. */
export const operationOf = (method: string, path: string): EmulatedOperationName | undefined =>
  routes.find((route) => route.method === method && match(route.path, path) !== undefined)?.operation
