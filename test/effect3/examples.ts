export { ClerkInMemory, DevicesServer } from "../../examples/effect3/devices/server.js"

/** The program that serves the devices, in the folder of the examples. */
export const devicesProgram = "effect3/devices/main.ts"

/** The folder of the programs for the frameworks of Effect. */
export const frameworksFolder = "effect3/frameworks"

/** The exit code of a program that ends on Ctrl-C. */
export const interruptedCode = 0
