import * as Layer from "effect/Layer"
import { FetchHttpClient } from "#test/http.js"

/** The arguments of `fetch`. */
export interface FetchCall {
  readonly url: string
  readonly method: string
  readonly headers: { readonly [name: string]: string }
  readonly body: string
  readonly redirect: string | undefined
}

/** A `fetch` that responds with `answer` and records its arguments. */
export const recordingFetch = (answer: (call: FetchCall) => Response | Promise<Response>) => {
  const calls: Array<FetchCall> = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const call = {
      url: input instanceof Request ? input.url : String(input),
      method: init?.method ?? "GET",
      headers: Object.fromEntries(new Headers(init?.headers)),
      body: init?.body instanceof Uint8Array ? new TextDecoder().decode(init.body) : String(init?.body ?? ""),
      redirect: init?.redirect
    }
    calls.push(call)
    return answer(call)
  }
  return { calls, layer: Layer.succeed(FetchHttpClient.Fetch, fetch) }
}

export const jsonResponse = (
  body: unknown,
  status = 200,
  headers: { readonly [name: string]: string } = {}
): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } })
