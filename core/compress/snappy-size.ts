/** How much a raw snappy block says it holds: a varint of at most 32 bits before the elements. */
import { Corrupt } from "../model/errors.ts";

/** The declared size, and where the elements start. */
export function readBlockSize(
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
): { size: number; at: number } {
  let size = 0;
  let scale = 1;
  for (let at = start; at < end && at < start + 5; ) {
    const byte = bytes[at++]!;
    size += (byte & 0x7f) * scale;
    if (byte < 0x80 && size < 2 ** 32) return { size, at };
    scale *= 128;
  }
  throw new Corrupt(`snappy block of ${end - start} bytes does not start with its size`);
}
