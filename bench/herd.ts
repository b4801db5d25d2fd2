/** Counts the key fetches when many tokens are verified concurrently before any key is known. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { verifyToken } from "@clerk/backend"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, SessionTokens, SigningKeys } from "effect-clerk"
import { keySet, party, tokens } from "./tokens.js"

export const herdSize = 1_000

const secret = "sk_test_benchmark"

type Verify = (token: string) => Promise<unknown>

const requestsOf = async (make: (apiUrl: string) => Promise<Verify>): Promise<number> => {
  let requests = 0
  const server = createServer((_, response) => {
    requests++
    response.writeHead(200, { "content-type": "application/json" })
    response.end(keySet)
  })
  await once(server.listen(0, "127.0.0.1"), "listening")
  // A server on a TCP port has an address of this form.
  const { port } = server.address() as AddressInfo
  const verify = await make(`http://127.0.0.1:${port}`)
  const herd = Array.from({ length: herdSize }, (_, index) => verify(tokens[index % tokens.length] ?? ""))
  await Promise.all(herd)
  server.closeAllConnections()
  server.close()
  return requests
}

const ours = async (apiUrl: string): Promise<Verify> => {
  const http = ClerkHttp.layerFetch({ secretKey: Redacted.make(secret), apiUrl })
  const runtime = ManagedRuntime.make(Layer.provide(SigningKeys.layerJwks, http))
  const verify = await runtime.runPromise(SessionTokens.verifier({ authorizedParties: [party] }))
  return (token) => runtime.runPromise(verify(token))
}

const clerks =
  (apiUrl: string): Verify =>
  (token) =>
    verifyToken(token, { secretKey: secret, apiUrl, authorizedParties: [party] })

/** Each runs in a process without a cached key. */
export const countKeyRequests = async () => ({
  ours: await requestsOf(ours),
  clerk: await requestsOf(async (apiUrl) => clerks(apiUrl))
})
