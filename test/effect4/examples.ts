export { ClerkInMemory, DevicesServer } from "../../examples/devices/server.js"

/** The program that serves the devices, in the folder of the examples. */
export const devicesProgram = "devices/main.ts"

/** The folder of the programs for the frameworks of Effect. */
export const frameworksFolder = "frameworks"

/** The exit code of a program that ends on Ctrl-C. */
export const interruptedCode = 130
