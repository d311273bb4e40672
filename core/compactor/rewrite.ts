/** A chunk without the lines that delete requests take: the same format and encoding, another key. */
import { crc32c } from "../bytes/crc32c.ts";
import { ChunkBuilder } from "../chunk/builder.ts";
import { readBlock, readSymbols, readTable } from "../chunk/decode.ts";
import { encodeObject } from "../chunk/object.ts";
import type { DeleteCounts, StreamDeletes } from "../deletes/filter.ts";
import type { Block } from "../model/block.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { msCeilOf, msOf } from "../model/time.ts";
import type { Codecs } from "../ports/codecs.ts";
import type { ChunkPlace, ChunkStore } from "../store/chunks.ts";
import { kbOf } from "../store/weigh.ts";

export type Rewritten =
  | { readonly kind: "same" }
  | { readonly kind: "gone"; readonly counts: DeleteCounts }
  | {
      readonly kind: "rewritten";
      readonly counts: DeleteCounts;
      readonly ref: ChunkRef;
      readonly object: Uint8Array;
    };

/**
 * Reads a chunk and leaves out what the requests take. The same chunk and requests give the same bytes,
 * so work that is repeated after a kill finds its own objects. Corrupt when a part of the chunk cannot be
 * read: then nothing is left out.
 */
export async function rewriteChunk(
  place: ChunkPlace,
  deletes: StreamDeletes,
  parts: { readonly chunks: ChunkStore; readonly codecs: Codecs; readonly signal?: AbortSignal },
): Promise<Rewritten> {
  const { codecs } = parts;
  const object = await parts.chunks.get(place, parts.signal);
  // Gone are its lines too.
  if (object === undefined) return { kind: "same" };
  const table = readTable(object.chunk);
  // Fast path: the times of the blocks are finer than those of the index.
  const isTouched = table.blocks.some(({ minTime, maxTime }) => deletes.touches(minTime, maxTime));
  if (!isTouched) return { kind: "same" };

  const symbols = await readSymbols(object.chunk, table, codecs);
  const counts: DeleteCounts = new Map();
  const blocks: Block[] = [];
  for (const meta of table.blocks) {
    const block = await readBlock(object.chunk, table, meta, symbols, codecs);
    const rest = deletes.touches(meta.minTime, meta.maxTime) ? deletes.apply(block, counts) : block;
    if (rest.rows > 0) blocks.push(rest);
  }
  if (counts.size === 0) return { kind: "same" };
  if (blocks.length === 0) return { kind: "gone", counts };

  const builder = new ChunkBuilder({
    format: table.format >= 4 ? 4 : 3,
    encoding: table.encoding,
    blockSize: Number.POSITIVE_INFINITY,
    targetSize: 0,
    codecs,
  });
  for (const block of blocks) {
    for (let row = 0; row < block.rows; row++) builder.append(block, row);
    builder.cut();
  }
  const chunk = await builder.close();
  const { minTime, maxTime } = builder.bounds();
  const [fromMs, throughMs] = [msOf(minTime), msCeilOf(maxTime)];
  const bytes = encodeObject({ ...object, fromMs, throughMs, chunk });
  const ref: ChunkRef = {
    fromMs,
    throughMs,
    checksum: crc32c(bytes),
    kb: kbOf(builder.uncompressedSize),
    entries: builder.rows,
  };
  return { kind: "rewritten", counts, ref, object: bytes };
}
