import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Stream from "effect/Stream"

/** Streams pages, of which each says where the next one starts. */
export const paginate = <S, A, E, R>(
  start: S,
  page: (at: S) => Effect.Effect<readonly [ReadonlyArray<A>, Option.Option<S>], E, R>
): Stream.Stream<A, E, R> =>
  Stream.paginateChunkEffect(start, (at) =>
    Effect.map(page(at), ([items, next]) => [Chunk.unsafeFromArray(items), next])
  )
