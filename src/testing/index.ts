/**
 * @since 0.1.0
 */

export type {
  EmulatedOperationName,
  KnownOperationName,
  OperationName
} from "../core/emulator/operationNames.js"
export * from "./ClerkEmulator.js"
export * from "./ClerkTest.js"
