import * as Operations from "./operations.js"

export interface Route {
  readonly method: "GET" | "POST"
  readonly path: string
  /** The last API version that has it. */
  readonly until?: string
  readonly run: Operations.Operation
}

export const routes: ReadonlyArray<Route> = [
  { method: "GET", path: "/v1/jwks", run: Operations.jwks },
  { method: "GET", path: "/v1/sessions", run: Operations.list },
  { method: "POST", path: "/v1/sessions", run: Operations.create },
  { method: "GET", path: "/v1/sessions/{session_id}", run: Operations.get },
  { method: "POST", path: "/v1/sessions/{session_id}/refresh", run: Operations.refresh },
  { method: "POST", path: "/v1/sessions/{session_id}/revoke", run: Operations.revoke },
  {
    method: "POST",
    path: "/v1/sessions/{session_id}/verify",
    until: "2025-03-12",
    run: Operations.verify
  },
  { method: "POST", path: "/v1/sessions/{session_id}/tokens", run: Operations.createToken },
  {
    method: "POST",
    path: "/v1/sessions/{session_id}/tokens/{template_name}",
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
