/** The measured works, and the clients that do each of them. */

export const transports = ["undici", "fetch"] as const

export type Transport = (typeof transports)[number]

export const works = {
  "get over undici": { title: "`Sessions.get` over undici", floor: "undici + JSON.parse" },
  "get over fetch": { title: "`Sessions.get` over fetch", floor: "fetch + JSON.parse" },
  "list over undici": { title: "`Sessions.list` of 500 over undici", floor: "undici + JSON.parse" },
  "list over fetch": { title: "`Sessions.list` of 500 over fetch", floor: "fetch + JSON.parse" },
  decode: { title: "Decoding a page of 500", floor: "JSON.parse" },
  verify: { title: "`SessionTokens.verify`", floor: "node:crypto verify" }
} as const

export type Work = keyof typeof works

// `Object.keys` returns plain strings.
export const allWorks = Object.keys(works) as ReadonlyArray<Work>

/** The clients. The floor does the least work that is possible, and depends on the work. */
const names = {
  fiber: "effect-clerk, in a fiber",
  each: "effect-clerk, `runPromise` each",
  cachedFiber: "effect-clerk, cached token, in a fiber",
  cachedEach: "effect-clerk, cached token, `runPromise` each",
  decoder: "effect-clerk's decoder",
  official: "@clerk/backend",
  subtle: "crypto.subtle.verify",
  jose: "jose.jwtVerify"
} as const

export type Client = "floor" | keyof typeof names

export const nameOf = (work: Work, client: Client): string =>
  client === "floor" ? `${works[work].floor} (floor)` : names[client]

const ours: ReadonlyArray<Client> = ["fiber", "each", "cachedFiber", "cachedEach", "decoder"]

export const isOurs = (client: Client): boolean => ours.includes(client)

export const concurrencies = [1, 16] as const

export type Concurrency = (typeof concurrencies)[number]

export const concurrencyText = (concurrency: Concurrency): string =>
  concurrency === 1 ? "one at a time" : `${concurrency} at once`
