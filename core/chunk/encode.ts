/** Writes chunks from blocks that are compressed already. The bytes are drawn in FORMAT.md beside this file. */
import { crc32c } from "../bytes/crc32c.ts";
import { ByteWriter } from "../bytes/writer.ts";
import type { Encoding } from "../ports/codecs.ts";
import { CHECKSUM_SIZE, MAGIC, type WrittenFormat } from "./layout.ts";

/** A block as it will lie in the chunk, and what its meta says. */
export interface PackedBlock {
  readonly rows: number;
  readonly minTime: bigint;
  readonly maxTime: bigint;
  readonly uncompressedSize: number;
  readonly packed: Uint8Array;
}

export interface ChunkParts {
  readonly format: WrittenFormat;
  readonly encoding: Encoding;
  /** Left out in format 3. `packed` is compressed as the chunk is, or not at all in a checkpoint. */
  readonly symbols: { readonly count: number; readonly packed: Uint8Array };
  readonly blocks: readonly PackedBlock[];
}

/** Room for header, footer and the checksums of both tables, and for the meta of a block. */
const FIXED_SIZE = 64;
const META_SIZE = 64;

/** The bytes of a whole chunk. */
export function writeChunk({ format, encoding, symbols, blocks }: ChunkParts): Uint8Array {
  const size = blocks.reduce((sum, { packed }) => sum + packed.length + META_SIZE, 0);
  const out = new ByteWriter(FIXED_SIZE + symbols.packed.length + size);
  out.u32(MAGIC);
  out.u8(format);
  out.u8(encoding);
  const symbolsAt = out.size;
  if (format >= 4) {
    out.uvarint(symbols.count);
    out.raw(symbols.packed);
    closeSection(out, symbolsAt);
  }
  const symbolsEnd = out.size;

  const offsets = blocks.map(({ packed }) => {
    const offset = out.size;
    out.raw(packed);
    closeSection(out, offset);
    return offset;
  });

  const metasAt = out.size;
  out.uvarint(blocks.length);
  blocks.forEach((block, index) => {
    out.uvarint(block.rows);
    out.varint64(block.minTime);
    out.varint64(block.maxTime);
    out.uvarint(offsets[index]!);
    out.uvarint(block.uncompressedSize);
    out.uvarint(block.packed.length);
  });
  const metasSize = out.size - metasAt;
  closeSection(out, metasAt);

  if (format >= 4) {
    out.size64(symbolsEnd - symbolsAt - CHECKSUM_SIZE);
    out.size64(symbolsAt);
    out.size64(metasSize);
  }
  out.size64(metasAt);
  return out.view();
}

function closeSection(out: ByteWriter, start: number): void {
  out.u32(crc32c(out.view(start)));
}
