import type { Change } from "./change.js"

/*
 * The revoked sessions and held users that one process knows. Times are epoch milliseconds of the clock here. A token's
 * expiry is compared with the same clock, so an entry outlives every token that it denies.
 */

/** How long entries live, in milliseconds. */
export interface Lifetimes {
  /** Of a revoked session, and of a cutoff: the longest lifetime of a token, and the longest skew of the clocks. */
  readonly entry: number
  /** Of a hold that nobody releases. */
  readonly hold: number
}

/** A user whose tokens are denied. */
interface Hold {
  /** Until then every token is denied. */
  readonly heldUntil: number
  /** Tokens issued up to this time are denied until `until`. */
  readonly cutoff: number
  readonly until: number
}

/** A map whose entries end. They are removed by the part of time in which they end, without a look at the others. */
class Ending<Value> {
  readonly #values = new Map<string, Value>()
  readonly #endOf: (value: Value) => number
  readonly #partMillis: number
  /** The keys by the part of time in which they end. A key whose end moved is in several parts. */
  readonly #parts = new Map<number, Array<string>>()
  #sweptAt = 0

  constructor(endOf: (value: Value) => number, partMillis: number) {
    this.#endOf = endOf
    this.#partMillis = partMillis
  }

  get size(): number {
    return this.#values.size
  }

  get(key: string): Value | undefined {
    return this.#values.get(key)
  }

  set(key: string, value: Value, now: number): void {
    this.sweep(now)
    const before = this.#values.get(key)
    this.#values.set(key, value)
    const part = this.#partOf(value)
    if (before !== undefined && this.#partOf(before) === part) return
    const keys = this.#parts.get(part)
    if (keys === undefined) this.#parts.set(part, [key])
    else keys.push(key)
  }

  /** Removes what ended in the parts of time that are over. Looks at them once for each part of time. */
  sweep(now: number): void {
    const current = Math.floor(now / this.#partMillis)
    if (current === this.#sweptAt) return
    this.#sweptAt = current
    for (const [part, keys] of this.#parts) {
      if (part >= current) continue
      this.#parts.delete(part)
      for (const key of keys) {
        const value = this.#values.get(key)
        if (value !== undefined && this.#endOf(value) <= now) this.#values.delete(key)
      }
    }
  }

  entries(): MapIterator<[string, Value]> {
    return this.#values.entries()
  }

  #partOf(value: Value): number {
    return Math.floor(this.#endOf(value) / this.#partMillis)
  }
}

/** A job's clock may be ahead. A cutoff beyond this time is an error, and would deny tokens of later sign-ins. */
const maxAheadMillis = 300_000

/** The claims of a token that decide whether it is denied. */
export interface DeniedClaims<Instant> {
  readonly sessionId: string
  readonly userId: string
  readonly issuedAt: Instant
}

/** The revoked sessions and the held users. */
export class Denials {
  readonly #lifetimes: Lifetimes
  readonly #sessions: Ending<number>
  readonly #users: Ending<Hold>

  constructor(lifetimes: Lifetimes) {
    this.#lifetimes = lifetimes
    // Few parts, because each sweep passes over all of them.
    const partMillis = Math.max(1000, Math.ceil(this.longest / 64))
    this.#sessions = new Ending((until) => until, partMillis)
    this.#users = new Ending(({ heldUntil, until }) => Math.max(heldUntil, until), partMillis)
  }

  /** The longest time that an entry lives, in milliseconds. */
  get longest(): number {
    return Math.max(this.#lifetimes.entry, this.#lifetimes.hold)
  }

  /** The number of sessions and users. Entries that ended a moment ago may count. */
  get size(): number {
    return this.#sessions.size + this.#users.size
  }

  /** Returns whether a token is denied: two look-ups. */
  has<Instant>(
    { issuedAt, sessionId, userId }: DeniedClaims<Instant>,
    epochMillis: (instant: Instant) => number,
    now: number
  ): boolean {
    const until = this.#sessions.get(sessionId)
    if (until !== undefined && until > now) return true
    const hold = this.#users.get(userId)
    if (hold === undefined) return false
    return hold.heldUntil > now || (hold.until > now && epochMillis(issuedAt) <= hold.cutoff)
  }

  /**
   * Applies a change that is received now. The age counts for holds only: a process that starts must not prolong the hold
   * of a dead job. A revoked session never comes back, so its entry may live longer.
   */
  apply(change: Change, now: number, ageMillis = 0): void {
    switch (change.type) {
      case "revoke": {
        const until = now + Math.min(Math.max(change.ttl, this.#lifetimes.entry), this.longest)
        for (const id of change.ids) {
          this.#sessions.set(id, Math.max(this.#sessions.get(id) ?? 0, until), now)
        }
        return
      }
      case "hold": {
        const heldUntil = now + Math.min(change.ttl, this.#lifetimes.hold) - Math.max(0, ageMillis)
        const cutoff = Math.min(change.cutoff, now + maxAheadMillis)
        for (const id of change.ids) {
          const before = this.#users.get(id)
          this.#users.set(
            id,
            {
              heldUntil: Math.max(before?.heldUntil ?? 0, heldUntil),
              cutoff: before !== undefined && before.until > now ? Math.max(before.cutoff, cutoff) : cutoff,
              until: now + this.#lifetimes.entry
            },
            now
          )
        }
        return
      }
      case "release":
        for (const id of change.ids) {
          const before = this.#users.get(id)
          if (before !== undefined) this.#users.set(id, { ...before, heldUntil: 0 }, now)
        }
    }
  }

  /** Removes what has ended. */
  sweep(now: number): void {
    this.#sessions.sweep(now)
    this.#users.sweep(now)
  }

  /**
   * Returns the changes that make another process know what this one knows, without the ids that it knows already.
   * Sessions whose entries end within the same second share a change.
   */
  changes(now: number, isKnown: (id: string) => boolean): ReadonlyArray<Change> {
    const groups = new Map<number, Array<string>>()
    for (const [id, until] of this.#sessions.entries()) {
      if (until <= now || isKnown(id)) continue
      const ttl = Math.ceil((until - now) / 1000) * 1000
      const group = groups.get(ttl)
      if (group === undefined) groups.set(ttl, [id])
      else group.push(id)
    }
    const revoked = [...groups].map(([ttl, ids]): Change => ({ type: "revoke", ids, ttl }))
    const held = [...this.#users.entries()].flatMap(
      ([id, { cutoff, heldUntil }]): ReadonlyArray<Change> =>
        heldUntil <= now || isKnown(id) ? [] : [{ type: "hold", ids: [id], ttl: heldUntil - now, cutoff }]
    )
    return [...revoked, ...held]
  }
}
