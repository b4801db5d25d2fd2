/** Makes many calls in concurrent loops. Each loop waits for one call before it makes the next. */
import * as Effect from "effect/Effect"

/** Makes `calls` calls and returns the value of the last one. */
export type Run = (calls: number) => Promise<unknown>

/** For functions that return promises. */
export const promisesIn =
  (concurrency: number, call: () => Promise<unknown>): Run =>
  async (calls) => {
    const loop = async () => {
      let found: unknown
      for (let made = 0; made < calls / concurrency; made++) found = await call()
      return found
    }
    const found = await Promise.all(Array.from({ length: concurrency }, loop))
    return found[0]
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
      let found: A | undefined
      const loop = Effect.whileLoop({
        while: () => made < calls / concurrency,
        body: call,
        step: (answer) => {
          found = answer
          made++
        }
      })
      return Effect.map(loop, () => found)
    })
    const side = Effect.all(
      Array.from({ length: concurrency }, () => loop),
      { concurrency: "unbounded" }
    )
    return run(Effect.map(side, ([found]) => found))
  }
