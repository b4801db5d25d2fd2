interface FetchInit {
  readonly redirect: "manual"
  readonly keepalive?: false
}

const reusing: FetchInit = { redirect: "manual" }
const onOwnConnection: FetchInit = { ...reusing, keepalive: false }

/** The version of Bun, elsewhere `undefined`. */
const bunVersion: unknown = Reflect.get(Object(Reflect.get(globalThis, "Bun")), "version")

const isBefore = (version: string, bound: string): boolean =>
  version.localeCompare(bound, "en", { numeric: true }) < 0

/**
 * The options that `fetch` gets for a method.
 *
 * A followed redirect would carry the request's headers and body to another place.
 *
 * When a connection that was used before breaks before the response, Bun sends a `PUT` or a `DELETE` again over a new
 * connection, and before 1.3.14 a request of any method. Clerk may receive both, and if the new connection fails, the
 * error says that no request was sent. So such a request gets a connection of its own. A `GET` may be sent twice.
 */
export const fetchInit = (method: string, bun: unknown = bunVersion): FetchInit => {
  if (typeof bun !== "string" || method === "GET") return reusing
  const isResent = method === "PUT" || method === "DELETE" || isBefore(bun, "1.3.14")
  return isResent ? onOwnConnection : reusing
}
