/**
 * Gzip and raw deflate by the streams that every runtime of the web has. They are slow for small
 * blocks: where a runtime has a synchronous zlib, its adapter takes that.
 */
import { Corrupt, TooLarge } from "../model/errors.ts";
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
  const reader = transform.readable.getReader();
  const feeding = feed(transform.writable.getWriter(), bytes);
  // The reader sees the same failure. Without this, the second sight of it would be unhandled.
  feeding.catch(() => {});
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > sizeMax) {
      await reader.cancel();
      throw new TooLarge(`${bytes.length} bytes hold over ${sizeMax}`);
    }
    pieces.push(value);
  }
  await feeding;
  return joined(pieces, size);
}

async function feed(writer: WritableStreamDefaultWriter<BufferSource>, bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += PIECE_SIZE) {
    await writer.write(bytes.subarray(at, at + PIECE_SIZE) as Uint8Array<ArrayBuffer>);
  }
  await writer.close();
}
