/** Sizes of what a push brings. Lines are counted by bucket in one pass, so that a line costs next to nothing. */
import type { PushStream } from "../model/push.ts";
import type { Meter } from "../ports/meter.ts";
import { metadataBytes } from "./stream-rows.ts";

/** Bounds are powers of eight: bucket b has the sizes up to 8^b, the last one all above. */
const BUCKETS = 9;

export function observeLineSizes(meter: Meter, streams: readonly PushStream[]): void {
  const counts = new Float64Array(BUCKETS);
  const sums = new Float64Array(BUCKETS);
  for (const { rows } of streams) {
    const { starts, ends } = rows;
    for (let row = 0; row < rows.rows; row++) {
      const size = ends[row]! - starts[row]!;
      // Three bits a power: sizes of 9 to 64 are the numbers 8 to 63, which have four to six bits.
      const bucket =
        size <= 1 ? 0 : Math.min(BUCKETS - 1, Math.ceil((32 - Math.clz32(size - 1)) / 3));
      counts[bucket]!++;
      sums[bucket]! += size;
    }
  }
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const count = counts[bucket]!;
    // The mean of a bucket's sizes lies in the bucket, and the sum stays what it is.
    if (count > 0) meter.observe("loki_bytes_per_line", sums[bucket]! / count, undefined, count);
  }
}

/** Bytes of the names and values of structured metadata. */
export function metadataSize(streams: readonly PushStream[]): number {
  let bytes = 0;
  for (const { rows } of streams) {
    if (rows.metadata === undefined) continue;
    for (let row = 0; row < rows.rows; row++) bytes += metadataBytes(rows.metadata, row);
  }
  return bytes;
}
