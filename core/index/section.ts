/** Sections of an index file: a length, so many bytes, and their CRC-32C. The length itself is not covered. */
import { crc32c } from "../bytes/crc32c.ts";
import { ByteCursor } from "../bytes/cursor.ts";
import type { ByteWriter } from "../bytes/writer.ts";
import { Corrupt } from "../model/errors.ts";
import { CHECKSUM_BYTES } from "./layout.ts";

const LENGTH_BYTES = 4;

/** A cursor over the payload of the section at `at`, its checksum proven. */
export function readSection(bytes: Uint8Array, at: number, what: string): ByteCursor {
  const head = new ByteCursor(bytes, at);
  const size = head.u32();
  const start = at + LENGTH_BYTES;
  const end = start + size;
  if (end + CHECKSUM_BYTES > bytes.length) {
    throw new Corrupt(`${what} at ${at} claims ${size} bytes of a file of ${bytes.length}`);
  }
  checkSum(bytes, start, end, what);
  return new ByteCursor(bytes, start, end);
}

/** Throws Corrupt unless the four bytes at `end` are the CRC-32C of [start, end). */
export function checkSum(bytes: Uint8Array, start: number, end: number, what: string): void {
  const stored =
    ((bytes[end]! << 24) | (bytes[end + 1]! << 16) | (bytes[end + 2]! << 8) | bytes[end + 3]!) >>>
    0;
  const actual = crc32c(bytes, start, end);
  if (stored !== actual) {
    throw new Corrupt(
      `${what} at ${start}: checksum is ${stored.toString(16)}, of its bytes ${actual.toString(16)}`,
    );
  }
}

/** Writes a section whose payload `body` writes. */
export function writeSection(out: ByteWriter, body: () => void): void {
  const start = out.size;
  out.u32(0);
  body();
  out.patch32(start, out.size - start - LENGTH_BYTES);
  out.u32(crc32c(out.view(start + LENGTH_BYTES)));
}

/** Zeros up to the next multiple of `align`. */
export function pad(out: ByteWriter, align: number): void {
  out.zeros((align - (out.size % align)) % align);
}
