/**
 * Measures the verification of session tokens: by this library, by others, and the signature alone. Started by
 * `run.ts` with the number of rounds, the number of calls in each, and the number of warm-up rounds.
 */
import { constants, createPublicKey, verify as verifySignature } from "node:crypto"
import { verifyToken } from "@clerk/backend"
import * as Effect from "effect/Effect"
import { SessionTokens, SigningKeys } from "effect-clerk"
import { importSPKI, jwtVerify } from "jose"
import { countKeyFetches, type KeyFetches } from "./keyFetches.js"
import { measure } from "./measure.js"
import type { Reading } from "./readings.js"
import { effectTasks, promiseTask } from "./tasks.js"
import { nextToken, party, pem, tokens, tokenUser } from "./tokens.js"

export interface VerifyResults {
  readonly readings: ReadonlyArray<Reading>
  readonly keyFetches: KeyFetches
}

const [rounds = 1, calls = 100, warmUps = 1] = process.argv.slice(2).map(Number)

// First, before any client has a key.
const keyFetches = await countKeyFetches()

const options = { authorizedParties: [party] }
const verifier = (cache?: SessionTokens.CacheOptions) =>
  Effect.runPromise(Effect.provide(SessionTokens.verifier({ ...options, cache }), SigningKeys.layerPem(pem)))
const verify = await verifier()
const verifyCached = await verifier({ capacity: tokens.length })

const token = (): string => tokens[nextToken()] ?? ""

/** The signed text and the signature, prepared in advance. */
const prepared = tokens.map((token) => {
  const dot = token.lastIndexOf(".")
  return {
    data: new TextEncoder().encode(token.slice(0, dot)),
    signature: new Uint8Array(Buffer.from(token.slice(dot + 1), "base64url"))
  }
})

const signed = () => prepared[nextToken()] ?? { data: new Uint8Array(), signature: new Uint8Array() }

const publicKey = { key: createPublicKey(pem), padding: constants.RSA_PKCS1_PADDING }
const floor = async (): Promise<unknown> => {
  const { data, signature } = signed()
  return verifySignature("RSA-SHA256", data, publicKey, signature) ? tokenUser : undefined
}

const cryptoKey = await importSPKI(pem, "RS256")
const subtle = async (): Promise<unknown> => {
  const { data, signature } = signed()
  const isValid = await crypto.subtle.verify("RSASSA-PKCS1-v1_5", cryptoKey, signature, data)
  return isValid ? tokenUser : undefined
}

const jose = async (): Promise<unknown> =>
  (await jwtVerify(token(), cryptoKey, { algorithms: ["RS256"] })).payload.sub

const official = async (): Promise<unknown> => (await verifyToken(token(), { jwtKey: pem, ...options })).sub

const userBy = (verifyOne: typeof verify) => () =>
  Effect.map(verifyOne(token()), ({ userId }): string => userId)

const verification = { work: "verify", expected: tokenUser, calls } as const
/** A cached token takes so little time that many are needed to measure it. */
const cached = { ...verification, calls: calls * 20 }

const tasks = [
  promiseTask(verification, "floor", floor),
  ...effectTasks(verification, ["fiber", "each"], userBy(verify), Effect.runPromise),
  promiseTask(verification, "subtle", subtle),
  promiseTask(verification, "jose", jose),
  promiseTask(verification, "official", official),
  ...effectTasks(cached, ["cachedFiber", "cachedEach"], userBy(verifyCached), Effect.runPromise)
]

const results: VerifyResults = { readings: await measure(tasks, rounds, warmUps), keyFetches }
process.stdout.write(JSON.stringify(results), () => process.exit(0))
