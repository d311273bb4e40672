/**
 * Gzip and raw deflate by the streams that every runtime of the web has. They are slow for small
 * blocks: where a runtime has a synchronous zlib, its adapter takes that.
 */

import { Corrupt, TooLarge } from "../model/errors.ts";
import type { PieceCompressor } from "../ports/codecs.ts";
import { joined } from "./joined.ts";

export type DeflateFormat = "gzip" | "deflate-raw";

/**
 * The header that Loki's gzip writer makes: a zero time of Go's, no level, system unknown. Readers
 * take any; ours is the same so that equal text has equal bytes wherever the deflate is the same.
 */
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 0x08, 0, 0, 0x09, 0x6e, 0x88, 0, 0xff);

/** Input is handed over in pieces of this: a runtime may inflate a whole piece, 1032 times its size, before we can look. */
const PIECE_SIZE = 16_384;

/** Puts Loki's header over the plain one that a gzip writer made. */
export function withLokiHeader(member: Uint8Array): Uint8Array {
  member.set(GZIP_HEADER);
  return member;
}

export async function deflate(format: DeflateFormat, bytes: Uint8Array): Promise<Uint8Array> {
  const packed = await collect(new CompressionStream(format), bytes, Number.POSITIVE_INFINITY);
  return format === "gzip" ? withLokiHeader(packed) : packed;
}

/** One member out of pieces. What the stream gives is taken while it is fed, so it never holds much. */
export function gzipPieces(): PieceCompressor {
  const { readable, writable }: Transform = new CompressionStream("gzip");
  const writer = writable.getWriter();
  const packed = taken(readable, () => {});
  // Whoever writes sees the same failure.
  packed.catch(() => {});
  return {
    // Node says that it took a piece before it has read it.
    write: (piece) => feedPieces(writer, piece.slice()),
    finish: async () => {
      await writer.close();
      return withLokiHeader(await packed);
    },
  };
}

/**
 * Corrupt on damage and as soon as the text passes `sizeMax`. Raw deflate has no checksum, and Deno
 * gives what there is when it is cut short: the checksums of chunks are what notices that.
 */
export async function inflate(
  format: DeflateFormat,
  bytes: Uint8Array,
  sizeMax: number,
): Promise<Uint8Array> {
  try {
    return await collect(new DecompressionStream(format), bytes, sizeMax);
  } catch (error) {
    if (error instanceof Corrupt) throw error;
    throw new Corrupt(`${format} data of ${bytes.length} bytes is damaged`, { cause: error });
  }
}

type Transform = ReadableWritablePair<Uint8Array, BufferSource>;

async function collect(transform: Transform, bytes: Uint8Array, sizeMax: number) {
  const feeding = feed(transform.writable.getWriter(), bytes);
  // The reader sees the same failure. Without this, the second sight of it would be unhandled.
  feeding.catch(() => {});
  const text = await taken(transform.readable, (size) => {
    if (size > sizeMax) throw new TooLarge(`${bytes.length} bytes hold over ${sizeMax}`);
  });
  await feeding;
  return text;
}

/** All that a stream gives. `check` is told the size so far, and ends the stream by throwing. */
async function taken(
  readable: ReadableStream<Uint8Array>,
  check: (size: number) => void,
): Promise<Uint8Array> {
  const reader = readable.getReader();
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joined(pieces, size);
    size += value.length;
    try {
      check(size);
    } catch (error) {
      await reader.cancel();
      throw error;
    }
    pieces.push(value);
  }
}

async function feed(writer: WritableStreamDefaultWriter<BufferSource>, bytes: Uint8Array) {
  await feedPieces(writer, bytes);
  await writer.close();
}

async function feedPieces(writer: WritableStreamDefaultWriter<BufferSource>, bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += PIECE_SIZE) {
    await writer.write(bytes.subarray(at, at + PIECE_SIZE) as Uint8Array<ArrayBuffer>);
  }
}
