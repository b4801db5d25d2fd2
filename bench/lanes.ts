/** Ways to make many calls: in loops side by side, each of which waits for one call before it makes the next. */
import * as Effect from "effect/Effect"

/** Makes `calls` calls and gives what the last one found. */
export type Run = (calls: number) => Promise<unknown>

/** For functions that give promises. */
export const promisesIn =
  (lanes: number, call: () => Promise<unknown>): Run =>
  async (calls) => {
    const lane = async () => {
      let found: unknown
      for (let made = 0; made < calls / lanes; made++) found = await call()
      return found
    }
    const found = await Promise.all(Array.from({ length: lanes }, lane))
    return found[0]
  }

/** For effects: the same loops inside one program, which `run` starts. */
export const effectsIn =
  <A, E, R>(
    lanes: number,
    call: () => Effect.Effect<A, E, R>,
    run: (program: Effect.Effect<unknown, E, R>) => Promise<unknown>
  ): Run =>
  (calls) => {
    const lane = Effect.suspend(() => {
      let made = 0
      let found: A | undefined
      const loop = Effect.whileLoop({
        while: () => made < calls / lanes,
        body: call,
        step: (answer) => {
          found = answer
          made++
        }
      })
      return Effect.map(loop, () => found)
    })
    const side = Effect.all(
      Array.from({ length: lanes }, () => lane),
      { concurrency: "unbounded" }
    )
    return run(Effect.map(side, ([found]) => found))
  }
