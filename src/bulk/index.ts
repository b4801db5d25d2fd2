/**
 * @since 0.1.0
 */
export * as SignOutEverywhere from "./SignOutEverywhere.js"
