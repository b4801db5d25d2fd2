/** The calls of a client at one work. */
import type * as Effect from "effect/Effect"
import { effectsIn, promisesIn, type Run } from "./concurrency.js"
import type { Client, Concurrency, Work } from "./works.js"

export interface Task {
  readonly work: Work
  readonly client: Client
  readonly runIn: (concurrency: Concurrency) => Run
  /** The value of a call that succeeded. */
  readonly expected: unknown
  /** The number of calls in a round. */
  readonly calls: number
}

type Measured = Pick<Task, "work" | "expected" | "calls">

/** For a client that returns promises. */
export const promiseTask = (measured: Measured, client: Client, call: () => Promise<unknown>): Task => ({
  ...measured,
  client,
  runIn: (concurrency) => promisesIn(concurrency, call)
})

/** For this library in both ways: all calls in one running fiber, and one `runPromise` for each call. */
export const effectTasks = <E, R>(
  measured: Measured,
  [inFiber, each]: readonly [Client, Client],
  call: () => Effect.Effect<unknown, E, R>,
  run: (program: Effect.Effect<unknown, E, R>) => Promise<unknown>
): ReadonlyArray<Task> => [
  { ...measured, client: inFiber, runIn: (concurrency) => effectsIn(concurrency, call, run) },
  promiseTask(measured, each, () => run(call()))
]
