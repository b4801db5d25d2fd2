/** The clients that get and list sessions. Each `get` returns the session's id, each `list` the number of sessions. */
import { createClerkClient } from "@clerk/backend"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, Sessions } from "effect-clerk"
import * as Undici from "effect-clerk/Undici"
import { Agent } from "undici"
import { effectTasks, promiseTask, type Task } from "./tasks.js"
import { pageSize, sessionId, userId } from "./wire.js"
import type { Transport } from "./works.js"

interface Calls {
  readonly get: () => Promise<unknown>
  readonly list: () => Promise<unknown>
}

const secret = "sk_test_benchmark"

const official = (apiUrl: string): Calls => {
  const { sessions } = createClerkClient({ secretKey: secret, apiUrl, telemetry: { disabled: true } })
  return {
    get: async () => (await sessions.getSession(sessionId)).id,
    list: async () => (await sessions.getSessionList({ userId, limit: pageSize })).data.length
  }
}

/** The floors send the same requests as this library, header for header, and only parse the responses. */
const floorOf = (read: (path: string) => Promise<unknown>): Calls => ({
  get: async () => Object(await read(`/v1/sessions/${sessionId}`)).id,
  list: async () =>
    Object(await read(`/v1/sessions?user_id=${userId}&limit=${pageSize}&paginated=true`)).data.length
})

const headers = {
  accept: "application/json",
  "user-agent": "effect-clerk/0.0.0",
  authorization: `Bearer ${secret}`,
  "clerk-api-version": "2026-05-12"
}

const undici = (apiUrl: string): Calls => {
  const agent = new Agent()
  const all = { ...headers, "accept-encoding": "gzip, br" }
  return floorOf(async (path) => {
    const { body } = await agent.request({ origin: apiUrl, path, method: "GET", headers: all })
    return JSON.parse(await body.text())
  })
}

/** Every call passes a signal, as a client with timeouts must. */
const bareFetch = (apiUrl: string): Calls =>
  floorOf(async (path) => {
    const { signal } = new AbortController()
    const response = await fetch(apiUrl + path, { headers, redirect: "manual", signal })
    return JSON.parse(await response.text())
  })

const get = () => Effect.map(Sessions.get(sessionId), ({ id }): string => id)
const list = () => Effect.map(Sessions.list({ userId, limit: pageSize }), ({ data }) => data.length)

/** The floor, this library and the official client, over one transport. */
const tasksOver = (
  transport: Transport,
  floor: Calls,
  layer: Layer.Layer<ClerkHttp, unknown>,
  clerk: Calls,
  calls: number
): ReadonlyArray<Task> => {
  const { runPromise } = ManagedRuntime.make(layer)
  const gets = { work: `get over ${transport}`, expected: sessionId, calls } as const
  const lists = { work: `list over ${transport}`, expected: pageSize, calls: Math.ceil(calls / 10) } as const
  return [
    promiseTask(gets, "floor", floor.get),
    ...effectTasks(gets, ["fiber", "each"], get, runPromise),
    promiseTask(gets, "official", clerk.get),
    promiseTask(lists, "floor", floor.list),
    ...effectTasks(lists, ["fiber", "each"], list, runPromise),
    promiseTask(lists, "official", clerk.list)
  ]
}

export const requestTasks = (transport: Transport, apiUrl: string, calls: number): ReadonlyArray<Task> => {
  const options = { secretKey: Redacted.make(secret), apiUrl }
  const clerk = official(apiUrl)
  return transport === "undici"
    ? tasksOver(
        "undici",
        undici(apiUrl),
        Layer.provide(ClerkHttp.layer(options), Undici.layer()),
        clerk,
        calls
      )
    : tasksOver("fetch", bareFetch(apiUrl), ClerkHttp.layerFetch(options), clerk, calls)
}
