import * as Effect from "effect/Effect"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Layer from "effect/Layer"
import type { Scope } from "effect/Scope"
import type { ClerkHttp } from "effect-clerk"
import type { ClerkEmulator } from "effect-clerk/testing"
import { devicesApp } from "../../examples/devices/app.js"
import { layerServices } from "./httpServer.js"

export { DevicesServer } from "../../examples/devices/app.js"

type Services = ClerkHttp | ClerkEmulator

/** The program that serves the devices, in the folder of the examples. */
export const devicesProgram = "devices/main.ts"

/** The exit code of a program that ends on Ctrl-C. */
export const interruptedCode = 130

/** Serves the devices in process. */
export const devicesHandler = (origin: string) =>
  Effect.gen(function* () {
    const context = yield* Effect.context<Services>()
    const app = yield* HttpRouter.toHttpEffect(Layer.provide(devicesApp(origin), layerServices))
    return HttpEffect.toWebHandlerWith<Services, Services | HttpServerRequest | Scope>(context)(app)
  })
