import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApp from "@effect/platform/HttpApp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { devicesApp } from "../../examples/effect3/devices/app.js"
import { layerServices } from "./httpServer.js"

export { DevicesServer } from "../../examples/effect3/devices/app.js"

/** The program that serves the devices, in the folder of the examples. */
export const devicesProgram = "effect3/devices/main.ts"

/** The exit code of a program that ends on Ctrl-C. */
export const interruptedCode = 0

/** Serves the devices in process. */
export const devicesHandler = (origin: string) =>
  Layer.mergeAll(
    devicesApp(origin),
    HttpApiBuilder.Router.Live,
    HttpApiBuilder.Middleware.layer,
    layerServices
  ).pipe(
    Layer.toRuntime,
    Effect.flatMap((runtime) =>
      Effect.map(HttpApiBuilder.httpApp, HttpApp.toWebHandlerRuntime(runtime)).pipe(Effect.provide(runtime))
    )
  )
