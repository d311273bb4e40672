/**
 * How many different texts came by, in bounded memory: exactly up to a number of them, beyond that by
 * HyperLogLog (Flajolet and others, 2007) with 2^14 registers, whose error is 0.8 %.
 */

const EXACT_MAX = 4096;
const INDEX_BITS = 14;
const REGISTERS = 1 << INDEX_BITS;
/** The constant of the estimate for many registers. */
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS);

export class DistinctCount {
  #exact: Set<string> | undefined = new Set();
  #registers: Uint8Array | undefined;

  add(text: string): void {
    if (this.#exact === undefined) {
      this.#note(text);
      return;
    }
    this.#exact.add(text);
    if (this.#exact.size <= EXACT_MAX) return;
    const texts = this.#exact;
    this.#exact = undefined;
    for (const known of texts) this.#note(known);
  }

  /** Whether `count` is the number itself and no estimate. */
  get isExact(): boolean {
    return this.#exact !== undefined;
  }

  count(): number {
    if (this.#exact !== undefined) return this.#exact.size;
    let [sum, zeros] = [0, 0];
    for (const rank of this.#registers!) {
      sum += 2 ** -rank;
      if (rank === 0) zeros++;
    }
    const estimate = (ALPHA * REGISTERS * REGISTERS) / sum;
    // While registers are empty, counting those is closer.
    if (estimate <= 2.5 * REGISTERS && zeros > 0)
      return Math.round(REGISTERS * Math.log(REGISTERS / zeros));
    return Math.round(estimate);
  }

  #note(text: string): void {
    const registers = (this.#registers ??= new Uint8Array(REGISTERS));
    const index = hash(text, 0x811c9dc5) >>> (32 - INDEX_BITS);
    const rank = Math.clz32(hash(text, 0x9747b28c)) + 1;
    if (rank > registers[index]!) registers[index] = rank;
  }
}

/** FNV-1a over UTF-16 units, then the finish of MurmurHash3, which spreads the bits. */
function hash(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
