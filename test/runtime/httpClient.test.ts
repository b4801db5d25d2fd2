import * as Effect from "effect/Effect"
import { HttpClient, HttpClientRequest } from "#test/http.js"
import { describe, expect, it } from "#test/vitest.js"
import { fromClerkResponse } from "../../src/core/wire/body.js"
import { ClerkDecodeError, ClerkTransportError } from "../../src/errors/CallErrors.js"
import { makeHttpClient, overHttpClient, withDirectSend } from "../../src/runtime/httpClient.js"
import type { Send } from "../../src/runtime/send.js"

const ok = fromClerkResponse({ status: 200, headers: {}, body: "{}" })

const direct: Send = () => Effect.succeed(ok)

const sendOf = (client: HttpClient.HttpClient) =>
  Effect.provideService(overHttpClient, HttpClient.HttpClient, client)

const plain = () => makeHttpClient(() => Effect.succeed(ok))

const request = { method: "GET", url: "http://localhost/v1/sessions", headers: {}, body: undefined }

describe("an HttpClient with a direct way to send", () => {
  it.effect("gives that way for the client itself", () =>
    Effect.gen(function* () {
      expect(yield* sendOf(withDirectSend(plain(), direct))).toBe(direct)
    })
  )

  it.effect("does not give it for a client that the caller made from it", () =>
    Effect.gen(function* () {
      const client = withDirectSend(plain(), direct)
      const copy = Object.assign(Object.create(Object.getPrototypeOf(client)), client)
      for (const changed of [
        HttpClient.mapRequest(client, HttpClientRequest.setHeader("x-team", "a")),
        HttpClient.retry(client, { times: 1 }),
        Object.create(client),
        copy
      ]) {
        expect(yield* sendOf(changed)).not.toBe(direct)
      }
    })
  )
})

describe("an HttpClient that fails with an error of this library", () => {
  const failureWith = (cause: unknown) =>
    Effect.flatMap(sendOf(makeHttpClient(() => Effect.fail(cause))), (send) =>
      Effect.flip(send(request, 1_000, Number.POSITIVE_INFINITY))
    )

  it.effect("gives the failure in the error as data", () =>
    Effect.gen(function* () {
      const transport = new ClerkTransportError({ reason: "proxy", sent: "no", proxyStatus: 502 })
      expect(yield* failureWith(transport)).toEqual({
        _tag: "ClerkTransportError",
        fields: { reason: "proxy", sent: "no", proxyStatus: 502 }
      })
      const decode = new ClerkDecodeError({ reason: "oversize", status: 200, maxResponseBytes: 8 })
      expect(yield* failureWith(decode)).toMatchObject({
        _tag: "ClerkDecodeError",
        fields: { reason: "oversize", status: 200, maxResponseBytes: 8 }
      })
    })
  )

  it.effect("gives the classification of any other error", () =>
    Effect.gen(function* () {
      const cause = Object.assign(new Error("connect"), { code: "ECONNREFUSED", syscall: "connect" })
      expect(yield* failureWith(cause)).toEqual({
        _tag: "ClerkTransportError",
        fields: { reason: "refused", sent: "no" }
      })
    })
  )
})
