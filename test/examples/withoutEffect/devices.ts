import { Effect, type Layer, ManagedRuntime, Stream } from "effect"
import {
  type ClerkConfigError,
  ClerkError,
  ClerkHttp,
  RequestPolicy,
  type Session,
  Sessions
} from "effect-clerk"

/** What the rest of the program catches. */
export class DevicesUnavailable extends Error {
  readonly canRetry: boolean

  constructor(thrown: unknown) {
    super(ClerkError.from(thrown)?.message ?? String(thrown), { cause: thrown })
    this.name = "DevicesUnavailable"
    this.canRetry = ClerkError.isRetryable(thrown)
  }
}

/** A plain class: its methods return promises and throw errors. */
export class Devices {
  readonly #runtime: ManagedRuntime.ManagedRuntime<ClerkHttp, ClerkConfigError>

  constructor(clerk: Layer.Layer<ClerkHttp, ClerkConfigError> = ClerkHttp.layerDefault) {
    this.#runtime = ManagedRuntime.make(clerk)
  }

  /** Returns the session, or `undefined` when Clerk has none with this id. */
  async find(sessionId: string): Promise<Session | undefined> {
    try {
      return await this.#runtime.runPromise(Sessions.get(sessionId))
    } catch (thrown) {
      if (ClerkError.hasCode(thrown, "resource_not_found")) return undefined
      throw new DevicesUnavailable(thrown)
    }
  }

  /** Ends every session of the user that is not over, and returns how many there were. */
  async signOutEverywhere(userId: string, signal?: AbortSignal): Promise<number> {
    const signOut = Sessions.stream({ userId }).pipe(
      Stream.filter(({ status }) => status === "active" || status === "pending"),
      Stream.runCollect, // every page before the first revocation, which may shift the pages
      Effect.tap((open) =>
        Effect.forEach(
          open,
          ({ id }) => Sessions.revoke(id).pipe(Effect.catchTag("ClerkNotFound", () => Effect.void)),
          { concurrency: 5, discard: true }
        )
      ),
      Effect.map((open) => Array.from(open).length),
      RequestPolicy.deadline("1 minute")
    )
    try {
      return await this.#runtime.runPromise(signOut, { signal })
    } catch (thrown) {
      throw new DevicesUnavailable(thrown)
    }
  }

  /** Returns whether the session is active, by the errors in the type instead of `catch`. */
  isActive(sessionId: string): Promise<boolean> {
    return this.#runtime.runPromise(
      Sessions.get(sessionId).pipe(
        Effect.map(({ status }) => status === "active"),
        Effect.catchTag("ClerkNotFound", () => Effect.succeed(false))
      )
    )
  }

  close(): Promise<void> {
    return this.#runtime.dispose()
  }
}
