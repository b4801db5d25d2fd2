/** Makes many calls in concurrent loops. Each loop waits for one call before it makes the next. */
import * as Effect from "effect/Effect"

/** Makes `calls` calls and returns the value of the last one. */
export type Run = (calls: number) => Promise<unknown>

/** For functions that return promises. */
export const promisesIn =
  (concurrency: number, call: () => Promise<unknown>): Run =>
  async (calls) => {
    const loop = async () => {
      let last: unknown
      for (let made = 0; made < calls / concurrency; made++) last = await call()
      return last
    }
    const values = await Promise.all(Array.from({ length: concurrency }, loop))
    return values[0]
  }

/** For effects, with the same loops inside one program that `run` starts. */
export const effectsIn =
  <A, E, R>(
    concurrency: number,
    call: () => Effect.Effect<A, E, R>,
    run: (program: Effect.Effect<unknown, E, R>) => Promise<unknown>
  ): Run =>
  (calls) => {
    const loop = Effect.suspend(() => {
      let made = 0
      let last: A | undefined
      const loop = Effect.whileLoop({
        while: () => made < calls / concurrency,
        body: call,
        step: (value) => {
          last = value
          made++
        }
      })
      return Effect.map(loop, () => last)
    })
    const all = Effect.all(
      Array.from({ length: concurrency }, () => loop),
      { concurrency: "unbounded" }
    )
    return run(Effect.map(all, ([last]) => last))
  }
