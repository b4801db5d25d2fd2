/**
 * @since 0.1.0
 */
export * as FleetLimit from "./FleetLimit.js"
