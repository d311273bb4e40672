/** The table of fingerprints: where in a file the series of a range of fingerprints lie. */
import { Corrupt } from "../model/errors.ts";
import { readSection } from "./section.ts";
import type { FingerprintRange } from "./shard.ts";

/** The references of every 1024th series and their fingerprints, ascending. */
export interface FingerprintTable {
  /** References outside [from, end) have no fingerprint in the range. */
  bounds(range: FingerprintRange): { from: number; end: number };
}

export function readFingerprints(bytes: Uint8Array, at: number): FingerprintTable {
  const cursor = readSection(bytes, at, "fingerprint table");
  const count = cursor.u32();
  if (16 * count !== cursor.left) {
    throw new Corrupt(`${count} fingerprints claimed in ${cursor.left} bytes`);
  }
  const refs: number[] = [];
  const fingerprints: bigint[] = [];
  for (let index = 0; index < count; index++) {
    refs.push(cursor.size64());
    fingerprints.push(cursor.u64());
  }
  return {
    bounds({ low, high }) {
      const first = fingerprints.findIndex((fingerprint) => fingerprint >= low);
      const before = first < 0 ? count : first;
      const after = fingerprints.findIndex((fingerprint) => fingerprint > high);
      return {
        from: before === 0 ? 0 : refs[before - 1]!,
        end: after < 0 ? Infinity : refs[after]!,
      };
    },
  };
}
