/**
 * Measures the verification of session tokens by this library, by its peers and by WebCrypto alone. One follows the
 * other, round after round, in one process. Started by `run.ts` like `calls.ts`.
 */
import { verifyToken } from "@clerk/backend"
import * as Effect from "effect/Effect"
import { SessionTokens, SigningKeys } from "effect-clerk"
import { importSPKI, jwtVerify } from "jose"
import type { Key, Reading } from "./clients.js"
import { effectsIn, promisesIn, type Run } from "./concurrency.js"
import { countKeyRequests } from "./herd.js"
import { sampleInTurns } from "./sample.js"
import { nextToken, party, pem, tokens, tokenUser } from "./tokens.js"

export interface VerifyResults {
  readonly readings: ReadonlyArray<Reading>
  /** The key fetches of many concurrent verifications without a cached key. */
  readonly keyRequests: { readonly ours: number; readonly clerk: number }
}

const [rounds = "1", calls = "100", warmUps = "1"] = process.argv.slice(2)

// First, before any client has a key.
const keyRequests = await countKeyRequests()

const options = { authorizedParties: [party] }
const key = await importSPKI(pem, "RS256")
const ours = (cache?: SessionTokens.CacheOptions) =>
  Effect.runPromise(Effect.provide(SessionTokens.verifier({ ...options, cache }), SigningKeys.layerPem(pem)))
const verify = await ours()
const verifySeen = await ours({ capacity: tokens.length })

const tokenAt = (index: number): string => tokens[index] ?? ""

/** The signed text and the signature, prepared in advance. This is the minimum cost of a verification. */
const signed = tokens.map((token) => {
  const dot = token.lastIndexOf(".")
  return {
    data: new TextEncoder().encode(token.slice(0, dot)),
    signature: new Uint8Array(Buffer.from(token.slice(dot + 1), "base64url"))
  }
})

const subtle = async (): Promise<unknown> => {
  const { data, signature } = signed[nextToken()] ?? { data: new Uint8Array(), signature: new Uint8Array() }
  return (await crypto.subtle.verify("RSASSA-PKCS1-v1_5", key, signature, data)) ? tokenUser : undefined
}

const jose = async (): Promise<unknown> =>
  (await jwtVerify(tokenAt(nextToken()), key, { algorithms: ["RS256"] })).payload.sub

const clerk = async (): Promise<unknown> =>
  (await verifyToken(tokenAt(nextToken()), { jwtKey: pem, ...options })).sub

/** Verifies the next token. */
const userBy = (verifier: typeof verify) => () =>
  Effect.map(verifier(tokenAt(nextToken())), ({ userId }): string => userId)

type Contender = readonly [by: Key, runIn: (concurrency: number) => Run, work: "verify" | "verify again"]

const ofPromises = (by: Key, call: () => Promise<unknown>): Contender => [
  by,
  (concurrency) => promisesIn(concurrency, call),
  "verify"
]

/** This library in both forms: a separate program for each token, and one running program for all. */
const ofOurs = (verifier: typeof verify, work: Contender[2]): ReadonlyArray<Contender> => {
  const user = userBy(verifier)
  return [
    ["verifyRun", (concurrency) => promisesIn(concurrency, () => Effect.runPromise(user())), work],
    ["verifyFiber", (concurrency) => effectsIn(concurrency, user, Effect.runPromise), work]
  ]
}

const clients: ReadonlyArray<Contender> = [
  ofPromises("subtle", subtle),
  ofPromises("jose", jose),
  ofPromises("clerk", clerk),
  ...ofOurs(verify, "verify"),
  ...ofOurs(verifySeen, "verify again")
]

/** A cached token takes so little time that many are needed to measure it. */
const callsOf = (work: Contender[2]): number => Math.ceil(Number(calls) / 16) * (work === "verify" ? 16 : 320)

const subjects = clients.flatMap(([by, runIn, work]) =>
  [1, 16].map((concurrency) => ({ by, work, concurrency, run: runIn(concurrency), calls: callsOf(work) }))
)

for (const { by, run, calls } of subjects) {
  const found = await run(1)
  if (found !== tokenUser) throw new Error(`${by} found ${found}, and not ${tokenUser}`)
  await run(calls * Number(warmUps))
}

const readings: ReadonlyArray<Reading> = (await sampleInTurns(subjects, Number(rounds))).map(
  ({ subject: { by, work, concurrency }, cpu, wall }) => ({ by, work, concurrency, cpu, wall })
)
const results: VerifyResults = { readings, keyRequests }
process.stdout.write(JSON.stringify(results), () => process.exit(0))
