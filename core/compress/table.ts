/** The codecs of every encoding as one table, and the portable floor of the Codecs port. */
import { Corrupt, Unavailable } from "../model/errors.ts";
import {
  type Codecs,
  ENCODINGS,
  type Encoding,
  type EncodingName,
  type PieceCompressor,
} from "../ports/codecs.ts";
import { deflate, gzipPieces, inflate } from "./deflate.ts";
import { type Lz4BlockId, lz4Frame, lz4Unframe } from "./lz4.ts";
import { snappyFrame, snappyUnframe } from "./snappy-frame.ts";
import { zstdDecode } from "./zstd.ts";

/** One encoding. What `Codecs` promises of errors, bounds and empty input holds of the two functions. */
export interface Codec {
  compress(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** The input is never empty. The hint is what the text may be near, if anything is known. */
  decompress(
    bytes: Uint8Array,
    sizeMax: number,
    sizeHint?: number,
  ): Uint8Array | Promise<Uint8Array>;
}

/** The encodings that are ours on every runtime. */
export const OWN_CODECS = {
  none: { compress: (bytes) => bytes, decompress: bounded },
  snappy: { compress: snappyFrame, decompress: snappyUnframe },
  "lz4-64k": lz4(4),
  "lz4-256k": lz4(5),
  "lz4-1M": lz4(6),
  lz4: lz4(7),
} satisfies Partial<Record<EncodingName, Codec>>;

/** What runs on anything with web streams: gzip and deflate are asynchronous, zstd is read only. */
export const portableCodecs: Codecs = codecsOf(
  {
    ...OWN_CODECS,
    gzip: webStream("gzip"),
    flate: webStream("deflate-raw"),
    zstd: {
      compress: () => {
        throw new Unavailable("zstd is written by the runtime's codec");
      },
      decompress: zstdDecode,
    },
  },
  gzipPieces,
);

/** Makes the port of a full table and of what compresses in pieces. */
export function codecsOf(
  table: Readonly<Record<EncodingName, Codec>>,
  gzip: () => PieceCompressor,
): Codecs {
  const byNumber: Codec[] = [];
  for (const [name, codec] of Object.entries(table)) {
    byNumber[ENCODINGS[name as EncodingName]] = codec;
  }
  const find = (encoding: Encoding): Codec => {
    const codec = byNumber[encoding];
    if (codec === undefined) throw new Corrupt(`chunk encoding ${encoding} is not known`);
    return codec;
  };
  return {
    compress: (encoding, bytes) => find(encoding).compress(bytes),
    decompress: (encoding, bytes, { sizeMax, sizeHint }) => {
      const codec = find(encoding);
      // Some encodings write nothing for nothing, and no decoder wants to be asked about nothing.
      return bytes.length === 0 ? bytes : codec.decompress(bytes, sizeMax, sizeHint);
    },
    gzip,
  };
}

function lz4(blockId: Lz4BlockId): Codec {
  return { compress: (bytes) => lz4Frame(bytes, blockId), decompress: lz4Unframe };
}

function webStream(format: "gzip" | "deflate-raw"): Codec {
  return {
    compress: (bytes) => deflate(format, bytes),
    decompress: (bytes, sizeMax) => inflate(format, bytes, sizeMax),
  };
}

function bounded(bytes: Uint8Array, sizeMax: number): Uint8Array {
  if (bytes.length > sizeMax) throw new Corrupt(`${bytes.length} bytes stored, limit ${sizeMax}`);
  return bytes;
}
