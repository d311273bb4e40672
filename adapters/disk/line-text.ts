/**
 * Files and standard input as texts with lines. A plain file is read where it lies, piece by piece.
 * A compressed file or a stream has no pieces to go back to, so it is held in memory, within a bound.
 */
import { type FileHandle, open } from "node:fs/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { LimitExceeded } from "../../core/model/errors.ts";

/** Decompressed bytes of one file, or bytes of standard input, that are held at most. */
export const HELD_BYTES_MAX = 2 * 2 ** 30;

/** The bytes of a text by range; `close` when done. */
export interface TextBytes {
  readonly size: number;
  /** Unix milliseconds of the last change. */
  readonly modifiedMs: number;
  read(from: number, to: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

const MAGIC = { gzip: [0x1f, 0x8b], zstd: [0x28, 0xb5, 0x2f, 0xfd] } as const;

/** Opens a file; what begins like gzip or zstd is decompressed, whatever its name. */
export async function openText(path: string): Promise<TextBytes> {
  const file = await open(path);
  const { size, mtimeMs } = await file.stat();
  const head = new Uint8Array(4);
  await file.read(head, 0, 4, 0);
  const begins = (magic: readonly number[]) => magic.every((byte, index) => head[index] === byte);
  if (!begins(MAGIC.gzip) && !begins(MAGIC.zstd)) return fileBytes(file, size, mtimeMs);
  const unpack = begins(MAGIC.gzip) ? createGunzip() : createZstdDecompress();
  const source = file.createReadStream({ start: 0 });
  source.on("error", (error) => unpack.destroy(error));
  return await holdText(source.pipe(unpack), { name: path, modifiedMs: mtimeMs });
}

/** Reads a stream to its end and holds it. */
export async function holdText(
  source: AsyncIterable<Uint8Array>,
  { name, modifiedMs }: { name: string; modifiedMs: number },
): Promise<TextBytes> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of source) {
    size += piece.length;
    if (size > HELD_BYTES_MAX) {
      throw new LimitExceeded(
        "held bytes",
        `${name} has more than ${HELD_BYTES_MAX} bytes, the most that is held of a stream or compressed file: unpack it to a file first`,
      );
    }
    pieces.push(piece);
  }
  return {
    size,
    modifiedMs,
    read: async (from, to) => pieceRange(pieces, from, to),
    close: async () => {},
  };
}

function fileBytes(file: FileHandle, size: number, modifiedMs: number): TextBytes {
  return {
    size,
    modifiedMs,
    read: async (from, to) => {
      const bytes = new Uint8Array(to - from);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
      return bytes.subarray(0, bytesRead);
    },
    close: () => file.close(),
  };
}

function pieceRange(pieces: readonly Uint8Array[], from: number, to: number): Uint8Array {
  const out = new Uint8Array(to - from);
  let start = 0;
  for (const piece of pieces) {
    const end = start + piece.length;
    if (end > from && start < to) {
      const [first, last] = [Math.max(from - start, 0), Math.min(to - start, piece.length)];
      out.set(piece.subarray(first, last), start + first - from);
    }
    if (end >= to) break;
    start = end;
  }
  return out;
}
