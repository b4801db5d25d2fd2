/**
 * Test kit: an in-memory Clerk, and a transport that records requests.
 *
 * @since 4.0.0
 */

export type {
  EmulatedOperationName,
  KnownOperationName,
  OperationName
} from "../core/emulator/operationNames.js"
export * from "./ClerkEmulator.js"
export * from "./ClerkTest.js"
