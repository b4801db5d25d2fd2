/** One process of a fleet that receives Clerk's webhooks, and writes the ended sessions to the revocations in Redis. */
import { createServer } from "node:http"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Revocations, RevocationsRedis } from "effect-clerk/revocations"
import { WebhookRouter, Webhooks } from "effect-clerk/webhooks"
import { utc } from "#test/dateTime.js"
import { HttpRouter, HttpServer } from "#test/httpServer.js"
import { NodeHttpServer } from "#test/node.js"
import { redisClient } from "#test/redis.js"
import { parent } from "./parent.js"

/** Asks whether this process denies the tokens of a session. */
export interface Request {
  readonly sessionId: string
}

export type Response =
  | { readonly _tag: "ready"; readonly url: string }
  | { readonly _tag: "looked"; readonly sessionId: string; readonly isDenied: boolean }

const { onMessage, send } = parent<Request, Response>()

const [redisPort, secret = ""] = process.argv.slice(2)

const onEvent = (event: Webhooks.WebhookEvent) =>
  event._tag === "SessionEvent" && event.type !== "session.created"
    ? Effect.flatMap(Revocations, ({ revoke }) => revoke(event.data.id))
    : Effect.void

const Server = HttpRouter.serve(WebhookRouter.route("/webhooks", Webhooks.make({ secret }), onEvent), {
  disableListenLog: true,
  disableLogger: true
}).pipe(
  Layer.provideMerge(RevocationsRedis.layer({ redis: redisClient(Number(redisPort)) })),
  Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 }))
)

const program = Effect.gen(function* () {
  const context = yield* Layer.build(Server)
  const { isRevoked } = Context.get(context, Revocations)
  const issuedAt = utc(Date.now())
  onMessage(({ sessionId }) =>
    send({
      _tag: "looked",
      sessionId,
      isDenied: isRevoked({ sessionId, userId: "user_1", issuedAt })
    })
  )
  const address = HttpServer.formatAddress(Context.get(context, HttpServer.HttpServer).address)
  send({ _tag: "ready", url: `${address}/webhooks` })
  return yield* Effect.never
})

Effect.runFork(Effect.scoped(program))
