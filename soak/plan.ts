/** The calls of the soak, and the expected outcome of each. */
import * as Effect from "effect/Effect"
import { type ClerkHttp, Sessions } from "effect-clerk"

/** The faults of the server, with the error when every attempt meets them, and the number of attempts. */
const faults = {
  closed: { tag: "ClerkTransportError", read: 3, once: 1 },
  reset: { tag: "ClerkTransportError", read: 3, once: 1 },
  truncated: { tag: "ClerkTransportError", read: 3, once: 1 },
  unterminated: { tag: "ClerkTransportError", read: 3, once: 1 },
  protocol: { tag: "ClerkTransportError", read: 1, once: 1 },
  hang: { tag: "ClerkTimeout", read: 3, once: 1 },
  stall: { tag: "ClerkTimeout", read: 3, once: 1 },
  throttled: { tag: "ClerkRateLimited", read: 3, once: 3 },
  unavailable: { tag: "ClerkServerError", read: 3, once: 1 },
  failing: { tag: "ClerkServerError", read: 3, once: 1 },
  missing: { tag: "ClerkNotFound", read: 1, once: 1 },
  garbage: { tag: "ClerkDecodeError", read: 1, once: 1 },
  encoded: { tag: "ClerkDecodeError", read: 1, once: 1 },
  large: { tag: "ClerkDecodeError", read: 1, once: 1 }
} as const

type FaultName = keyof typeof faults

const names = Object.keys(faults) as ReadonlyArray<FaultName> // the keys of a constant
/** Faults that take a whole time limit are rare, because they slow down the soak. */
const quick = names.filter((name) => name !== "hang" && name !== "stall")

export interface Planned {
  readonly isFaulty: boolean
  /** The fault, or `interrupted`, or `none`. */
  readonly fault: string
  readonly run: Effect.Effect<unknown, unknown, ClerkHttp>
  /** Whether the outcome is the expected one. */
  readonly isRight: (result: {
    readonly tag: string
    readonly attempts: number
    readonly exhausted: boolean
  }) => boolean
}

/** Random numbers that a seed repeats (mulberry32). */
export const randomFrom = (seed: number) => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const among = <A>(values: ReadonlyArray<A>, chance: number): A | undefined =>
  values[Math.floor(chance * values.length)]

/** The call of a number: about one in ten fails, one in a hundred is interrupted. */
export const plan = (number: number, random: () => number): Planned => {
  const isFaulty = random() < 0.1
  const fault = isFaulty ? among(random() < 0.03 ? names : quick, random()) : undefined
  const place = random() < 0.8 ? "first" : "every"
  const mark = fault === undefined ? `plain-${number}` : `${fault}-${place}-${number}`
  const kind = among(["get", "get", "list", "revoke", "createToken", "create"] as const, random())
  const calls = {
    get: Sessions.get(`sess_${mark}`),
    list: Sessions.list({ userId: `user_${mark}` }),
    revoke: Sessions.revoke(`sess_${mark}`),
    createToken: Sessions.createToken(`sess_${mark}`),
    create: Sessions.create({ userId: `user_${mark}` })
  }
  const run: Effect.Effect<unknown, unknown, ClerkHttp> = calls[kind ?? "get"]
  if (fault === undefined && random() < 0.01) {
    return {
      isFaulty: true,
      fault: "interrupted",
      run: Effect.asVoid(Effect.timeoutOption(run, random() * 5)),
      isRight: ({ tag }) => tag === "value"
    }
  }
  if (fault === undefined) return { isFaulty, fault: "none", run, isRight: ({ tag }) => tag === "value" }
  const expected = faults[fault]
  const most = kind === "create" ? expected.once : expected.read
  // `list` and `create` may declare no 404. Then only the tag differs.
  const tag = expected.tag === "ClerkNotFound" && kind === "list" ? "ClerkUnexpectedStatus" : expected.tag
  return {
    isFaulty,
    fault,
    run,
    isRight: (result) => {
      if (result.exhausted) return result.tag === tag
      if (place === "first" && most > 1) return result.tag === "value"
      return result.tag === tag && result.attempts === most
    }
  }
}
