/** A stored chunk taken apart for those who mend buckets: every part is proven, and what it weighs is reckoned as its ingester did. */
import { crc32c } from "../bytes/crc32c.ts";
import { utf8Size } from "../bytes/text.ts";
import {
  type BlockMeta,
  type ChunkTable,
  readBlock,
  readSymbols,
  readTable,
} from "../chunk/decode.ts";
import { PAIR_SIZE } from "../chunk/layout.ts";
import { type ChunkObject, openObject } from "../chunk/object.ts";
import type { Block } from "../model/block.ts";
import type { ChunkRef } from "../model/chunk-ref.ts";
import { Corrupt } from "../model/errors.ts";
import type { Codecs } from "../ports/codecs.ts";
import { kbOf } from "../store/weigh.ts";

export interface OpenChunk extends ChunkObject {
  /** CRC-32C of the whole object. */
  readonly checksum: number;
  readonly table: ChunkTable;
  readonly symbols: readonly string[];
  /** UTF-8 bytes of the symbols. */
  readonly symbolBytes: number;
}

/** Reads all but the blocks. Corrupt when any of that is damaged. */
export async function openChunk(bytes: Uint8Array, codecs: Codecs): Promise<OpenChunk> {
  const object = openObject(bytes);
  const table = readTable(object.chunk);
  const symbols = await readSymbols(object.chunk, table, codecs);
  const symbolBytes = symbols.reduce((sum, symbol) => sum + utf8Size(symbol), 0);
  return { ...object, checksum: crc32c(bytes), table, symbols, symbolBytes };
}

/** One block, its rows held against what its meta says. Corrupt when they disagree. */
export async function openBlock(
  { chunk, table, symbols }: OpenChunk,
  meta: BlockMeta,
  codecs: Codecs,
): Promise<Block> {
  const read = readBlock(chunk, table, meta, symbols, codecs);
  const block = read instanceof Promise ? await read : read;
  // Rows from before 1970 are counted and not stored, so only a whole block can be weighed.
  const weight = weightOf(block);
  if (table.format >= 3 && block.rows === meta.rows && weight !== meta.uncompressedSize) {
    throw new Corrupt(
      `block at ${meta.offset} has ${weight} bytes, its meta ${meta.uncompressedSize}`,
    );
  }
  return block;
}

/** What the index says of a chunk. Chunks of formats 1 and 2 do not say what they weigh: their blocks are read. */
export async function refOf(chunk: OpenChunk, codecs: Codecs): Promise<ChunkRef> {
  const { fromMs, throughMs, checksum, table } = chunk;
  let [entries, bytes] = [0, chunk.symbolBytes];
  for (const meta of table.blocks) {
    entries += meta.rows;
    bytes +=
      table.format >= 3 ? meta.uncompressedSize : weightOf(await openBlock(chunk, meta, codecs));
  }
  return { fromMs, throughMs, checksum, kb: kbOf(bytes), entries };
}

/** Bytes of lines, and eight a pair of metadata. */
function weightOf({ rows, starts, ends, metadata }: Block): number {
  let bytes = 0;
  for (let row = 0; row < rows; row++) bytes += ends[row]! - starts[row]!;
  return bytes + (metadata === undefined ? 0 : (PAIR_SIZE * metadata.pairs.length) / 2);
}
