/**
 * Codecs with the runtime's own zlib and zstd, all synchronous: a block is small, and what a thread
 * pool costs to reach is more than what it would save. `node:zlib` is what Bun, Node and Deno share
 * (Bun's own gzip calls were measured and are no faster), so this serves all three.
 */
import * as zlib from "node:zlib";
import { withLokiHeader } from "../../core/compress/deflate.ts";
import { joined } from "../../core/compress/joined.ts";
import { type Codec, codecsOf, OWN_CODECS } from "../../core/compress/table.ts";
import { zstdFrames } from "../../core/compress/zstd.ts";
import { Corrupt, TooLarge } from "../../core/model/errors.ts";
import type { Codecs, PieceCompressor } from "../../core/ports/codecs.ts";

/** Loki's level, and its checksum. */
const ZSTD_LEVEL = 3;
const ZSTD_PARAMS = {
  [zlib.constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL,
  [zlib.constants.ZSTD_c_checksumFlag]: 1,
};

export const bunCodecs: Codecs = codecsOf(
  {
    ...OWN_CODECS,
    gzip: {
      compress: (bytes) => withLokiHeader(plain(zlib.gzipSync(bytes))),
      decompress: (bytes, sizeMax, sizeHint) =>
        gunzip(bytes, sizeMax, sizeHint, sizeToldBy(bytes, sizeMax)),
    },
    flate: {
      compress: (bytes) => plain(zlib.deflateRawSync(bytes)),
      decompress: decompressor("flate", zlib.inflateRawSync),
    },
    zstd: {
      compress: (bytes) =>
        bytes.length === 0 ? bytes : plain(zlib.zstdCompressSync(bytes, { params: ZSTD_PARAMS })),
      decompress: (bytes, sizeMax, sizeHint) => {
        // Bun gives what there is of a frame that is cut short, without an error.
        zstdFrames(bytes, sizeMax);
        return unzstd(bytes, sizeMax, sizeHint);
      },
    },
  },
  gzipPieces,
);

const gunzip = decompressor("gzip", zlib.gunzipSync);
const unzstd = decompressor("zstd", zlib.zstdDecompressSync);

/** The only part that is not synchronous: files are large, and other work goes on meanwhile. */
function gzipPieces(): PieceCompressor {
  const gzip = zlib.createGzip({ chunkSize: 64 * 1024 });
  // Kept as they come: a buffer that grows would be copied over and over.
  const pieces: Uint8Array[] = [];
  let size = 0;
  const done = new Promise<void>((resolve, reject) => {
    gzip.on("data", (piece: Uint8Array) => {
      pieces.push(piece);
      size += piece.length;
    });
    gzip.on("end", resolve);
    gzip.on("error", reject);
  });
  // Whoever writes sees the same failure.
  done.catch(() => {});
  return {
    write: (piece) =>
      new Promise((resolve, reject) => {
        gzip.write(piece, (error) => (error ? reject(error) : resolve()));
      }),
    finish: async () => {
      gzip.end();
      await done;
      return withLokiHeader(plain(joined(pieces, size)));
    },
  };
}

type Decompress = (
  bytes: Uint8Array,
  options: { maxOutputLength: number; chunkSize: number },
) => Uint8Array;

type Decompressor = (
  ...args: [...Parameters<Codec["decompress"]>, chunkSize?: number]
) => Uint8Array;

function decompressor(name: string, decompress: Decompress): Decompressor {
  return (bytes, sizeMax, sizeHint, chunkSize = bufferSize(bytes.length, sizeHint)) => {
    try {
      // zlib stops at maxOutputLength with an error; a limit of 0 it refuses to take.
      return plain(decompress(bytes, { maxOutputLength: Math.max(1, sizeMax), chunkSize }));
    } catch (error) {
      const over = error instanceof Error && "code" in error && error.code === TOO_LARGE;
      const what = `${name} data of ${bytes.length} bytes`;
      if (over) throw new TooLarge(`${what} holds over ${sizeMax} bytes`, { cause: error });
      throw new Corrupt(`${what} is damaged`, { cause: error });
    }
  };
}

const TOO_LARGE = "ERR_BUFFER_TOO_LARGE";

/** A buffer that takes the text in one go, most times: that is half again as fast as many small ones. */
function bufferSize(packed: number, hint = 6 * packed): number {
  return Math.min(Math.max(Math.ceil(1.25 * hint), 4096), 1 << 20);
}

/** Deflate never makes more of a byte. */
const INFLATED_MAX = 1032;
const TOLD_MAX = 64 << 20;

/**
 * A buffer for what a gzip member tells of its size in its last bytes, when that can be: an index file
 * then takes the memory of its text once, not twice and in pieces. Some bytes are to spare, for zlib
 * asks for more when a buffer is full.
 */
function sizeToldBy(bytes: Uint8Array, sizeMax: number): number | undefined {
  if (bytes.length < 20) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.getUint32(bytes.length - 4, true);
  const possible = size <= Math.min(sizeMax, TOLD_MAX, INFLATED_MAX * bytes.length);
  return possible && size > 1 << 16 ? size + 64 : undefined;
}

/** The same bytes without Buffer's own `slice` and `subarray`. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
