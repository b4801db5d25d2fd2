import { createClerkClient } from "@clerk/backend"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import { type ClerkConfigError, ClerkHttp, Sessions } from "effect-clerk"
import * as Undici from "effect-clerk/Undici"
import { Agent } from "undici"
import { effectsIn, promisesIn, type Run } from "./concurrency.js"
import { pageSize, sessionId, userId } from "./wire.js"

export const works = ["get", "list"] as const

export type Work = (typeof works)[number]

/** The names of the measured clients in the results. */
export const names = {
  raw: "undici + JSON.parse",
  clerk: "@clerk/backend",
  fetch: "effect-clerk, layerFetch",
  undici: "effect-clerk/Undici",
  platformUndici: "effect-clerk, platform's layerUndici",
  parse: "JSON.parse",
  decoder: "effect-clerk's decoder",
  subtle: "crypto.subtle.verify alone",
  jose: "jose.jwtVerify",
  verifyRun: "effect-clerk, runPromise each",
  verifyFiber: "effect-clerk, in a running fiber"
} as const

export type Key = keyof typeof names

/** One client and one work, with a value for each round. */
export interface Reading {
  readonly work: Work | "decode" | "verify" | "verify again"
  readonly concurrency: number
  readonly by: Key
  readonly cpu: ReadonlyArray<number>
  readonly wall: ReadonlyArray<number>
}

export interface Contender {
  readonly key: Key
  /** The call of each work. `get` returns the session's id, `list` the number of sessions. */
  readonly run: { readonly [W in Work]: (concurrency: number) => Run }
}

const secret = "sk_test_benchmark"

/** For clients that return promises. */
const ofPromises = (key: Key, call: { readonly [W in Work]: () => Promise<unknown> }): Contender => ({
  key,
  run: {
    get: (concurrency) => promisesIn(concurrency, call.get),
    list: (concurrency) => promisesIn(concurrency, call.list)
  }
})

/** For this library, on a runtime that was built once. */
const ofLayer = (key: Key, layer: Layer.Layer<ClerkHttp, unknown>): Contender => {
  const { runPromise } = ManagedRuntime.make(layer)
  const get = () => Effect.map(Sessions.get(sessionId), ({ id }): string => id)
  const list = () => Effect.map(Sessions.list({ userId, limit: pageSize }), ({ data }) => data.length)
  return {
    key,
    run: {
      get: (concurrency) => effectsIn(concurrency, get, runPromise),
      list: (concurrency) => effectsIn(concurrency, list, runPromise)
    }
  }
}

const rawUndici = (apiUrl: string): Contender => {
  const agent = new Agent()
  const headers = { accept: "application/json", authorization: `Bearer ${secret}` }
  const read = async (path: string): Promise<unknown> => {
    const { body } = await agent.request({ origin: apiUrl, path, method: "GET", headers })
    return JSON.parse(await body.text())
  }
  return ofPromises("raw", {
    get: async () => Object(await read(`/v1/sessions/${sessionId}`)).id,
    list: async () => Object(await read(`/v1/sessions?user_id=${userId}&limit=${pageSize}`)).length
  })
}

const clerkBackend = (apiUrl: string): Contender => {
  const { sessions } = createClerkClient({ secretKey: secret, apiUrl, telemetry: { disabled: true } })
  return ofPromises("clerk", {
    get: async () => (await sessions.getSession(sessionId)).id,
    list: async () => (await sessions.getSessionList({ userId, limit: pageSize })).data.length
  })
}

/** The other transports of this library that are measured. */
const transports: { readonly [K in Key]?: Layer.Layer<HttpClient.HttpClient, ClerkConfigError> } = {
  undici: Undici.layer(),
  platformUndici: NodeHttpClient.layerUndici
}

export const makeClients = (apiUrl: string): ReadonlyArray<Contender> => {
  const options = { secretKey: Redacted.make(secret), apiUrl }
  const ours = (Object.keys(names) as Array<Key>).flatMap((key) => {
    const transport = transports[key]
    return transport === undefined ? [] : [ofLayer(key, Layer.provide(ClerkHttp.layer(options), transport))]
  })
  return [rawUndici(apiUrl), clerkBackend(apiUrl), ofLayer("fetch", ClerkHttp.layerFetch(options)), ...ours]
}
