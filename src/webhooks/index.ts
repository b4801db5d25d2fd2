/**
 * Receives Clerk's webhooks: verifies and decodes them, and responds after your program has written the event.
 *
 * @since 4.0.0
 */
export * as WebhookRouter from "./WebhookRouter.js"
export * as Webhooks from "./Webhooks.js"
