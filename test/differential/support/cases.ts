import type { SeededRandom } from "../../support/random.js"

/*
 * A request as choices. The first choice of each part is the simplest one, to which a failing case shrinks. A number
 * after a choice is its weight.
 */

const tokenKinds = [
  ["valid", 6],
  ["older", 3],
  ["expired", 6],
  ["early", 1],
  ["future", 1],
  ["foreign", 0.7],
  ["other-issuer", 0.7],
  ["forged", 1],
  ["malformed", 1],
  ["template", 1],
  ["pending", 0.3],
  ["without-sid", 0.3],
  ["wrong-azp", 1]
] as const

const uats = [
  ["absent", 2],
  ["zero", 1],
  ["older", 6],
  ["equal", 2],
  ["newer", 1],
  ["garbage", 0.3]
] as const

const refreshed = [
  ["cookies", 6],
  ["suffixed", 2],
  ["code", 1],
  ["status-500", 1],
  ["reset", 1],
  ["empty", 1],
  ["unverifiable", 1],
  ["without-session", 1],
  ["pending", 0.5]
] as const

const choices = {
  keys: [
    ["production", 3],
    ["development", 2]
  ],
  method: [
    ["GET", 30],
    ["HEAD", 1],
    ["POST", 3],
    ["DELETE", 1]
  ],
  path: [
    ["/", 1],
    ["/a/b%20c?x=1&y=%20z+w", 1],
    ["/?", 0.3],
    ["//other.example.com/x", 0.3]
  ],
  destination: [
    ["document", 14],
    ["absent", 3],
    ["iframe", 1],
    ["empty", 1],
    ["image", 1]
  ],
  accept: [
    ["absent", 2],
    ["text/html,application/xhtml+xml", 2],
    ["*/*", 1],
    ["application/json", 1]
  ],
  origin: [
    ["absent", 8],
    ["own", 2],
    ["foreign", 1.5]
  ],
  authorization: [
    ["absent", 110],
    ["valid", 2],
    ["expired", 2],
    ["early", 0.5],
    ["future", 0.5],
    ["other-issuer", 0.5],
    ["forged", 0.5],
    ["malformed", 0.5],
    ["template", 0.5],
    ["pending", 0.5],
    ["without-sid", 0.5],
    ["wrong-azp", 0.5],
    ["without-scheme", 1],
    ["lower-case", 0.7],
    ["two-spaces", 0.5],
    ["other-scheme", 1],
    ["scheme-alone", 0.5],
    ["empty", 0.5]
  ],
  session: [["absent", 10], ...tokenKinds],
  secondSession: [
    ["absent", 160],
    ["valid", 1],
    ["older", 1],
    ["expired", 1],
    ["forged", 1],
    ["foreign", 1]
  ],
  suffixedSession: [["absent", 30], ...tokenKinds],
  secondSuffixedSession: [
    ["absent", 160],
    ["valid", 1],
    ["older", 1],
    ["expired", 1],
    ["forged", 1]
  ],
  uat: uats,
  suffixedUat: [["absent", 12], ...uats.slice(1)],
  refresh: [
    ["absent", 1],
    ["present", 1]
  ],
  response: refreshed,
  devBrowser: [
    ["absent", 1],
    ["plain", 4],
    ["suffixed", 2],
    ["both", 2]
  ],
  devBrowserQuery: [
    ["absent", 20],
    ["present", 1]
  ],
  handshake: [
    ["absent", 90],
    ["valid", 3],
    ["suffixed", 1],
    ["timeless", 1],
    ["expired", 0.5],
    ["template", 0.5],
    ["forged", 0.5],
    ["malformed", 0.5],
    ["without-list", 0.5],
    ["other-issuer", 0.5],
    ["foreign-names", 1],
    ["signed-out", 1],
    ["empty", 0.5],
    ["session-expired", 0.5],
    ["session-early", 0.5],
    ["session-forged", 0.5],
    ["session-pending", 0.5]
  ],
  handshakePlace: [
    ["cookie", 6],
    ["query", 1]
  ],
  nonce: [
    ["absent", 60],
    ["valid", 1],
    ["foreign-names", 0.3],
    ["signed-out", 0.3],
    ["empty", 0.3],
    ["failing", 0.5],
    ["malformed", 0.3]
  ],
  noncePlace: [
    ["cookie", 3],
    ["query", 1]
  ],
  counter: [
    ["absent", 12],
    ["1", 3],
    ["2", 1],
    ["3", 1],
    ["4", 0.2],
    ["garbage", 0.2]
  ],
  secondCounter: [
    ["absent", 120],
    ["3", 1]
  ],
  referrer: [
    ["absent", 14],
    ["own", 2],
    ["frontend-api", 1],
    ["foreign", 1]
  ],
  forwarded: [
    ["absent", 60],
    ["host", 1],
    ["scheme", 0.5]
  ],
  redirectUrl: [
    ["absent", 60],
    ["present", 1]
  ]
} as const satisfies { readonly [part: string]: ReadonlyArray<readonly [choice: string, weight: number]> }

type Part = keyof typeof choices

/** The choices of a request. */
export type Case = { readonly [P in Part]: (typeof choices)[P][number][0] }

// The keys of an object literal are those of its type.
const parts = Object.keys(choices) as ReadonlyArray<Part>

const pick = (list: ReadonlyArray<readonly [string, number]>, random: SeededRandom): string => {
  const total = list.reduce((sum, [, weight]) => sum + weight, 0)
  let left = (random.integer(1_000_000) / 1_000_000) * total
  for (const [choice, weight] of list) {
    left -= weight
    if (left < 0) return choice
  }
  throw new Error("no choice has a weight")
}

/** Each part gets one of its own choices. */
const build = (choose: (part: Part) => string): Case =>
  Object.fromEntries(parts.map((part) => [part, choose(part)])) as Case

export const randomCase = (random: SeededRandom): Case => build((part) => pick(choices[part], random))

/** A request with the given parts, some random ones, and else the simplest. */
export const randomCaseWith = (given: Partial<Case>, random: SeededRandom): Case => {
  const other = build((part) => (random.integer(10) < 3 ? pick(choices[part], random) : choices[part][0][0]))
  return { ...other, ...given }
}

export const simplest: Case = build((part) => choices[part][0][0])

/** The parts of a request that are not the simplest ones. */
export const partsOf = (given: Case): Partial<Case> =>
  Object.fromEntries(
    parts.filter((part) => given[part] !== simplest[part]).map((part) => [part, given[part]])
  )

/** Simplifies one part after the other for as long as the case fails. */
export const shrink = async (given: Case, fails: (simpler: Case) => Promise<boolean>): Promise<Case> => {
  let smallest = given
  for (let before = {}; before !== smallest; ) {
    before = smallest
    for (const part of parts) {
      const simpler = { ...smallest, [part]: simplest[part] }
      if (smallest[part] !== simplest[part] && (await fails(simpler))) smallest = simpler
    }
  }
  return smallest
}
