import { type ClerkResponse, ClerkTransportError } from "effect-clerk"
import { ClerkTest } from "effect-clerk/testing"

/** The outcome of one request. */
export interface Outcome {
  readonly name: string
  /** How long the exchange takes. `undefined` means that it never ends. */
  readonly millis: number | undefined
  readonly result: ClerkResponse | ClerkTransportError | undefined
  /** Whether Clerk may have acted on it. */
  readonly mayHaveActed: boolean
  /** The wait that a valid `Retry-After` states. */
  readonly hintMillis: number | undefined
}

type Chance = () => number

const pick = <A>(chance: Chance, from: readonly [A, ...ReadonlyArray<A>]): A =>
  from[Math.floor(chance() * from.length)] ?? from[0]

/** The value of a `Retry-After` and its meaning. */
const retryAfters: readonly [
  readonly [string | undefined, number | undefined],
  ...ReadonlyArray<readonly [string | undefined, number | undefined]>
] = [
  [undefined, undefined],
  ["0", 0],
  ["1", 1_000],
  ["3", 3_000],
  ["20", 20_000],
  ["21", 21_000],
  ["9999999999", 9_999_999_999_000],
  ["99999999999", undefined],
  ["-1", undefined],
  ["1e3", undefined],
  ["0x10", undefined],
  ["120, 60", undefined],
  ["soon", undefined],
  ["", undefined],
  ["Thu, 01 Jan 2026 00:00:02 GMT", 2_000],
  ["Wed, 31 Dec 2025 23:59:00 GMT", 0],
  ["Fri, 31 Dec 9999 23:59:59 GMT", 251_000_000_000_000]
]

const throttling = (chance: Chance, status: number, millis: number): Outcome => {
  const [text, hintMillis] = pick(chance, retryAfters)
  const date = "Thu, 01 Jan 2026 00:00:00 GMT"
  return {
    name: `${status} ${text ?? "without Retry-After"}`,
    millis,
    result: ClerkTest.json(status, {}, text === undefined ? {} : { date, "retry-after": text }),
    mayHaveActed: status !== 429,
    hintMillis
  }
}

const answered = (status: number, body: unknown, millis: number): Outcome => ({
  name: String(status),
  millis,
  result: ClerkTest.json(status, body),
  mayHaveActed: true,
  hintMillis: undefined
})

const broken = (chance: Chance, sent: "no" | "maybe", millis: number): Outcome => {
  const reason =
    sent === "no"
      ? pick(chance, ["dns", "refused", "unreachable", "connect-timeout", "proxy"] as const)
      : pick(chance, ["reset", "closed", "incomplete-body", "response-timeout"] as const)
  return {
    name: `${reason}, sent: ${sent}`,
    millis,
    result: new ClerkTransportError({ reason, sent }),
    mayHaveActed: sent === "maybe",
    hintMillis: undefined
  }
}

/** The probability of each outcome. The rest is success. */
export interface Weather {
  readonly throttled: number
  readonly failing: number
  readonly lost: number
  readonly refused: number
  readonly hanging: number
  readonly final: number
}

const weathers: readonly [Weather, ...ReadonlyArray<Weather>] = [
  { throttled: 0.15, failing: 0.15, lost: 0.1, refused: 0.1, hanging: 0.05, final: 0.1 },
  { throttled: 0.02, failing: 0.02, lost: 0.02, refused: 0.01, hanging: 0.01, final: 0.02 },
  { throttled: 0, failing: 0.4, lost: 0.3, refused: 0.2, hanging: 0.05, final: 0.02 },
  { throttled: 0.9, failing: 0, lost: 0, refused: 0, hanging: 0, final: 0.02 },
  { throttled: 0, failing: 0, lost: 0.1, refused: 0.85, hanging: 0, final: 0 },
  { throttled: 0.1, failing: 0.1, lost: 0.3, refused: 0, hanging: 0, final: 0.4 }
]

export const weatherOf = (chance: Chance): Weather => pick(chance, weathers)

/** The outcome of the next request, of which `success` is the successful response. */
export const outcomeOf = (chance: Chance, outcomes: Weather, success: unknown): Outcome => {
  const millis = pick(chance, [0, 0, chance() * 100, chance() * 1_000, chance() * 12_000])
  let rest = chance()
  const falls = (likelihood: number) => {
    rest -= likelihood
    return rest < 0
  }
  if (falls(outcomes.throttled)) return throttling(chance, 429, millis)
  if (falls(outcomes.failing)) {
    const status = pick(chance, [408, 500, 502, 503, 503, 504, 520, 524])
    return status === 503 ? throttling(chance, 503, millis) : answered(status, {}, millis)
  }
  if (falls(outcomes.lost)) return broken(chance, "maybe", millis)
  if (falls(outcomes.refused)) return broken(chance, "no", millis)
  if (falls(outcomes.hanging)) {
    return {
      name: "silence",
      millis: undefined,
      result: undefined,
      mayHaveActed: true,
      hintMillis: undefined
    }
  }
  if (falls(outcomes.final)) return answered(pick(chance, [401, 404, 404, 409, 422, 501]), {}, millis)
  return answered(200, chance() < 0.05 ? {} : success, millis)
}
