/** What proves that bytes arrived as they were sent: their size, CRC-32C and MD5. */
import { crc32c } from "../bytes/crc32c.ts";
import { toBase64, toHex } from "../bytes/text.ts";
import { md5 } from "./md5.ts";
import { DAMAGED, NO_ANSWER, S3Failure } from "./s3-failure.ts";
import type { Found, Part, Written } from "./s3-wire.ts";

/** The metadata in which an object of parts carries the CRC-32C of the whole, in base64. */
export const WHOLE_CRC = "lokits-crc32c";

const MD5_HEX = /^[0-9a-f]{32}$/;

export function crcBase64(bytes: Uint8Array): string {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, crc32c(bytes));
  return toBase64(out);
}

export function partOf(bytes: Uint8Array): Part {
  return { bytes, md5: toBase64(md5(bytes)), crc32c: crcBase64(bytes) };
}

export interface WantedRange {
  readonly offset: number;
  readonly size: number;
}

/**
 * Checks answers of one service. Most give the MD5 of an object as its ETag, which nobody promised:
 * an ETag is taken for proof from the first time that one agrees with the bytes.
 */
export class Integrity {
  #etagsAreMd5 = false;

  /** The bytes asked for, or S3Failure. */
  read(found: Found, range?: WantedRange): Uint8Array {
    checkSize(found);
    if (found.range === undefined) {
      this.#checkWhole(found);
      // A server may answer a range with the whole.
      return range === undefined
        ? found.bytes
        : found.bytes.slice(range.offset, range.offset + range.size);
    }
    checkRange(found, range);
    return found.bytes;
  }

  /** `etag` is that of an object or part that the service wrote. */
  written(part: Part, { etag }: Written, opaqueEtag: boolean): void {
    if (etag === undefined || opaqueEtag || !MD5_HEX.test(etag)) return;
    const sent = hexOfBase64(part.md5);
    if (etag === sent) this.#etagsAreMd5 = true;
    else if (this.#etagsAreMd5) {
      throw damaged(`the service wrote bytes with MD5 ${etag}, sent were ${sent}`);
    }
  }

  #checkWhole({ bytes, crc32c: sentCrc, metadata, etag, opaqueEtag }: Found): void {
    const wanted = sentCrc ?? metadata[WHOLE_CRC];
    if (wanted !== undefined) {
      const crc = crcBase64(bytes);
      if (crc !== wanted)
        throw damaged(`${bytes.length} bytes have CRC-32C ${crc}, want ${wanted}`);
      return;
    }
    if (etag === undefined || opaqueEtag || !MD5_HEX.test(etag)) return;
    const sum = toHex(md5(bytes));
    if (sum === etag) this.#etagsAreMd5 = true;
    else if (this.#etagsAreMd5) {
      throw damaged(`${bytes.length} bytes have MD5 ${sum}, want ${etag}`);
    }
  }
}

function checkSize({ bytes, size }: Found): void {
  if (size !== undefined && size !== bytes.length) {
    const text = `got ${bytes.length} of ${size} bytes`;
    throw new S3Failure("IncompleteBody", NO_ANSWER, text);
  }
}

function checkRange({ bytes, range: given }: Found, wanted: WantedRange | undefined): void {
  const parts = given?.match(/^bytes (\d+)-(\d+)\/(\d+|\*)$/);
  const [first, last] = [Number(parts?.[1]), Number(parts?.[2])];
  const total = parts?.[3] === "*" ? Number.POSITIVE_INFINITY : Number(parts?.[3]);
  const end = Math.min((wanted?.offset ?? 0) + (wanted?.size ?? 0), total);
  if (wanted?.offset !== first || last + 1 !== end || bytes.length !== end - first) {
    const asked = wanted === undefined ? "all" : `${wanted.size} bytes at ${wanted.offset}`;
    const text = `asked for ${asked}, got ${bytes.length} as "${given}"`;
    throw new S3Failure("IncompleteBody", NO_ANSWER, text);
  }
}

function damaged(text: string): S3Failure {
  return new S3Failure(DAMAGED, NO_ANSWER, text);
}

function hexOfBase64(text: string): string {
  let hex = "";
  for (const char of atob(text)) hex += char.charCodeAt(0).toString(16).padStart(2, "0");
  return hex;
}
