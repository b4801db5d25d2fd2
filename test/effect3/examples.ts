export { ClerkInMemory, DevicesServer } from "../../examples/effect3/devices/server.js"
export { pagesRoutes } from "../../examples/effect3/pages/router.js"

/** The program that serves the devices, in the folder of the examples. */
export const devicesProgram = "effect3/devices/main.ts"

/** The exit code of a program that ends on Ctrl-C. */
export const interruptedCode = 0
