import { connect } from "node:net"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { withClock } from "#test/clock.js"
import { callback } from "#test/fiber.js"
import { dispatch } from "../../../src/testing/cli/dispatch.js"
import * as MovableClock from "../../../src/testing/cli/movableClock.js"
import { type Respond, serve } from "../../../src/testing/cli/server.js"
import { ClerkEmulator, type EmulatorSeed } from "../../../src/testing/index.js"

export interface ProgramOptions {
  readonly host?: string
  readonly seed?: EmulatorSeed
  readonly allowedHosts?: ReadonlyArray<string>
  readonly allowedOrigins?: ReadonlyArray<string>
  /** Replaces the emulator, which must not have such defects. */
  readonly respond?: Respond
}

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export interface Init {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer>
}

const isBody = (body: unknown): body is string | Uint8Array<ArrayBuffer> =>
  typeof body === "string" || body instanceof Uint8Array

/** The emulator's program on a real socket, without its process. Its log is recorded. */
export const program = (options: ProgramOptions = {}) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const log = (line: string) => void lines.push(line)
    const clock = MovableClock.make()
    const clerk = yield* ClerkEmulator.make({ seed: options.seed })
    const respond = dispatch({
      clerk,
      clock,
      log,
      allowedHosts: options.allowedHosts ?? [],
      allowedOrigins: options.allowedOrigins ?? []
    })
    const started = yield* Deferred.make<string, string>()
    // In a fiber that stays, as in the program, because the requests run with what that fiber has.
    yield* serve({ port: 0, host: options.host ?? "127.0.0.1" }, options.respond ?? respond, log).pipe(
      Effect.exit,
      Effect.flatMap((exit) => Deferred.done(started, exit)),
      Effect.andThen(Effect.never),
      withClock(clock.clock),
      Effect.forkScoped
    )
    const address = yield* Deferred.await(started)
    const port = Number(new URL(address).port)
    const base = `http://127.0.0.1:${port}`
    const send = (path: string, init: Init = {}): Effect.Effect<Reply> =>
      Effect.promise(async () => {
        const response = await fetch(`${base}${path}`, init)
        return { status: response.status, headers: response.headers, text: await response.text() }
      })
    const command = (name: string, body: unknown) =>
      send(`/__emulator/${name}`, {
        method: "POST",
        body: isBody(body) ? body : JSON.stringify(body)
      })
    /** Sends these bytes and returns the received text until the server closes or stops sending. */
    const raw = (bytes: string | Uint8Array): Effect.Effect<string> =>
      callback((resume) => {
        let text = ""
        const socket = connect(port, "127.0.0.1", () => socket.write(bytes))
        socket.setTimeout(2_000, () => socket.destroy())
        socket.on("data", (chunk) => {
          text += chunk.toString("latin1")
        })
        socket.on("error", () => {})
        socket.on("close", () => resume(Effect.succeed(text)))
      })
    return { address, clerk, command, lines, port, raw, send }
  })

export const errorOf = ({ status, text }: Reply): string => {
  const json = JSON.parse(text)
  return `${status} ${json.error ?? json.errors?.[0]?.long_message}`
}
