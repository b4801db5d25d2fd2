/** Counts the key fetches of many concurrent verifications, before any key is known. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { verifyToken } from "@clerk/backend"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import { ClerkHttp, SessionTokens, SigningKeys } from "effect-clerk"
import { keySet, party, tokens } from "./tokens.js"

export interface KeyFetches {
  readonly ours: number
  readonly official: number
}

const verifications = 1_000
const secret = "sk_test_benchmark"

type Verify = (token: string) => Promise<unknown>

const fetchesOf = async (make: (apiUrl: string) => Promise<Verify>): Promise<number> => {
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
  await Promise.all(
    Array.from({ length: verifications }, (_, index) => verify(tokens[index % tokens.length] ?? ""))
  )
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

const official = async (apiUrl: string): Promise<Verify> => {
  const options = { secretKey: secret, apiUrl, authorizedParties: [party] }
  return (token) => verifyToken(token, options)
}

/** Only valid in a process without a cached key. */
export const countKeyFetches = async (): Promise<KeyFetches> => ({
  ours: await fetchesOf(ours),
  official: await fetchesOf(official)
})
