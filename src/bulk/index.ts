/**
 * Runs a call for many users, in a job that survives the end of its process.
 *
 * @since 4.0.0
 */
export * as SignOutEverywhere from "./SignOutEverywhere.js"
