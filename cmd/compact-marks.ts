/** The chunks that the compactor has marked: no index should name them any more, and it will delete them. */
import type { ChunkName } from "../core/chunk/keys.ts";
import { decodeMarks } from "../core/compactor/marks.ts";
import { MARKS } from "../core/compactor/places.ts";
import { Corrupt } from "../core/model/errors.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";

export async function* marksOf(store: ObjectStore): AsyncGenerator<ChunkName> {
  for await (const { key } of store.list(MARKS)) {
    const bytes = await store.get(key);
    if (bytes === undefined) continue;
    try {
      yield* decodeMarks(bytes);
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error;
      console.error(`lokits compact: ${key}: ${error.message}`);
    }
  }
}
