import type { OperationName } from "../operationName.js"
import * as Operations from "./operations.js"

export interface Route {
  readonly method: "GET" | "POST"
  readonly path: string
  /** The last API version that has it. */
  readonly until?: string
  /** Answered without a secret key and to any web origin, as the Frontend API does. */
  readonly isPublic?: true
  /** The operation's name in the client. */
  readonly operation: OperationName
  readonly run: Operations.Operation
}

export const routes: ReadonlyArray<Route> = [
  { method: "GET", path: "/v1/jwks", operation: "SigningKeys.jwks", run: Operations.jwks },
  {
    method: "GET",
    path: "/.well-known/jwks.json",
    isPublic: true,
    operation: "SigningKeys.jwks",
    run: Operations.jwks
  },
  { method: "GET", path: "/v1/sessions", operation: "Sessions.list", run: Operations.list },
  { method: "POST", path: "/v1/sessions", operation: "Sessions.create", run: Operations.create },
  { method: "GET", path: "/v1/sessions/{session_id}", operation: "Sessions.get", run: Operations.get },
  {
    method: "POST",
    path: "/v1/sessions/{session_id}/refresh",
    operation: "Sessions.refresh",
    run: Operations.refresh
  },
  {
    method: "POST",
    path: "/v1/sessions/{session_id}/revoke",
    operation: "Sessions.revoke",
    run: Operations.revoke
  },
  {
    method: "POST",
    path: "/v1/sessions/{session_id}/verify",
    until: "2025-03-12",
    operation: "Sessions.verify",
    run: Operations.verify
  },
  {
    method: "POST",
    path: "/v1/sessions/{session_id}/tokens",
    operation: "Sessions.createToken",
    run: Operations.createToken
  },
  {
    method: "POST",
    path: "/v1/sessions/{session_id}/tokens/{template_name}",
    operation: "Sessions.createTokenFromTemplate",
    run: Operations.createTokenFromTemplate
  }
]

/** The path's parameters, still encoded, when it fits the template. */
export const match = (template: string, path: string): Record<string, string> | undefined => {
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

/** Whether a path is one of the Frontend API's, which browsers may read. */
export const isPublic = (path: string): boolean =>
  routes.some((route) => route.isPublic === true && route.path === path)

/** The operation a request is, whatever its API version. */
export const operationOf = (method: string, path: string): OperationName | undefined =>
  routes.find((route) => route.method === method && match(route.path, path) !== undefined)?.operation
