/** Whether a module serves HTTP. */
export const isServerModule = (name: string): boolean =>
  /^@effect\/platform(-node)?(\/|$)/.test(name) &&
  /Server|HttpApi|HttpApp|Router|Middleware|OpenApi|platform$/.test(name)

/** The modules that a program loads to protect a server. */
export const serverModules: ReadonlyArray<string> = [
  "@effect/platform/HttpApiMiddleware",
  "@effect/platform/HttpApiSecurity",
  "@effect/platform/HttpApp",
  "@effect/platform/HttpLayerRouter",
  "@effect/platform/HttpServerRequest",
  "@effect/platform/HttpServerResponse",
  "@effect/platform/OpenApi"
]

/** The module of the `HttpClient`. */
export const clientModule = "@effect/platform/HttpClient"

/** The modules that load all others. */
export const barrels: ReadonlyArray<string> = ["effect", "@effect/platform"]
