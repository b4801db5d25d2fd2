export { ClerkInMemory, DevicesServer } from "../../examples/devices/server.js"
export { pagesRoutes } from "../../examples/pages/router.js"

/** The program that serves the devices, in the folder of the examples. */
export const devicesProgram = "devices/main.ts"

/** The exit code of a program that ends on Ctrl-C. */
export const interruptedCode = 130
