import * as Errors from "./errorResponses.js"
import type { KnownOperationName } from "./operationNames.js"

interface Route {
  readonly method: "GET" | "POST"
  readonly path: string
  /** The last API version that has the route. */
  readonly until?: string
  /** The route needs no secret key and allows any web origin, as Clerk's Frontend API does. */
  readonly isPublic?: true
  readonly operation: KnownOperationName
}

const get = (path: string, operation: KnownOperationName): Route => ({ method: "GET", path, operation })
const post = (path: string, operation: KnownOperationName): Route => ({ method: "POST", path, operation })

const session = "/v1/sessions/{session_id}"

const routes: ReadonlyArray<Route> = [
  get("/v1/jwks", "SigningKeys.jwks"),
  { ...get("/.well-known/jwks.json", "SigningKeys.jwks"), isPublic: true },
  get("/v1/sessions", "Sessions.list"),
  post("/v1/sessions", "Sessions.create"),
  get(session, "Sessions.get"),
  post(`${session}/refresh`, "Sessions.refresh"),
  post(`${session}/revoke`, "Sessions.revoke"),
  { ...post(`${session}/verify`, "Sessions.verify"), until: "2025-03-12" },
  post(`${session}/tokens`, "Sessions.createToken"),
  post(`${session}/tokens/{template_name}`, "Sessions.createTokenFromTemplate")
]

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
  if (found.length === 0) return Errors.noRoute
  return found.find((route) => route.method === method) ?? Errors.method
}

/** Returns whether a path belongs to the Frontend API, which browsers may read. */
export const isPublic = (path: string): boolean =>
  routes.some((route) => route.isPublic === true && route.path === path)

/** Returns the operation of a request of any API version. */
export const operationOf = (method: string, path: string): KnownOperationName | undefined =>
  routes.find((route) => route.method === method && match(route.path, path) !== undefined)?.operation
