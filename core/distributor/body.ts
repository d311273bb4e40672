/** From the body of a push request to raw streams: decompressing, then the decoder that its type asks for. */
import { snappyDecodeBlock } from "../compress/snappy.ts";
import { readBlockSize } from "../compress/snappy-size.ts";
import { quote } from "../golang/quote.ts";
import { BadRequest, Corrupt, LimitExceeded, TooLarge } from "../model/errors.ts";
import { type Codecs, ENCODINGS, type Encoding } from "../ports/codecs.ts";
import { decodeJson } from "./decode-json.ts";
import { decodeProto } from "./decode-proto.ts";
import { parseMediaType } from "./media-type.ts";
import type { RawStream } from "./raw-stream.ts";

export interface PushBody {
  /** Ours from here on: lines are unescaped in place, and rows are views of it. */
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly contentEncoding: string;
  /** Called when so many more bytes are held for this push; may throw. */
  readonly hold?: (bytes: number) => void;
}

/** Loki's own bound on a decompressed push: what passes it gets Loki's text for it. */
const LOKI_SIZE_MAX = 2_147_483_647;

/** Snappy's densest form is a copy of 64 bytes in three, so more than this was never compressed. */
const SNAPPY_RATIO_MAX = 22;

/** Throws BadRequest on what is no push, LimitExceeded (413) on what is larger than `sizeMax` bytes. */
export async function readBody(
  body: PushBody,
  codecs: Codecs,
  sizeMax: number,
): Promise<RawStream[]> {
  const type = parseMediaType(body.contentType);
  const bytes = await unpack(body, codecs, sizeMax);
  if (type === "application/json") return decodeJson(bytes);
  return decodeProto(unpackSnappy(bytes, sizeMax, body.hold));
}

async function unpack(body: PushBody, codecs: Codecs, sizeMax: number): Promise<Uint8Array> {
  const { bytes, contentEncoding } = body;
  switch (contentEncoding) {
    case "":
    case "snappy": // Snappy belongs to the protobuf form and is undone there.
      return bytes;
    case "gzip":
    case "deflate":
      if (bytes.length === 0) throw new BadRequest("EOF");
      return await decompressBody(body, codecs, sizeMax);
    default:
      throw new BadRequest(`Content-Encoding ${quote(contentEncoding)} not supported`);
  }
}

const BODY_ENCODINGS: Readonly<Record<string, Encoding>> = {
  gzip: ENCODINGS.gzip,
  deflate: ENCODINGS.flate,
  zstd: ENCODINGS.zstd,
  lz4: ENCODINGS.lz4,
};

/** Undoes one of the encodings that bodies have. */
export async function decompressBody(
  { bytes, contentEncoding, hold }: PushBody,
  codecs: Codecs,
  sizeMax: number,
): Promise<Uint8Array> {
  try {
    const unpacked = await codecs.decompress(BODY_ENCODINGS[contentEncoding]!, bytes, { sizeMax });
    hold?.(unpacked.length);
    return unpacked;
  } catch (error) {
    if (error instanceof TooLarge) throw tooLarge(`over ${sizeMax}`, sizeMax);
    if (!(error instanceof Corrupt)) throw error;
    throw new BadRequest(wordsOf(contentEncoding, bytes, error), { cause: error });
  }
}

/** Bytes of a gzip header without what may follow its flags. */
const GZIP_HEADER = 10;

/** Go's words, as far as it can be told what is wrong; those of others show the codec's. */
function wordsOf(encoding: string, bytes: Uint8Array, error: Corrupt): string {
  if (encoding !== "gzip" && encoding !== "deflate") return `${encoding} body: ${error.message}`;
  const isGzip = encoding === "gzip";
  if (isGzip && bytes.length < GZIP_HEADER) return "unexpected EOF";
  if (isGzip && !(bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8)) {
    return "gzip: invalid header";
  }
  return isCut(error.cause) ? "unexpected EOF" : `${encoding} body: ${error.message}`;
}

/** Whether a decompressor wanted more than there was: by zlib's code, or by what Bun's streams say. */
function isCut(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  const code = "code" in cause ? cause.code : undefined;
  return code === "Z_BUF_ERROR" || /unexpected end of file/.test(cause.message);
}

function tooLarge(size: number | string, sizeMax: number): LimitExceeded {
  return new LimitExceeded(
    "max_decompressed_size",
    `request body too large: ${size} bytes decompressed, limit ${sizeMax} (distributor.max_decompressed_size)`,
    { status: 413 },
  );
}

function unpackSnappy(bytes: Uint8Array, sizeMax: number, hold: PushBody["hold"]): Uint8Array {
  try {
    const { size } = readBlockSize(bytes);
    if (size > LOKI_SIZE_MAX) {
      throw new BadRequest(`received message larger than max (${size} vs ${LOKI_SIZE_MAX})`);
    }
    if (size > bytes.length * SNAPPY_RATIO_MAX) throw new BadRequest("snappy: corrupt input");
    if (size > sizeMax) throw tooLarge(size, sizeMax);
    hold?.(size);
    return snappyDecodeBlock(bytes, sizeMax);
  } catch (error) {
    if (!(error instanceof Corrupt)) throw error;
    throw new BadRequest("snappy: corrupt input", { cause: error });
  }
}
