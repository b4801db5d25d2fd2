/**
 * @since 0.1.0
 */
export * as WebhookRouter from "./WebhookRouter.js"
export * as Webhooks from "./Webhooks.js"
