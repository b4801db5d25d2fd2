/**
 * @since 0.1.0
 */
export * from "./ClerkEmulator.js"
export * from "./ClerkTest.js"
export type { KnownOperationName, OperationName } from "./operationName.js"
