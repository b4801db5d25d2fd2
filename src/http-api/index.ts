/**
 * Authenticates the requests of your server: middlewares for an `HttpApi` and an `HttpRouter`, and request authentication
 * for any server.
 *
 * @since 4.0.0
 */
export * as Authenticator from "./Authenticator.js"
export { ClerkAuth, ClerkAuthOptional, ClerkAuthRequiring, type RequiringTag } from "./ClerkAuth.js"
export * as ClerkRouter from "./ClerkRouter.js"
export { CurrentSession, OptionalSession } from "./CurrentSession.js"
export * as RequestAuth from "./RequestAuth.js"
