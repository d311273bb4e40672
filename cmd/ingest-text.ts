/** Files and standard input as pieces of bytes, read once and never held: compressed ones are unpacked on the way. */
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";

export interface TextPieces {
  /** Bytes of the file as it lies; undefined for a stream. */
  readonly size: number | undefined;
  /** Unix milliseconds of the last change. */
  readonly modifiedMs: number;
  readonly pieces: AsyncIterable<Uint8Array>;
}

const MAGIC = { gzip: [0x1f, 0x8b], zstd: [0x28, 0xb5, 0x2f, 0xfd] } as const;
const PIECE_BYTES = 1 << 20;

/** Opens a file; what begins like gzip or zstd is unpacked, whatever its name. */
export async function openPieces(path: string): Promise<TextPieces> {
  const file = await open(path);
  const { size, mtimeMs } = await file.stat();
  const head = new Uint8Array(4);
  await file.read(head, 0, 4, 0);
  const begins = (magic: readonly number[]) => magic.every((byte, index) => head[index] === byte);
  const source = file.createReadStream({ start: 0, highWaterMark: PIECE_BYTES });
  const unpack = begins(MAGIC.gzip)
    ? createGunzip()
    : begins(MAGIC.zstd)
      ? createZstdDecompress()
      : undefined;
  if (unpack === undefined) return { size, modifiedMs: mtimeMs, pieces: source };
  source.on("error", (error) => unpack.destroy(error));
  return { size: undefined, modifiedMs: mtimeMs, pieces: source.pipe(unpack) };
}

export function streamPieces(stream: Readable): TextPieces {
  return { size: undefined, modifiedMs: Date.now(), pieces: stream };
}
