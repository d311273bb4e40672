/** Chance from the system. */
import type { Random } from "../../core/ports/clock.ts";

export const systemRandom: Random = {
  int: (low, high) => low + Math.floor(Math.random() * (high - low)),
  bytes,
};

/** What one call of getRandomValues may fill. */
const FILL_SIZE_MAX = 65_536;

function bytes(size: number): Uint8Array {
  const out = new Uint8Array(size);
  for (let at = 0; at < size; at += FILL_SIZE_MAX) {
    crypto.getRandomValues(out.subarray(at, at + FILL_SIZE_MAX));
  }
  return out;
}
