/** Whether a module serves HTTP. */
export const isServerModule = (name: string): boolean =>
  /^(effect\/http|@effect\/platform-node)(-api)?(\/|$)/.test(name) &&
  /Server|http-api|HttpEffect|Router|Middleware|http$/.test(name)

/** The modules that a program loads to protect a server. */
export const serverModules: ReadonlyArray<string> = [
  "effect/http-api/HttpApiMiddleware",
  "effect/http-api/HttpApiSecurity",
  "effect/http-api/OpenApi",
  "effect/http/HttpEffect",
  "effect/http/HttpRouter",
  "effect/http/HttpServerRequest",
  "effect/http/HttpServerResponse"
]

/** The module of the `HttpClient`. */
export const clientModule = "effect/http/HttpClient"

/** The modules that load all others. */
export const barrels: ReadonlyArray<string> = ["effect", "effect/http", "effect/http-api"]
